"""What a job need not do again because an earlier one has kept it, so far as that is known before it runs.

A job finds what is kept by digests of all that it depends on, activations among that, which are not there yet. Here it
counts as kept if the stores of the earlier job say that they came of the same settings, code and data. If they say
otherwise, or are gone, while something is kept, only the job will tell: nothing counts, and it takes at most so long.
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from infoplane import files
from infoplane.config import Settings
from infoplane.costs.amount import Facts
from infoplane.costs.measured import attributes
from infoplane.plan import amounts

_LENGTH = {"epochs", "checkpoints"}  # of a training, which has the same bits as far as a shorter one
_FURTHER = {"errors", "preactivations"}  # what is captured beside activations, which stay as they are
_AROUND = {"around"}  # code on which nothing kept depends
_AT_THE_ENDS = {"bottleneck", "kernel_matrices"}  # measured at two epochs alone, and not priced


def of_training(facts: Facts, run: Path) -> Facts:
    """The facts of a training, with the epochs that it need not train again.

    Parameters
    ----------
    facts
        Of the job, as if nothing were kept.
    run
        Folder of its run.
    """
    if not any(run.glob("work/training/*/*/step-*.pt")):
        return facts
    before = _attributes(run / "training.zarr")
    if not _goes_on(facts, before):
        return replace(facts, at_most=True)
    done, wanted = before["parameters"]["recipe"]["epochs"], facts.train["epochs"]
    first_new = min(set(wanted) - set(done), default=wanted[-1])
    return replace(facts, trained=max(epoch for epoch in done if epoch <= first_new))


def of_measuring(facts: Facts, run: Path, estimator: str) -> Facts:
    """The facts of a measurement, with the looks that it need not measure again.

    Parameters
    ----------
    facts
        Of the job, as if nothing were kept.
    run
        Folder of its run.
    estimator
        Its name.
    """
    measure = facts.measure or {}
    groups = set(measure["code"]) - _AT_THE_ENDS
    kept = [sum(1 for _ in run.glob(f"work/measure-{estimator}/{group}/*.npz")) for group in groups]
    if not any(kept):
        return facts
    before = _attributes(run / "information" / f"{estimator}.zarr")
    trained = before.get("activations", {}).get("training", {})
    if not (_goes_on(facts, trained) and _measures_the_same(facts, before, groups)):
        return replace(facts, at_most=True)
    then, now = (
        amounts.steps(recipe, facts.data.sizes["train"]) for recipe in (trained["parameters"]["recipe"], facts.train)
    )
    if then != now and _hangs_on_other_epochs(measure["estimator"]):
        return replace(facts, at_most=True)
    return replace(facts, measured=min(*kept, amounts.networks(facts.train) * len(then & now)))


def _goes_on(facts: Facts, trained: Settings) -> bool:
    """Whether a training is one that has run, but for how long it goes on."""
    try:
        recipe, checksum = trained["parameters"]["recipe"], trained["dataset"]["checksum"]
    except (KeyError, TypeError):
        return False
    return bool(checksum == facts.data.checksum) and _whatever_its_length(recipe) == _whatever_its_length(facts.train)


def _whatever_its_length(recipe: Settings) -> str:
    training = _without(_LENGTH, recipe["training"])
    return files.digest({"moments": None, **_without(_LENGTH | _AROUND, recipe), "training": training})


def _measures_the_same(facts: Facts, before: Settings, groups: Collection[str]) -> bool:
    """Whether what a measurement depends on beside the training is as it was."""
    try:
        settings, recipe = before["parameters"]["settings"], before["activations"]["parameters"]["recipe"]
    except (KeyError, TypeError):
        return False
    return _depends_on(settings, recipe, groups) == _depends_on(facts.measure or {}, facts.capture or {}, groups)


def _depends_on(measure: Settings, capture: Settings, groups: Collection[str]) -> str:
    codes = [measure["code"].get(group) for group in sorted(groups)]
    captured = _without(_FURTHER | _AROUND, capture)
    return files.digest([measure["estimator"], measure["controls"], codes, captured])


def _hangs_on_other_epochs(estimator: Settings) -> bool:
    """Whether what is measured at an epoch depends on which others there are."""
    rules = [estimator.get(key, {}) for key in ("bandwidth", "input_bandwidth", "edges")]
    return any(rule.get("rule") == "range" or rule.get("smoothing") for rule in rules)


def _without(keys: Collection[str], settings: Settings) -> Settings:
    return {key: value for key, value in settings.items() if key not in keys}


def _attributes(store: Path) -> Settings:
    try:
        return attributes(store)
    except (OSError, ValueError, LookupError):
        return {}
