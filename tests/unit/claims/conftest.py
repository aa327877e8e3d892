"""Small summaries whose patterns are planted."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
import xarray as xr

LAYERS = ["conv1", "conv2", "fc1", "output"]
FILTERS = [(1, 6), (3, 6), (6, 6), (12, 6), (6, 1), (6, 3), (6, 12)]
EPOCHS = [0.0, 0.5, 1.0, 10.0]
Plant = Callable[[xr.Dataset], xr.DataArray]


def _frame(seeds: int, filters: list[tuple[int, int]], activations: list[str]) -> xr.Dataset:
    variants = [(f"{a}-{b}", name) for name in activations for a, b in filters]
    channels = np.full((len(variants), len(LAYERS)), np.nan)
    channels[:, :2] = [each for _ in activations for each in filters]
    random = np.random.default_rng(0)
    return xr.Dataset(
        coords={
            "variant": [f"{text}_{name}" for text, name in variants],
            "model.filters": ("variant", [text for text, _ in variants]),
            "model.activation": ("variant", [name for _, name in variants]),
            "seed": range(seeds),
            "control": ["none", "shuffled_samples"],
            "epoch": EPOCHS,
            "layer": LAYERS,
            "kind": (("variant", "layer"), [["convolutional"] * 2 + ["fully_connected", "output"]] * len(variants)),
            "channels": (("variant", "layer"), channels),
            "dominator": (("variant", "layer"), [["input", *LAYERS[:-1]]] * len(variants)),
            "depth": ("layer", [1.0, 2.0, 3.0, 4.0]),
            "noise": ("seed", random.normal(size=seeds) * 1e-3),
        }
    )


def _full(frame: xr.Dataset, values: xr.DataArray, dims: tuple[str, ...]) -> xr.DataArray:
    """Values over all dimensions of a group, with one estimator, one split, and two probe batches."""
    for dim in dims:
        if dim not in values.dims:
            values = values.expand_dims({dim: frame[dim].values})
    values = values.transpose(*dims).drop_vars("noise", errors="ignore")
    batches = values.expand_dims({"estimator": ["renyi"], "split": ["train"], "probe_batch": [0, 1]})
    return batches.drop_vars("depth", errors="ignore")


DEFAULTS: dict[str, Plant] = {
    # falls along the layers by half a bit
    "mutual_information_input_layer": lambda frame: 6 - 0.5 * frame["depth"] + frame["noise"],
    "entropy_input": lambda frame: 6.2 + 0 * frame["seed"],
    # falls on the way back, from the output to the first layer
    "mutual_information_error": lambda frame: 1 + 0.5 * frame["depth"] + frame["noise"],
    "error_bandwidth": lambda frame: 0.1 + 0 * frame["depth"],
    "error_median_distance": lambda frame: 0.5 + 0 * frame["depth"],
    # grows with the filters, and nearly reaches the bound with three of them
    "multivariate_mutual_information": lambda frame: 6.2 * (1 - 0.02 / frame["channels"]) + 0.1 * frame["noise"],
    # falls with the filters
    "redundancy_synergy_tradeoff_percent": lambda frame: 30 - frame["channels"] + frame["noise"],
    "pairs_excluded": lambda frame: 0 * frame["channels"] + 0 * frame["seed"],
    # rises and falls by 20 % at the end, by 40 % with sigmoid
    "weighted_nonredundant_information": lambda frame: (
        (1 + frame["noise"])
        * xr.where(frame["epoch"] == 10, xr.where(frame["model.activation"] == "sigmoid", 0.6, 0.8), 1.0)
    ),
    # rises with the filters until 6 of them
    "accuracy": lambda frame: (
        0.9 + 0.01 * np.minimum(frame["channels"].sel(layer=["conv1", "conv2"]), 6).sum("layer") + 0.01 * frame["noise"]
    ),
}


def _marked(frame: xr.Dataset, seeds: Mapping[str, Sequence[int]]) -> xr.DataArray:
    """Whether a network is one of those given, (variant, seed)."""
    known = [[seed in seeds.get(name, ()) for seed in frame["seed"].values] for name in frame["variant"].values]
    return xr.DataArray(known, dims=("variant", "seed"))


@pytest.fixture
def summary():
    """A summary with every claim's effect planted, unless a variable is replaced."""

    def make(
        *,
        seeds: int = 5,
        filters=tuple(FILTERS),
        activations=("relu", "sigmoid"),
        diverged=None,
        unlearned=None,
        **changes: Plant,
    ):
        frame = _frame(seeds, list(filters), list(activations))
        planted = {name: (changes.get(name) or plant)(frame) for name, plant in DEFAULTS.items()}
        own = {"variant": frame["variant"], **{key: frame[key] for key in ("model.filters", "model.activation")}}
        places = {key: frame[key] for key in ("kind", "channels", "dominator")}
        layered = ("variant", "seed", "control", "epoch", "layer")
        kernel = ("variant", "seed", "epoch", "layer")
        percent = _full(frame, planted["redundancy_synergy_tradeoff_percent"], layered)
        decomposition = {
            name: _full(frame, planted[name], layered)
            for name in ("multivariate_mutual_information", "weighted_nonredundant_information", "pairs_excluded")
        }
        decomposition["redundancy_synergy_tradeoff_percent"] = percent
        decomposition["weighted_nonredundant_information_percent"] = 100 - percent
        groups = {
            "information": {
                "mutual_information_input_layer": _full(frame, planted["mutual_information_input_layer"], layered),
                "entropy_input": _full(frame, planted["entropy_input"], ("variant", "seed", "epoch")),
            },
            "decomposition": {
                name: values.where(frame["channels"].notnull()).expand_dims({"about": ["input", "target"]})
                for name, values in decomposition.items()
            },
            "error_chain": {
                "mutual_information_error": _full(frame, planted["mutual_information_error"], layered),
                **{name: _full(frame, planted[name], kernel) for name in ("error_bandwidth", "error_median_distance")},
            },
        }
        accuracy = planted["accuracy"].drop_vars(["noise", "depth"], errors="ignore")
        accuracy = accuracy.where(~_marked(frame, unlearned or {}), 0.12)
        epochs = xr.DataArray(EPOCHS, dims="epoch", coords={"epoch": EPOCHS})
        by_epoch = xr.where(epochs > 0, accuracy, 0.1)
        training = {"accuracy": by_epoch.expand_dims({"split": ["train", "test"]})}
        training["diverged_epoch"] = xr.where(_marked(frame, diverged or {}), 1.0, np.nan)
        tree = {name: xr.Dataset(values).assign_coords({**own, **places}) for name, values in groups.items()}
        tree["training"] = xr.Dataset(training).assign_coords(own)
        about = {"name": "planted", "title": "Planted", "preview": False, "controls": ["shuffled_samples"]}
        made = xr.DataTree.from_dict(tree)
        made.attrs["experiment"] = about
        return made

    return make
