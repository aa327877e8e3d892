"""Summaries of autoencoders after Yu and Príncipe 2019 whose patterns are planted."""

import numpy as np
import xarray as xr

from infoplane import claims
from infoplane.claims import verdict

LAYERS = ["encoder1", "encoder2", "code", "decoder2", "decoder1", "output"]
PAIRS = [("input", "output"), ("encoder1", "decoder1"), ("encoder2", "decoder2")]
WIDTHS, DIMENSIONS = (2, 4, 8, 16), (3, 6)
EPOCHS = [0.0, 0.5, 1.0, 10.0]
LAST = 10.0
S_X = 6.0
METHODS = {"two_nn": 0.8, "maximum_likelihood": 1.25}  # of the dimension; their geometric mean is 1
TURN = 0.125  # of 4 bits, as share of the peak by which codes turn back where they do: half a bit


def frame(seeds=5, widths=WIDTHS, dimensions=DIMENSIONS):
    """Every coordinate of the summary, and as numbers the width, the dimension, and the place of layers and pairs."""
    points = [(width, dimension) for dimension in dimensions for width in widths]
    firsts, seconds = zip(*PAIRS, strict=True)
    own = {"variant": [f"{width} of {dimension}" for width, dimension in points]}
    return xr.Dataset(
        coords={
            **own,
            "model.code": ("variant", [str(width) for width, _ in points]),
            "dataset.dimension": ("variant", [str(dimension) for _, dimension in points]),
            "width": ("variant", [float(width) for width, _ in points]),
            "truth": ("variant", [float(dimension) for _, dimension in points]),
            "seed": range(seeds),
            "estimator": ["silverman", "tapia_estevez"],
            "split": ["train"],
            "control": ["none", "shuffled_samples"],
            "epoch": EPOCHS,
            "layer": LAYERS,
            "place": ("layer", np.arange(1.0, len(LAYERS) + 1)),
            "probe_batch": [0, 1],
            "about": ["reconstruction"],
            "pair": [", ".join(pair) for pair in PAIRS],
            "inwards": ("pair", np.arange(float(len(PAIRS)))),
            "first": (("variant", "pair"), [firsts] * len(points)),
            "second": (("variant", "pair"), [seconds] * len(points)),
            "depth": (("variant", "layer"), [np.arange(1.0, len(LAYERS) + 1)] * len(points)),
            "kind": (("variant", "layer"), [["fully_connected"] * 5 + ["output"]] * len(points)),
            "dominator": (("variant", "layer"), [["input", *LAYERS[:-1]]] * len(points)),
            "method": list(METHODS),
            "bias": ("method", list(METHODS.values())),
            "repetition": range(3),
        }
    )


def curve(f, share):
    """I(X; Z) that rises from 2 to 4 bits, and falls at the end by a share of these."""
    return 4 * (1 - 0.5 * (f["epoch"] == 0) - share * (f["epoch"] == LAST))


def turning(f, share):
    """I(X; T) that falls by half a bit a layer up to the code, and is the same behind it."""
    return curve(f, share) + 0.5 * np.maximum(3 - f["place"], 0)


def wide(f):
    return f["width"] > f["truth"]


def with_one(f):
    """With one estimator, and with the samples in their places."""
    return (f["estimator"] == "silverman") * (f["control"] == "none")


DEFAULTS = {
    # wide codes turn back, with one estimator
    "mutual_information_input_layer": lambda f: turning(f, TURN * wide(f) * with_one(f)),
    "entropy_input": lambda f: S_X + 0 * f["seed"],
    "mutual_information_error": lambda f: 1 + 0.5 * f["place"],
    "error_bandwidth": lambda f: 0.1 + 0 * f["place"],
    "error_median_distance": lambda f: 0.5 + 0 * f["place"],
    # grows by half a bit a pair inwards, with the samples in their places
    "mutual_information_pair": lambda f: 1 + 0.5 * f["inwards"] * xr.where(f["control"] == "none", 1, -1),
    "entropy_layer": lambda f: 4 + 0 * f["place"],
    # what the code knows of the reconstruction: 4 bits, and nothing untrained
    "mutual_information": lambda f: 4.0 * (f["epoch"] > 0) + 0 * f["place"],
    "intrinsic_dimension": lambda f: f["truth"] * f["bias"],
}
LAYERED = ("variant", "seed", "estimator", "control", "split", "epoch", "layer", "probe_batch")
PAIRED = tuple("pair" if dim == "layer" else dim for dim in LAYERED)
PROBED = ("variant", "seed", "estimator", "split", "epoch", "probe_batch")
KERNEL = tuple(dim for dim in LAYERED if dim != "control")
DIMS = {
    "information": {"mutual_information_input_layer": LAYERED, "entropy_input": PROBED},
    "error_chain": {
        "mutual_information_error": LAYERED,
        **dict.fromkeys(("error_bandwidth", "error_median_distance"), KERNEL),
    },
    "layer_pairs": {
        "mutual_information_pair": PAIRED,
        "entropy_layer": LAYERED,
        "mutual_information": (*LAYERED, "about"),
    },
    "intrinsic_dimension": {"intrinsic_dimension": ("variant", "method", "repetition")},
}
OF_LAYERS, OF_PAIRS = ("kind", "depth", "dominator"), ("first", "second")


def summary(f=None, *, experiment=None, **plants):
    """A summary with every claim's effect planted, unless a variable is replaced."""
    f = frame() if f is None else f
    tree = {}
    for group, variables in DIMS.items():
        data = xr.Dataset()
        for name, dims in variables.items():
            values = (plants.get(name) or DEFAULTS[name])(f)
            zeros = xr.DataArray(0.0, {dim: f[dim].values for dim in dims}, dims)
            data[name] = (values.drop_vars(set(values.coords) - set(dims)) + zeros).transpose(*dims)
        places = (*(OF_LAYERS if "layer" in data.dims else ()), *(OF_PAIRS if "pair" in data.dims else ()))
        own = (*(key for key in ("model.code", "dataset.dimension") if key in f.coords), *places)
        tree[group] = data.assign_coords({key: f[key].variable for key in own})
    made = xr.DataTree.from_dict(tree)
    made.attrs["experiment"] = {
        "name": "planted",
        "controls": ["shuffled_samples"],
        "estimators": [
            {"name": name, "kind": "renyi", "bandwidth": {"rule": name}} for name in ("silverman", "tapia_estevez")
        ],
        **(experiment or {}),
    }
    return made


def judged(name, tree, estimator=None):
    """By the first estimator that a claim speaks of."""
    found = {each.estimator: each for each in claims.judge(tree, [claims.claim(name, folder=None)])}
    return found[estimator or next(iter(found))]


def tilted(f, slope):
    """I(X; T) that rises or falls along the layers; the same under the control."""
    return 4 + slope * f["place"]


def rows(cases):
    """Name, variable, plant, mean effect and verdict of every claim, as it says and reversed."""
    words = (verdict.SUPPORTED, verdict.CONTRADICTED)
    return [(name, *case, word) for name, both in cases.items() for case, word in zip(both, words, strict=True)]


def without_pairs(tree):
    data = tree["layer_pairs"].to_dataset()
    tree["layer_pairs"] = data.isel(pair=[0])  # input and output alone
    return tree
