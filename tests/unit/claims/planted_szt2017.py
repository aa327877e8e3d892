"""Summaries of networks of Shwartz-Ziv and Tishby 2017 whose patterns are planted."""

import numpy as np
import xarray as xr

from infoplane import claims

EPOCHS = np.array([0.0, 1, 10, 100, 400, 1000, 4000, 10000])
LAYERS = ["fc1", "fc2", "fc3", "fc4", "output"]
DEPTH = np.arange(1.0, 6.0)
SEEDS = 5
NOISE = xr.DataArray([-0.02, -0.01, 0.0, 0.01, 0.02], dims="seed")
EPOCH = xr.DataArray(EPOCHS, dims="epoch")
LAYER = xr.DataArray(DEPTH, dims="layer")


def judged(name, **groups):
    """The verdict on a claim; a group is a mapping of variables, each broadcast to what it has."""
    (found,) = claims.judge(summary(**groups), [claims.claim(name, folder=None)])
    return found


def summary(**groups):
    made = {group: _whole(group, dict(values)) for group, values in groups.items()}
    first = next(iter(made.values()))
    training = made.get("training", first[["variant", "seed"]])
    learned = 0.5 + 0.4 * (EPOCH > 0) + 0 * first["variant"].copy(data=np.zeros(first.sizes["variant"])) + 0 * NOISE
    made["training"] = training.assign(
        accuracy=learned.assign_coords(epoch=EPOCHS, seed=range(SEEDS)).expand_dims(split=["test"]),
        diverged_epoch=learned.isel(epoch=0, drop=True) * np.nan,
    )
    tree = xr.DataTree.from_dict(made)
    tree.attrs["experiment"] = {"name": "planted", "controls": [], "estimators": []}
    return tree


def _whole(group, values):
    labels = values.pop("labels", {})
    count = max([1, *(len(each) for each in labels.values())])
    hidden = values.pop("hidden", [4] * count)
    dims = {"variant": [f"v{index}" for index in range(count)], "seed": range(SEEDS), "epoch": EPOCHS, "layer": LAYERS}
    if group == "weights":
        dims = {**dims, "other_epoch": EPOCHS}
        del dims["layer"]
    coords = {**dims, **{key: ("variant", each) for key, each in labels.items()}}
    if group != "weights":
        kinds = [["fully_connected"] * own + [""] * (4 - own) + ["output"] for own in hidden]
        coords["kind"] = (("variant", "layer"), kinds)
    data = xr.Dataset(coords=coords)
    shape = xr.DataArray(np.zeros([len(each) for each in dims.values()]), dims=list(dims))
    for name, value in values.items():
        whole = (value + shape).transpose(..., *dims)
        if "kind" in data.coords:
            whole = whole.where((data["kind"] != "").drop_vars(list(data["kind"].coords)))
        if group in {"information", "bottleneck"}:
            names = ["binning", "net"][: whole.sizes.get("estimator", 1)]
            whole = whole if "estimator" in whole.dims else whole.expand_dims("estimator")
            whole = whole.assign_coords(estimator=names).expand_dims({"split": ["test"], "probe_batch": [0]})
        data[name] = whole
    return data


def gradients(changes):
    """Norms of the gradient of networks that go from drift to diffusion at the epochs (seed)."""
    drifts = xr.DataArray(changes, dims="seed") > EPOCH
    return {"gradient_mean_norm": xr.where(drifts, 2.0, 0.5), "gradient_std_norm": 1 + 0 * EPOCH}
