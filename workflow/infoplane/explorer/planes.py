"""Planes of the explorer, each as its animation shows it, and the chains of layers of the information plane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from infoplane import figures
from infoplane.derived import chains
from infoplane.errors import ConfigError, DataError
from infoplane.figures import animation, mutual, select
from infoplane.figures import variants as named
from infoplane.figures.animation import Film
from infoplane.figures.choices import Measured
from infoplane.figures.notes import label
from infoplane.schema import OUTPUT

KINDS = {
    "information": ("IP", figures.information_plane),
    "modified": ("MIP", figures.modified_information_plane),
}
_SHUFFLED = "shuffled_samples"
_ERROR, _GROUP = "mutual_information_error", "error_chain"


def of(summary: xr.DataTree) -> tuple[list[dict[str, Any]], list[str]]:
    """Every plane that was measured, and a sentence for each that was not.

    Parameters
    ----------
    summary
        Of an experiment.

    Returns
    -------
    tuple
        Planes, each of a ``kind``, an ``estimator`` and a ``split``, with its ``epochs``, ``layers``, axes ``x`` and
        ``y``, ``foot``, and for each of its ``variants`` the ``points`` of every network, (seed, layer, epoch, 2) in
        bits, the index ``last`` of the last epoch that it was trained to, and ``lines`` around them. Of the
        information plane each variant also has a ``chain``: see `_chain`. Then the sentences.
    """
    found, absent = [], []
    for kind, (short, page) in KINDS.items():
        name, (group,) = page.name.replace("_", " "), page.needs
        if group not in summary.children:
            absent.append(f"No {name}: the experiment does not measure {group!r}.")
            continue
        for estimator, split in _measured(summary[group].to_dataset()):
            try:
                film = animation.of(page, summary, {"estimator": estimator, "split": split})
            except (ConfigError, DataError) as error:
                absent.append(f"No {name} by {estimator} on the {split} probe: {error}.")
                continue
            what = {"kind": kind, "title": f"{short}: {name}", "estimator": estimator, "split": split}
            plane = {**what, **_plane(film)}
            if kind == "information":
                _add_chains(plane, film, summary)
            found.append(plane)
    if found and _GROUP not in summary.children:
        absent.append(f"No chain of errors beside that of the layers: the experiment does not measure {_GROUP!r}.")
    return found, absent


def layers(summary: xr.DataTree) -> list[str]:
    """Layers of the group that has the most, in network order."""
    every = (node.coords["layer"].values for node in summary.children.values() if "layer" in node.coords)
    return [str(layer) for layer in max(every, key=len)]


def variants(summary: xr.DataTree) -> list[dict[str, str]]:
    """Variants by name, with what to call them."""
    data = max((node.to_dataset() for node in summary.children.values()), key=lambda data: data.sizes["variant"])
    table = pd.DataFrame({name: data[name].to_numpy() for name in ("variant", *select.swept(data))})
    titles = named.titles(table, named.differing(table))
    return [{"name": name, "title": title or name} for name, title in titles.items()]


def _measured(data: xr.Dataset) -> Iterable[tuple[str, str]]:
    return ((str(estimator), str(split)) for estimator in data["estimator"].values for split in data["split"].values)


def _plane(film: Film) -> dict[str, Any]:
    plane, frame = film.frame.plane, film.frame
    limits = {**plane.x_limits, **plane.y_limits}
    names = [limits[column] for column in frame.limits]  # one by one, where the key of a figure has them together
    return {
        "epochs": np.unique(film.table["epoch"]).tolist(),
        "times": [", ".join(filter(None, each)) for each in zip(film.epochs, film.steps, strict=True)],
        "layers": list(film.layers),
        "x": {"label": plane.x_label, "range": list(frame.x_range)},
        "y": {"label": plane.y_label, "range": list(frame.y_range)},
        "foot": list(film.notes.foot),
        "variants": {
            variant: {
                "seeds": [int(seed) for seed in panel.seeds],
                "last": panel.last,
                "points": panel.networks,
                "lines": [
                    {"name": own or name, "x": x, "y": y}
                    for own, (name, x, y) in zip_longest(names, frame.around(panel.table))
                ],
            }
            for variant, panel in film.panels.items()
        },
    }


def _add_chains(plane: dict[str, Any], film: Film, summary: xr.DataTree) -> None:
    """Give every variant of an information plane the ``chain`` of its layers."""
    options = select.resolve(
        summary,
        figures.information_plane,
        Measured(estimator=plane["estimator"], split=plane["split"]),
    )
    information = select.group(summary, "information", options)
    errors = _errors(summary, options)
    plane["error"] = label(select.variable(summary, _ERROR))
    for name, variant in plane["variants"].items():
        limits = film.panels[name].table
        variant["chain"] = {
            "forward": [list(pair) for pair in chains.markov_pairs(information, name)],
            "bound": {"x": float(limits["entropy_input"].mean()), "y": float(limits["entropy_target"].mean())},
            **_chain(information, errors, name, plane),
        }


def _chain(information: xr.Dataset, errors: xr.Dataset | None, name: str, plane: dict[str, Any]) -> dict[str, Any]:
    """What a variant's chain has beside the points of the plane.

    That is the mean over seeds of shuffled samples, ``shuffled``, (layer, epoch) for either axis; and of the errors,
    where they were measured, ``errors``, (seed, layer, epoch), which have their own part of ``shuffled``, and the
    steps ``backward`` that they take, without the output, whose information about itself is no step.
    """
    epochs, seeds = plane["epochs"], plane["variants"][name]["seeds"]
    found: dict[str, Any] = {"shuffled": {}}
    if _SHUFFLED in information["control"]:
        shuffled = information.sel(variant=name, control=_SHUFFLED).mean("seed")
        for axis, quantity in (("x", mutual.X), ("y", mutual.Y)):
            found["shuffled"][axis] = _laid_out(shuffled[quantity], plane["layers"], epochs)
    if errors is None:
        return found
    own = errors[_ERROR].sel(variant=name)
    own = own.where((own["kind"] != "") & (own["kind"] != OUTPUT))
    there = own.isel(layer=_known(own, "layer"))
    backward = [str(layer) for layer in there["layer"].sortby(there["depth"], ascending=False).values]
    found["backward"] = [list(pair) for pair in pairwise(backward)]
    found["errors"] = _laid_out(own.sel(control="none").reindex(seed=seeds), plane["layers"], epochs)
    if _SHUFFLED in own["control"]:
        found["shuffled"]["errors"] = _laid_out(own.sel(control=_SHUFFLED).mean("seed"), plane["layers"], epochs)
    return found


def _errors(summary: xr.DataTree, options: Any) -> xr.Dataset | None:
    """The chain of errors as the figure `data_processing` reads it, if it was measured with the estimator."""
    if _GROUP not in summary.children or options.estimator not in summary[_GROUP].dataset["estimator"]:
        return None
    return select.group(summary, _GROUP, options)


def _laid_out(values: xr.DataArray, layers: Sequence[str], epochs: Sequence[float]) -> Any:
    """Values (…, layer, epoch) at each epoch: at one that the variant was not measured at, what was last measured."""
    measured = values.isel(epoch=_known(values, "epoch"))
    last = float(measured["epoch"].max()) if measured.sizes["epoch"] else -np.inf
    held = measured.reindex(layer=list(layers)).reindex(epoch=list(epochs), method="pad")
    return held.where(held["epoch"] <= last).transpose(..., "layer", "epoch").to_numpy()


def _known(values: xr.DataArray, dim: str) -> Any:
    """Where along a dimension there is any value."""
    return (values.count([other for other in values.dims if other != dim]) > 0).values
