"""How much there is to do in a run: updates of its networks, and looks at them."""

from infoplane.config import Settings


def samples(recipe: Settings, size: int) -> int:
    """Samples that each network of a run trains on, of so many that its data set has."""
    part = recipe["fraction"]
    count = size if part is None else max(1, round(part * size))
    return count if recipe["limit"] is None else min(count, int(recipe["limit"]))


def updates(recipe: Settings, size: int) -> int:
    """Updates of the optimiser in an epoch.

    Parameters
    ----------
    recipe
        Parameters of training the run.
    size
        Samples that its data set has to train on.
    """
    count = samples(recipe, size)
    batch: int = min(recipe["training"]["batch_size"], count)
    return -(-count // batch)


def looks(recipe: Settings, size: int) -> int:
    """How often each network is looked at: at its checkpoints, or while it trains, if it is then."""
    return len(steps(recipe, size))


def steps(recipe: Settings, size: int) -> set[int]:
    """Updates at which each network is looked at."""
    per_epoch = updates(recipe, size)
    if recipe["moments"] is None:
        return {round(epoch * per_epoch) for epoch in recipe["epochs"]}
    last, every, least = round(recipe["epochs"][-1] * per_epoch), recipe["moments"]["every"], recipe["moments"]["size"]
    count, batch = samples(recipe, size), recipe["training"]["batch_size"]
    return {step for step in [*range(0, last, every), last] if count - step % per_epoch * batch >= least}


def networks(recipe: Settings) -> int:
    """Networks of a run."""
    return len(recipe["seeds"])
