"""The data model: every artifact, its groups, variables, dimensions, units and ranges.

Stores are checked against this page when they are written and when they are opened, figures take their
axis labels from it, and the artifact table of the README is generated from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

FORMAT_VERSION = 1
FEATURES = "..."  # in a variable's dimensions: those of one sample, as the layer or data set has them
INPUT_FEATURES = "input_..."  # the same of the input, where layers with features of their own lie beside it
TARGET_FEATURES = "target_..."  # the same of the target: none of a class, one of a set of labels or of numbers
FEATURE_DIMS = {1: ("unit",), 2: ("height", "width"), 3: ("channel", "height", "width")}
CONVOLUTIONAL, FULLY_CONNECTED, OUTPUT = "convolutional", "fully_connected", "output"  # kinds of layers
INPUT = "input"  # where it stands among layers
ACCURACY, DETERMINATION = SCORES = "accuracy", "determination"  # of what is classified, and of continuous targets
ANY_LAYER = "*"  # in an artifact's groups: one group per layer, under the layer's name


@dataclass(frozen=True)
class Variable:
    """One variable of the data model.

    Parameters
    ----------
    dims
        Names of its dimensions, in order; `FEATURES` stands for those of one sample.
    units
        ``bits``, ``%``, or its natural unit; ``1`` for a pure number.
    long_name
        Ready for an axis.
    minimum, maximum
        Its range, as far as it is known beforehand; NaN is always allowed.
    dtype
        A NumPy type name, ``number`` for whole numbers or floating point, or ``str``.
    optional
        Whether a store may lack it.
    """

    dims: tuple[str, ...]
    units: str
    long_name: str
    minimum: float = -inf
    maximum: float = inf
    dtype: str = "float64"
    optional: bool = False


Variables = Mapping[str, Variable]
_OFFERED = {  # by kind of estimator; a renyi one that is multivariate has more
    "renyi": {"information", "error_chain", "layer_pairs", "kernel_matrices"},
    "binning": {"information", "bottleneck"},
    "kde": {"information"},
}


def estimates(estimator: Mapping[str, Any]) -> list[str]:
    """Labels of what an estimator of an experiment gives: one estimate, or an upper and a lower bound."""
    ends = ("_upper", "_lower") if estimator["kind"] == "kde" else ("",)
    return [f"{estimator['name']}{end}" for end in ends]


def offered(estimator: Mapping[str, Any]) -> set[str]:
    """What can be measured with an estimator of an experiment, by group of the summary."""
    maps = {"decomposition"} if estimator.get("joint") == "multivariate" else set()
    return maps | _OFFERED[estimator["kind"]]


@dataclass(frozen=True)
class Artifact:
    """One kind of store: where it lies under ``results/``, which stage writes it, and what is in it."""

    path: str
    stage: str
    description: str
    groups: Mapping[str, Variables] = field(default_factory=dict)


COORDINATES: Variables = {
    "variant": Variable(("variant",), "1", "Variant of the sweep", dtype="str"),
    "seed": Variable(("seed",), "1", "Seed", dtype="int64"),
    "epoch": Variable(("epoch",), "epochs", "Epoch", minimum=0),
    "step": Variable(("epoch",), "1", "Optimiser updates", minimum=0, dtype="int64"),
    "other_seed": Variable(("other_seed",), "1", "Other seed", dtype="int64"),
    "other_epoch": Variable(("other_epoch",), "epochs", "Other epoch", minimum=0),
    "layer": Variable(("layer",), "1", "Layer", dtype="str"),
    "depth": Variable(("layer",), "1", "Position in the network", minimum=1, dtype="int64"),
    "kind": Variable(("layer",), "1", "Kind of layer", dtype="str"),
    "channels": Variable(("layer",), "1", "Feature maps", minimum=1, dtype="int64"),
    "inputs": Variable(("layer",), "1", "Layers that feed it, or the input", dtype="str"),
    "dominator": Variable(("layer",), "1", "The nearest layer that all paths to it pass, or the input", dtype="str"),
    "pair": Variable(("pair",), "1", "Pair of symmetric layers, or input and output", dtype="str"),
    "first": Variable(("pair",), "1", "First of a pair", dtype="str"),
    "second": Variable(("pair",), "1", "Second of a pair", dtype="str"),
    "probe_batch": Variable(("probe_batch",), "1", "Probe batch", minimum=0, dtype="int64"),
    "dimension": Variable(("layer",), "1", "Numbers per sample", minimum=1, dtype="int64"),
    "truth": Variable(("truth",), "bits", "True mutual information", minimum=0),
    "method": Variable(("method",), "1", "Method", dtype="str"),
    "repetition": Variable(("repetition",), "1", "Repetition", minimum=0, dtype="int64"),
    "sample": Variable(("sample",), "1", "Sample", minimum=0, dtype="int64"),
    "other_sample": Variable(("other_sample",), "1", "Other sample", minimum=0, dtype="int64"),
    "estimator": Variable(("estimator",), "1", "Estimator", dtype="str"),
    "about": Variable(("about",), "1", "What the information is about", dtype="str"),
    "beta": Variable(("beta",), "1", "Inverse slope of the bottleneck curve, β", minimum=0),
    "split": Variable(("split",), "1", "Split", dtype="str"),
    "control": Variable(("control",), "1", "Control", dtype="str"),
}

_PROBE = ("seed", "estimator", "split", "epoch", "probe_batch")
_LAYER = ("seed", "estimator", "control", "split", "epoch", "layer", "probe_batch")
_PAIR = ("seed", "estimator", "control", "split", "epoch", "pair", "probe_batch")
_KERNEL = ("seed", "estimator", "split", "epoch", "layer", "probe_batch")
_ABOUT = (*_LAYER, "about")


_CURVE = (*_PROBE, "beta")


def _bits(long_name: str, dims: tuple[str, ...], minimum: float = -inf) -> Variable:
    return Variable(dims, "bits", long_name, minimum=minimum)


TRAINING: Variables = {
    "loss": Variable(("seed", "epoch", "split"), "nats", "Cross-entropy loss", minimum=0),
    ACCURACY: Variable(("seed", "epoch", "split"), "1", "Accuracy", 0, 1, optional=True),
    DETERMINATION: Variable(("seed", "epoch", "split"), "1", "R²", maximum=1, optional=True),
    "gradient_mean_norm": Variable(
        ("seed", "epoch", "layer"), "1", "Norm of the mean gradient over mini-batches", minimum=0
    ),
    "gradient_std_norm": Variable(
        ("seed", "epoch", "layer"), "1", "Norm of the gradient's standard deviation over mini-batches", minimum=0
    ),
    "weight_norm": Variable(("seed", "epoch", "layer"), "1", "Norm of the weights", minimum=0),
    "diverged_epoch": Variable(("seed",), "epochs", "Epoch of the first loss that is not finite", minimum=0),
}

INFORMATION: Variables = {
    "entropy_input": _bits("Entropy of the input, S(X)", _PROBE, 0),
    "entropy_target": _bits("Entropy of the target, S(Y)", _PROBE, 0),
    "entropy_layer": _bits("Entropy of the layer, S(T)", _LAYER, 0),
    "joint_entropy_input_layer": _bits("Joint entropy of input and layer, S(X, T)", _LAYER, 0),
    "joint_entropy_layer_target": _bits("Joint entropy of layer and target, S(T, Y)", _LAYER, 0),
    "mutual_information_input_layer": _bits("I(X; T)", _LAYER),
    "mutual_information_layer_target": _bits("I(T; Y)", _LAYER),
    "bandwidth": Variable(_KERNEL, "1", "Kernel bandwidth of the layer", minimum=0),
    "median_distance": Variable(_KERNEL, "1", "Median distance between samples of the layer", minimum=0),
    "bandwidth_input": Variable(_PROBE, "1", "Kernel bandwidth of the input", minimum=0),
    "median_distance_input": Variable(_PROBE, "1", "Median distance between samples of the input", minimum=0),
}

DECOMPOSITION: Variables = {
    "multivariate_mutual_information": _bits("Multivariate mutual information", _ABOUT),
    "redundancy_synergy_tradeoff": _bits("Redundancy-synergy trade-off", _ABOUT),
    "weighted_nonredundant_information": _bits("Weighted non-redundant information", _ABOUT),
    "redundancy_synergy_tradeoff_percent": Variable(_ABOUT, "%", "Redundancy-synergy trade-off"),
    "weighted_nonredundant_information_percent": Variable(_ABOUT, "%", "Weighted non-redundant information"),
    "pairs_excluded": Variable(_ABOUT, "1", "Pairs of maps with at most 1e-6 bits", minimum=0),
    "degree_of_redundancy": Variable(_ABOUT, "1", "Average degree of redundancy"),
    "degree_of_vulnerability": Variable(_ABOUT, "1", "Average degree of vulnerability"),
}

ERROR_CHAIN: Variables = {
    "mutual_information_error": _bits("I(δ_K; δ_k)", _LAYER),
    "error_bandwidth": Variable(_KERNEL, "1", "Kernel bandwidth of the error", minimum=0),
    "error_median_distance": Variable(_KERNEL, "1", "Median distance between errors", minimum=0),
}

LAYER_PAIRS: Variables = {
    "entropy_input": _bits("Entropy of the input, S(X)", _PROBE, 0),
    "entropy_layer": _bits("Entropy of the layer, S(T)", _LAYER, 0),
    "joint_entropy": _bits("Joint entropy of layer and reconstruction, S(T, X′)", _ABOUT, 0),
    "joint_entropy_pair": _bits("Joint entropy of symmetric layers, S(Tₖ, Tₖ′)", _PAIR, 0),
    "mutual_information": _bits("I(T; X′)", _ABOUT),
    "mutual_information_pair": _bits("I(Tₖ; Tₖ′)", _PAIR),
}

BOTTLENECK: Variables = {
    "bottleneck_information_input": _bits("I(X; T)", _LAYER),
    "bottleneck_information_target": _bits("I(T; Y)", _LAYER),
    "bottleneck_beta": Variable(_LAYER, "1", "Inverse slope of the nearest optimal encoder, β*", minimum=0),
    "bottleneck_residual": _bits("Divergence from the nearest optimal encoder", _LAYER),
    "bottleneck_residual_floor": _bits("I(X; T | p(y|x)), the least divergence", _LAYER),
    "curve_information_input": _bits("I(X; T) on the bottleneck curve", _CURVE),
    "curve_information_target": _bits("I(T; Y) on the bottleneck curve", _CURVE),
    "curve_converged": Variable(_CURVE, "1", "Whether the iteration at this β converged", 0, 1),
    "curve_bound": _bits("I(X; Y)", _PROBE),
}

KERNEL_MATRICES: Variables = {
    "kernel": Variable((*_KERNEL, "sample", "other_sample"), "1", "Kernel between two samples", 0, 1 + 1e-9),
    "sample_class": Variable(
        ("seed", "split", "epoch", "probe_batch", "sample"), "1", "Class of the sample", minimum=0
    ),
}

_NETWORKS = ("seed", "other_seed")
WEIGHTS: Variables = {
    "weight_displacement": Variable(
        ("seed", "epoch", "other_epoch"), "1", "Displacement of the weights and biases", minimum=0
    ),
    "weight_distance": Variable(_NETWORKS, "1", "Distance between final weights and biases", minimum=0),
    "weight_distance_matched": Variable(
        _NETWORKS, "1", "Distance between final weights and biases, hidden units matched", minimum=0
    ),
}

INTRINSIC_DIMENSION: Variables = {
    "intrinsic_dimension": Variable(("method", "repetition"), "1", "Intrinsic dimension of the data set", minimum=0),
}

CALIBRATION: Variables = {
    "estimate": _bits("Estimated mutual information", ("estimator", "control", "layer", "truth", "repetition")),
    "distance": Variable(("layer",), "1", "Median distance between samples of the layer", minimum=0),
    "measured": _bits("Mutual information of the networks at the end of training", ("estimator", "control", "layer")),
}

# What may be measured of a run, each in a group of the summary.
MEASURED = ("information", "decomposition", "error_chain", "bottleneck", "kernel_matrices", "layer_pairs")

ACTIVATION_ROOT: Variables = {
    "input": Variable(("probe_batch", "sample", INPUT_FEATURES), "1", "Input", dtype="float32", optional=True),
    "target": Variable(("probe_batch", "sample", TARGET_FEATURES), "1", "Target", dtype="number"),
    "sample_index": Variable(("probe_batch", "sample"), "1", "Index in the split", minimum=0, dtype="int64"),
    "target_probability": Variable(
        ("probe_batch", "sample", "class"), "1", "Probability of each target, p(y|x)", 0, 1, optional=True
    ),
}

# Where networks are looked at while they train, the input has distances in a group of its own, as if it were a layer.
_SAMPLES = ("seed", "epoch", "probe_batch", "sample")
_PAIRS = (*_SAMPLES, "other_sample", FEATURES)
ACTIVATION_LAYER: Variables = {
    "activation": Variable((*_SAMPLES, FEATURES), "1", "Activation", dtype="float32", optional=True),
    "preactivation": Variable((*_SAMPLES, FEATURES), "1", "Net input", dtype="float32", optional=True),
    "error": Variable((*_SAMPLES, FEATURES), "1", "Back-propagated error", dtype="float32", optional=True),
    "squared_distance": Variable(
        _PAIRS, "1", "Squared distance between activations (upper triangle)", minimum=0, optional=True
    ),
    "error_squared_distance": Variable(
        _PAIRS, "1", "Squared distance between errors (upper triangle)", minimum=0, optional=True
    ),
}


def _over_runs(variables: Variables) -> dict[str, Variable]:
    """Variables of one run as the summary holds them: over variants too."""
    return {name: replace(variable, dims=("variant", *variable.dims)) for name, variable in variables.items()}


_SUMMARY = {
    "/training": _over_runs(TRAINING),
    "/information": _over_runs(INFORMATION),
    "/decomposition": _over_runs(DECOMPOSITION),
    "/error_chain": _over_runs(ERROR_CHAIN),
    "/weights": _over_runs(WEIGHTS),
    "/bottleneck": _over_runs(BOTTLENECK),
    "/kernel_matrices": _over_runs(KERNEL_MATRICES),
    "/layer_pairs": _over_runs(LAYER_PAIRS),
    "/intrinsic_dimension": _over_runs(INTRINSIC_DIMENSION),
}

ARTIFACTS: Mapping[str, Artifact] = {
    "dataset": Artifact(
        "datasets/{name}-{digest}.zarr",
        "prepare",
        "the whole data set, with the checksum of its source",
        {
            "/": {
                "input": Variable(("sample", FEATURES), "1", "Input", dtype="float32"),
                "target": Variable(("sample", TARGET_FEATURES), "1", "Target", dtype="number"),
                "target_probability": Variable(
                    ("sample", "class"), "1", "Probability of each target, p(y|x)", 0, 1, optional=True
                ),
                "split": Variable(("sample",), "1", "Split", dtype="str"),
            }
        },
    ),
    "intrinsic_dimension": Artifact(
        "datasets/dimension/{name}-{digest}.zarr",
        "intrinsic_dimension",
        "how many dimensions its samples have, by two estimators; only where asked for",
        {"/": INTRINSIC_DIMENSION},
    ),
    "checkpoints": Artifact(
        "{experiment}/runs/{run}/checkpoints",
        "train",
        "weights at the scheduled epochs, each with its SHA-256",
    ),
    "training": Artifact(
        "{experiment}/runs/{run}/training.zarr",
        "train",
        "loss, accuracy (or R²), and the gradient's mean and spread per layer",
        {"/": {**TRAINING, "train_index": Variable(("seed", "sample"), "1", "Samples trained on", dtype="int64")}},
    ),
    "activations": Artifact(
        "{experiment}/runs/{run}/activations.zarr",
        "capture",
        "activations and back-propagated errors of the probe, one group per layer; removed once measured",
        {"/": ACTIVATION_ROOT, ANY_LAYER: ACTIVATION_LAYER},
    ),
    "information": Artifact(
        "{experiment}/runs/{run}/information/{estimator}.zarr",
        "measure",
        "entropies and mutual informations of every layer",
        {"/": INFORMATION},
    ),
    "decomposition": Artifact(
        "{experiment}/runs/{run}/decomposition/{estimator}.zarr",
        "measure",
        "partial information decomposition over the feature maps of every convolution",
        {"/": DECOMPOSITION},
    ),
    "error_chain": Artifact(
        "{experiment}/runs/{run}/error_chain/{estimator}.zarr",
        "measure",
        "mutual information between the output's error and every layer's",
        {"/": ERROR_CHAIN},
    ),
    "bottleneck": Artifact(
        "{experiment}/runs/{run}/bottleneck/{estimator}.zarr",
        "measure",
        "the information-bottleneck curve, and how far layers are from it, untrained and at the last epoch",
        {"/": BOTTLENECK},
    ),
    "kernel_matrices": Artifact(
        "{experiment}/runs/{run}/kernel_matrices/{estimator}.zarr",
        "measure",
        "the kernel matrices of every layer, untrained and at the last epoch",
        {"/": KERNEL_MATRICES},
    ),
    "layer_pairs": Artifact(
        "{experiment}/runs/{run}/layer_pairs/{estimator}.zarr",
        "measure",
        "mutual information between symmetric layers, and between every layer and the output; only where asked for",
        {"/": LAYER_PAIRS},
    ),
    "weights": Artifact(
        "{experiment}/weights/{variant}.zarr",
        "weights",
        "how far a variant's networks travel while they train, and how far apart they end",
        {"/": WEIGHTS},
    ),
    "summary": Artifact(
        "{experiment}/summary.zarr",
        "aggregate",
        "all of the above over all runs, as one xarray DataTree",
        _SUMMARY,
    ),
    "claims": Artifact(
        "{experiment}/claims",
        "judge",
        "a verdict on every claim, in three forms: .json, .md, .html",
    ),
    "grid": Artifact(
        "{experiment}/sensitivity.zarr",
        "gather",
        "what conclusions are drawn from at every point of the experiment's grid, as `summary.zarr` has it",
        _SUMMARY,
    ),
    "sensitivity": Artifact(
        "{experiment}/sensitivity",
        "conclude",
        "which conclusions hold across the grid, .json, .md, .html; the information plane at every point, .svg, .png, "
        ".pdf, .csv",
    ),
    "known": Artifact(
        "{experiment}/calibration.zarr",
        "calibrate",
        "what every estimator answers to variables whose information is known",
        {"/input": CALIBRATION, "/target": CALIBRATION},
    ),
    "calibration": Artifact(
        "{experiment}/calibration",
        "read_off",
        "a page that says what an answer can mean, .html, with its figures in a folder of this name",
    ),
    "figure": Artifact(
        "{experiment}/figures/{figure}.{svg,png,pdf,csv}",
        "figures",
        "the figure in three formats, and the numbers drawn in it",
    ),
    "animation": Artifact(
        "{experiment}/animations/{figure}.{gif,html}",
        "figures",
        "the figure epoch by epoch, as a GIF and as a page with a slider",
    ),
    "explorer": Artifact(
        "{experiment}/explorer",
        "explore",
        "one page in which to play the training, every estimator, layer and seed to choose; .html, and packed as .zip",
    ),
    "report": Artifact("report.html", "report", "Snakemake's own report, every figure with its caption"),
}
