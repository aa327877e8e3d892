"""Training that is counted and interrupted."""

import signal
from dataclasses import dataclass

import pytest


class Interrupted(Exception):  # noqa: N818 (what happens is no fault)
    """What training is interrupted with."""


@dataclass
class Steps:
    """Updates of all networks so far, the number after which none is made any more, and that at which SIGTERM comes."""

    count: int = 0
    last: int | None = None
    terminated: int | None = None


@pytest.fixture
def steps(monkeypatch):
    """Counts updates, and interrupts training in the place of one."""
    from infoplane.training import networks

    seen = Steps()

    def counted(original):
        def step(self, inputs, targets):
            if seen.count == seen.last:
                raise Interrupted(f"after {seen.count} updates")
            seen.count += 1
            if seen.count == seen.terminated:
                signal.raise_signal(signal.SIGTERM)
            return original(self, inputs, targets)

        return step

    for kind in (networks.Single, networks.Ensemble):
        monkeypatch.setattr(kind, "step", counted(kind.step))
    return seen


@pytest.fixture
def interrupt(steps, train):
    """A function that trains a recipe in a folder for so many updates and no more."""

    def run(recipe, name, updates):
        steps.count, steps.last = 0, updates
        with pytest.raises(Interrupted, match=f"after {updates} updates"):
            train(recipe, name)
        steps.count, steps.last = 0, None

    return run
