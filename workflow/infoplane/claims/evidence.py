"""The part of a summary that a claim is judged by: one estimator, one split, one control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from infoplane.derived import ends, moving, outcomes, scores
from infoplane.schema import CONVOLUTIONAL, OUTPUT, estimates


@dataclass(frozen=True)
class Sweep:
    """Variants that differ in the number of filters of one convolution alone, in ascending order of it."""

    layer: str
    variants: tuple[str, ...]
    filters: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """What a claim looks at; averages over probe batches throughout, and of networks that diverged nothing at all.

    Where the experiment has a moving average over epochs, it is that; untrained networks are looked at once.

    Parameters
    ----------
    summary
        Of an experiment.
    estimator, split
        Those to judge by.
    control
        ``none`` for the networks themselves.
    untrained
        Whether to look at the untrained networks, as if training had ended before it began; NaN where none was.
    learned
        Whether to look only at networks that learned something.
    smooth
        Whether to take the experiment's moving average.
    """

    summary: xr.DataTree
    estimator: str
    split: str
    control: str = "none"
    untrained: bool = False
    learned: bool = False
    smooth: bool = True

    def under(self, control: str, *, untrained: bool = False) -> Evidence:
        """The same for a control."""
        return replace(self, control=control, untrained=untrained)

    def of_those_that_learned(self) -> Evidence:
        """The same without the networks that learned nothing."""
        return replace(self, learned=True)

    def alone(self) -> Evidence:
        """The same with every epoch by itself, without a moving average."""
        return replace(self, smooth=False)

    def group(self, name: str) -> xr.Dataset:
        """A group of the summary, without the dimensions that are decided."""
        data = self.summary[name].to_dataset()
        chosen = {"estimator": self.estimator, "split": self.split, "control": self.control}
        data = data.sel({dim: label for dim, label in chosen.items() if label and dim in data.dims}, drop=True)
        gone = self._gone(data) if {"variant", "seed"} <= set(data.dims) else None  # once for all variables
        data = data.map(_counted, keep_attrs=True, gone=gone)
        data = data.reindex(epoch=[0.0]) if self.untrained and "epoch" in data.dims else data
        data = moving.averaged(data, moving.length(self.experiment)) if self.smooth else data
        return data.mean("probe_batch", keep_attrs=True) if "probe_batch" in data.dims else data

    def accuracy(self) -> xr.DataArray:
        """Accuracy, or R² of continuous targets, on the test split at the last epoch, (variant, seed)."""
        return ends.at_the_end(self.accuracies())

    def accuracies(self) -> xr.DataArray:
        """Accuracy, or R² of continuous targets, on the test split, (variant, seed, epoch)."""
        score = scores.score(self._training).sel(split="test", drop=True)
        found = _counted(score, gone=self._gone(score))
        return found.reindex(epoch=[0.0]) if self.untrained else found

    def error_chain(self) -> xr.DataArray:
        """I(δ_K; δ_k) of hidden layers, against the flow of data; the output's about itself is no step of a chain."""
        data = self.group("error_chain")
        return data["mutual_information_error"].where(data["kind"] != OUTPUT).isel(layer=slice(None, None, -1))

    @cached_property
    def _training(self) -> xr.Dataset:
        return self.summary["training"].to_dataset()

    @cached_property
    def _left_out(self) -> xr.DataArray | None:
        """Networks that count in nothing, (variant, seed); None where nothing is known of their training."""
        if "training" not in self.summary.children:
            return None
        gone = outcomes.diverged(self._training)
        return gone | outcomes.unlearned(self._training) if self.learned else gone

    @property
    def some_learned_nothing(self) -> bool:
        """Whether there are networks that are known to have learned nothing."""
        return "training" in self.summary.children and bool(outcomes.unlearned(self._training).any())

    def _gone(self, data: xr.Dataset | xr.DataArray) -> xr.DataArray | None:
        """Networks of some data that are left out, (variant, seed)."""
        if self._left_out is None:
            return None
        return self._left_out.sel(variant=data["variant"], seed=data["seed"]).reset_coords(drop=True)

    @cached_property
    def experiment(self) -> dict[str, Any]:
        """The experiment as resolved."""
        return dict(self.summary.attrs["experiment"])

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """Those of the estimator; of none, nothing."""
        known = (each for each in self.experiment["estimators"] if self.estimator in estimates(each))
        return next(known, {})

    def most_bits(self) -> float:
        """log2 n, the most that n samples of a probe batch can tell."""
        return float(np.log2(self.settings.get("probe_size") or self.experiment["probe"]["size"]))

    def filters(self) -> list[list[float]]:
        """Numbers of filters of each variant's convolutions, 0 for another layer."""
        data = self.group("decomposition")
        counts = data["channels"].where(data["kind"] == CONVOLUTIONAL).transpose("variant", "layer")
        found: list[list[float]] = np.nan_to_num(counts.values).tolist()
        return found

    def sweeps(self) -> Iterator[Sweep]:
        """Every series of three or more variants in which the filters of one convolution vary, and nothing else."""
        data = self.group("decomposition")
        swept = [str(key) for key in data.coords if data[key].dims == ("variant",) and key not in {"variant"}]
        filters = data["channels"].where(data["kind"] == CONVOLUTIONAL)
        labels = [key for key in swept if not _tells(data[key], filters)]
        variants, counts = data["variant"].values.tolist(), filters.transpose("variant", "layer").values
        told = list(zip(*(data[key].values.tolist() for key in labels), strict=True)) or [()] * len(variants)
        for column, layer in enumerate(data["layer"].values.tolist()):
            others = np.nan_to_num(np.delete(counts, column, axis=1)).tolist()
            series: dict[Any, dict[int, str]] = {}
            for variant, count, *rest in zip(variants, counts[:, column], told, others, strict=True):
                if np.isfinite(count):
                    series.setdefault(repr(rest), {})[int(count)] = variant
            for found in series.values():
                if len(found) >= 3:
                    yield Sweep(layer, tuple(found[count] for count in sorted(found)), tuple(sorted(found)))

    def across(self, found: Sequence[xr.DataArray]) -> xr.DataArray:
        """Effects (seed) of several sweeps or pairs as one array (sweep, seed); NaN where there is none."""
        if not found:
            # Every group of networks has the seeds of all.
            seeds = next(node.to_dataset()["seed"] for node in self.summary.children.values() if "seed" in node.dims)
            return xr.full_like(seeds, np.nan, dtype=float).expand_dims("sweep")
        return xr.concat([each.drop_vars(set(each.coords) - {"seed"}) for each in found], dim="sweep")


def _counted(values: xr.DataArray, *, gone: xr.DataArray | None) -> xr.DataArray:
    """Values of all networks but those that are left out; what is not a network's own as it is."""
    if gone is None or not {"variant", "seed"} <= set(values.dims):
        return values
    return values.where(~gone)


def _tells(labels: xr.DataArray, filters: xr.DataArray) -> bool:
    """Whether a swept key is the number of filters by another name: variants of one label have the same filters."""
    counts = np.nan_to_num(filters.transpose("variant", ...).values)
    by_label: dict[str, set[tuple[float, ...]]] = {}
    for label, row in zip(labels.values.tolist(), counts.tolist(), strict=True):
        by_label.setdefault(label, set()).add(tuple(row))
    return len(by_label) > 1 and all(len(found) == 1 for found in by_label.values())
