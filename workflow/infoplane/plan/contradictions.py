"""Faults that no schema sees: settings that contradict the data, the networks, the figures or one another."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Literal

from infoplane import claims, figures, files, measurable, models, pairs, targets
from infoplane.datasets import Description
from infoplane.errors import ConfigError, InfoplaneError
from infoplane.experiment import Variant
from infoplane.models import graph
from infoplane.names import accepted, layer_faults
from infoplane.plan import amounts
from infoplane.plan.planned import Figure, Planned
from infoplane.schema import CONVOLUTIONAL

if TYPE_CHECKING:  # so that planning loads no torch before a network is made
    from infoplane.models.layers import Layer


def of_settings(planned: Planned) -> Iterator[str]:
    """Faults that show beside the data and the figures that are known."""
    for variant in planned.experiment.variants:
        try:
            found = planned.describe(variant)
            yield from _of_data(planned, variant, found)
            yield from _of_length(variant, found)
            yield from targets.settings_faults(found.targets, found.name, planned.experiment.settings)
            yield from targets.loss_faults(found.targets, found.name, variant.settings["training"].get("loss"))
        except InfoplaneError as error:
            yield f"key 'dataset': {error}"
    yield from _of_recorded(planned)
    yield from _of_adopted(planned)
    yield from _of_moments(planned)
    yield from _of_estimators(planned)
    yield from _of_figures(planned)
    yield from _of_animations(planned)
    yield from _of_claims(planned)
    yield from _of_widths(planned)
    yield from _of_calibration(planned)


def of_networks(planned: Planned) -> Iterator[str]:
    """Faults that show only when the networks are made, which loads torch; or in what is recorded of their layers."""
    if own := planned.recording:
        maps = {name for name, each in own.layers.items() if each["kind"] == CONVOLUTIONAL}
        yield from _of_layers(planned, (), list(own.layers), maps)
        if "layer_pairs" in planned.groups:
            yield from _of_code(planned, pairs.of_layers(own.layers), list(own.layers), "")
        return
    made: set[str] = set()
    trained: dict[str, None] = {}
    looked_at: dict[str, None] = {}
    convolutions: set[str] = set()
    failed = False
    for variant in planned.experiment.variants:
        found, model = planned.describe(variant), variant.settings["model"]
        key = files.digest([model, found.shape, found.classes, found.targets])
        if key in made:
            continue
        made.add(key)
        try:
            network, trainee = (
                models.make(each, found.shape, found.classes, folder=planned.experiment.folder)
                for each in (model, planned.trained_model(variant))
            )
        except ConfigError as error:
            yield f"key 'model': {error}"
            failed = True
            continue
        yield from targets.network_faults(found.targets, found.name, network, model.get("name", model.get("factory")))
        layers, whole = models.layers_of(network), models.layers_of(trainee)
        if "layers" not in model and "factory" in model and len(layers) == 1:
            yield (
                f"key 'model': {model['factory']!r} has no nonlinearity that is a module, and no attribute `layers`; "
                "accepted: 'model.layers' with names or patterns of its modules, or [output] for the output alone"
            )
        convolutions |= {layer.name for layer in layers if layer.kind == CONVOLUTIONAL}
        trained |= dict.fromkeys(layer.name for layer in whole)
        looks = _looked_at(planned, variant, layers)
        seen = [layer.name for layer in looks]
        yield from (f"key 'model': {fault}" for fault in layer_faults(seen, way_out=graph.RENAMED))
        looked_at |= dict.fromkeys(seen)
        if "layer_pairs" in planned.groups:
            yield from _of_pairs(planned, variant, pairs.of_network(network), layers, looks)
    if not failed:
        yield from _of_layers(planned, trained, looked_at, convolutions)


def _of_layers(
    planned: Planned, trained: Collection[str], looked_at: Collection[str], convolutions: Collection[str]
) -> Iterator[str]:
    """Layers that figures are to show and that are not there."""
    for figure in planned.figures.values():
        needs = figures.needs(figure.figure)
        known = {} if needs == {"weights"} else trained if needs == {"training"} else looked_at
        yield from _not_among(figure, "layers", known)
        if "decomposition" in needs:
            yield from _without_maps(figure, known, convolutions)


def _of_pairs(
    planned: Planned,
    variant: Variant,
    own: "Sequence[pairs.Pair]",
    layers: "Sequence[Layer]",
    seen: "Sequence[Layer]",
) -> Iterator[str]:
    """What stands against measuring the symmetric layers of a network."""
    model = variant.settings["model"]
    title, names = model.get("name") or model["factory"], [layer.name for layer in layers]
    if not own:
        yield (
            f"key 'measures' has 'layer_pairs', and model {title!r} has no attribute `pairs`; accepted: without it, or "
            "a network with a tuple of pairs of names of its symmetric layers, outermost first"
        )
        return
    wrong = list(pairs.faults(own, names))
    yield from (f"key 'model': {title!r}: {fault}" for fault in wrong)
    if wrong:
        return
    looked_at = [layer.name for layer in seen]
    if names[-1] not in looked_at or not pairs.counterparts(own, looked_at):
        yield (
            f"key 'measures' has 'layer_pairs', and key 'model.layers' leaves {', '.join(looked_at)}; accepted: with "
            f"{names[-1]!r}, and with both layers of a pair such as {' and '.join(own[0])}"
        )
        return
    for first, second in (pair for pair in own if len({*pair} & {*looked_at}) == 1):
        there, gone = (first, second) if first in looked_at else (second, first)
        yield (
            f"key 'measures' has 'layer_pairs', and key 'model.layers' leaves {there!r} without {gone!r}, which is "
            "symmetric to it; accepted: with both, or without both"
        )
    yield from _of_code(planned, own, looked_at, pairs.between(own, names))


def _of_code(planned: Planned, own: "Sequence[pairs.Pair]", looked_at: "Sequence[str]", code: str) -> Iterator[str]:
    """Figures and claims that ask for a code, where none is among the layers that are looked at."""
    if pairs.between(own, looked_at):
        return
    way_out = f"with {code!r} among 'model.layers', or without it" if code else "without it"
    for key, name in _asking(planned, "of_code", "of_width"):
        yield f"key {key!r} has {name!r}, which needs a layer between symmetric ones; accepted: {way_out}"


def _of_widths(planned: Planned) -> Iterator[str]:
    """Figures and claims that ask for the width of the code, where a variant does not say it."""
    models = [variant.settings["model"] for variant in planned.experiment.variants]
    # Other networks that come with the project have no code, and are told that they lack pairs.
    with_codes = [model for model in models if model.get("name", "autoencoder") == "autoencoder"]
    if all(isinstance(model.get("code"), int | float) for model in with_codes):
        return
    for key, name in _asking(planned, "of_width"):
        yield (
            f"key {key!r} has {name!r}, which needs to know how wide the code is; accepted: with 'code', a number, in "
            "'model' or 'model.code' in 'sweep', or without it"
        )


def _asking(planned: Planned, *what: Literal["of_code", "of_width"]) -> Iterator[tuple[str, str]]:
    """Figures and claims that ask for a code or for its width, by the key that has them."""
    yield from (("figures", each.name) for each in planned.figures.values() if each.figure == "turn_back")
    for name in planned.experiment.settings["claims"]:
        with suppress(ConfigError):  # that there is no such claim is told already
            claim = claims.claim(name, folder=planned.experiment.folder)
            if any(getattr(claim, each) for each in what):
                yield "claims", name


def of_names(planned: Iterable[Planned]) -> Iterator[str]:
    """Different figures that experiments call by one name: Snakemake could not tell which rule draws the file."""
    drawn: dict[str, dict[str, None]] = {}
    for figure in (figure for each in planned for figure in each.figures.values()):
        drawn.setdefault(figure.name, {})[figure.figure] = None
    for name, registered in drawn.items():
        if len(registered) > 1:
            yield f"experiments call {' and '.join(registered)} {name!r}; accepted: a name of its own for each"


def _of_data(planned: Planned, variant: Variant, found: Description) -> Iterator[str]:
    probe, data = planned.experiment.settings["probe"], variant.settings["dataset"]
    taken = probe["batches"] * probe["size"]
    kept = round(found.sizes["train"] * data.get("fraction", 1))
    sizes = {"train": min(kept, data.get("limit", kept)), "test": found.sizes["test"]}
    for split in probe["splits"]:
        if taken > sizes[split]:
            yield (
                f"key 'probe' asks for {probe['batches']} batches of {probe['size']} = {taken} samples of split "
                f"{split!r}; accepted: at most the {sizes[split]} that it has"
            )


def _of_length(variant: Variant, found: Description) -> Iterator[str]:
    """A training that is over before it has begun."""
    training, data = variant.settings["training"], variant.settings["dataset"]
    if "epochs" not in training:
        return
    part = {key: data.get(key) for key in ("limit", "fraction")}
    per_epoch = amounts.updates({"training": training, **part}, found.sizes["train"])
    if round(training["epochs"] * per_epoch) < 1:
        yield (
            f"key 'training.epochs' is {training['epochs']:g} with an epoch of {per_epoch} updates, so that nothing is "
            f"trained; accepted: at least {1 / per_epoch:.2g}"
        )


def _with_targets(planned: Planned, *kinds: str) -> str | None:
    """A data set whose targets are of some kinds; of those that cannot be read that is told already."""
    for variant in planned.experiment.variants:
        with suppress(InfoplaneError):
            if (found := planned.describe(variant)).targets in kinds:
                return found.name
    return None


def _of_recorded(planned: Planned) -> Iterator[str]:
    """What does not go with networks that were recorded elsewhere."""
    if own := planned.recording:
        measures = planned.experiment.settings["measures"]
        yield from measurable.measures_faults(measures, planned.estimators.values(), own.lacking)
        yield from measurable.activations_faults(planned.measured, own.held)


def _of_adopted(planned: Planned) -> Iterator[str]:
    """What does not go with networks that were trained elsewhere."""
    for run in planned.runs.values():
        training = run.variant.settings["training"]
        if "checkpoints_from" not in training:
            continue
        if training["ensemble"] or len(run.seeds) > 1:
            yield "key 'training.checkpoints_from' goes with one network at a time; accepted: no ensemble and no block"
        if planned.records:
            yield "key 'probe.every' looks at networks while they train, and there is training.checkpoints_from"
        try:
            planned.adopted(run)
        except ConfigError as error:
            yield f"key 'training.checkpoints_from' {error}"


def _of_moments(planned: Planned) -> Iterator[str]:
    """What does not go with looking at networks while they train."""
    settings = planned.experiment.settings
    if not planned.records:
        return
    if (batches := settings["probe"]["batches"]) != 1:
        yield f"key 'probe.batches' is {batches} with probe.every; accepted: 1, the mini-batch at hand"
    if settings["store"] != "distances":
        yield f"key 'store' is {settings['store']!r} with probe.every; accepted: distances, all that is kept"
    if planned.errors:
        yield "key 'measures' has 'error_chain' with probe.every, which keeps no errors; accepted: without it"
    for training in (variant.settings["training"] for variant in planned.experiment.variants):
        if training["ensemble"]:
            yield "key 'training.ensemble' is true with probe.every; accepted: false"
        if training["batch_size"] < settings["probe"]["size"]:
            yield (
                f"key 'probe.size' is {settings['probe']['size']} with probe.every; accepted: at most "
                f"training.batch_size ({training['batch_size']})"
            )


def _of_estimators(planned: Planned) -> Iterator[str]:
    yield from measurable.estimates_faults(planned.measured)
    store = planned.experiment.settings["store"]
    for name, settings in planned.measured.items():
        if settings["kind"] != "renyi" and store != "raw" and planned.recording is None:
            yield (
                f"key 'store' is {store!r}, and estimator {name!r} needs the activations themselves; accepted: raw, or "
                "estimators of kind renyi alone"
            )
        elif store != "raw":
            for key in ("bandwidth", "input_bandwidth"):
                if settings.get(key, {}).get("rule") == "tapia_estevez":
                    yield (
                        f"key 'store' is {store!r}, and {key} of estimator {name!r} has rule 'tapia_estevez', which "
                        "needs the activations themselves; accepted: raw, or another rule"
                    )


def _of_figures(planned: Planned) -> Iterator[str]:
    names = [
        each if isinstance(each, str) else each.get("name", each["figure"])
        for each in planned.experiment.settings["figures"]
    ]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"key 'figures' has {name!r} more than once; accepted: a name of its own for each"
    known = {
        "estimator": planned.estimates,
        "split": planned.experiment.settings["probe"]["splits"],
        "variants": [variant.name for variant in planned.experiment.variants],
        "hue": planned.experiment.swept,
    }
    for figure in planned.figures.values():
        try:
            figures.check(figure.figure, figure.options)
        except ConfigError as error:
            yield "key 'figures': {}".format(str(error).replace("\n  - ", " "))
            continue
        for group in sorted(figures.needs(figure.figure) - planned.groups):
            yield f"key 'figures' has {figure.figure!r}, which needs {group!r}; {_with(planned, group)}"
        for option, there in known.items():
            yield from _not_among(figure, option, there)


def _of_animations(planned: Planned) -> Iterator[str]:
    moving = [figure.name for figure in planned.figures.values() if figure.figure in figures.animated()]
    for name in planned.experiment.settings["animations"]:
        if name not in planned.figures:
            yield f"key 'animations' has {name!r}, which is not among 'figures'; {accepted(name, moving)}"
        elif name not in moving:
            figure = planned.figures[name].figure
            yield f"key 'animations' has {name!r}, a figure {figure!r}, which has none; {accepted(name, moving)}"


def _of_claims(planned: Planned) -> Iterator[str]:
    for name in planned.experiment.settings["claims"]:
        try:
            claim = claims.claim(name, folder=planned.experiment.folder)
        except ConfigError as error:
            yield f"key 'claims': {error}"
            continue
        for group in sorted(set(claim.needs) - planned.groups):
            yield f"key 'claims' has {name!r}, which needs {group!r}; {_with(planned, group)}"
        if claim.of_accuracy and (other := _with_targets(planned, targets.CONTINUOUS)):
            yield (
                f"key 'claims' has {name!r}, which speaks of accuracy, and the targets of {other!r} are "
                "continuous; accepted: without it"
            )
        judged = product(planned.estimators.values(), planned.experiment.settings["probe"]["splits"])
        if claim.applies and not any(claim.applies(settings, split) for settings, split in judged):
            yield f"key 'claims' has {name!r}, which speaks of none of the estimators and splits; accepted: without it"


def _of_calibration(planned: Planned) -> Iterator[str]:
    asked = planned.experiment.settings.get("calibration")
    if asked is None:
        return
    names = [variant.name for variant in planned.experiment.variants]
    if asked.get("variant", names[0]) not in names:
        yield f"key 'calibration.variant' is {asked['variant']!r}; {accepted(asked['variant'], names)}"
    if other := _with_targets(planned, targets.LABELS, targets.CONTINUOUS):
        yield (
            f"key 'calibration' knows information about classes, and targets of {other!r} are none; "
            "accepted: without it"
        )
    if "information" not in planned.groups:
        yield f"key 'calibration' needs 'information'; {_with(planned, 'information')}"


def _with(planned: Planned, group: str) -> str:
    """What makes a group of the summary, if anything does."""
    if group in planned.lacking:
        return "accepted: without it, as the recorded stores have nothing for that"
    offered = "" if group in {"weights", "intrinsic_dimension"} else " and an estimator that offers it"
    return f"accepted: with {group!r} among 'measures'{offered}"


def _looked_at(planned: Planned, variant: Variant, layers: "Sequence[Layer]") -> "list[Layer]":
    """Layers of a network that are captured."""
    found = graph.chosen(layers, variant.settings["model"].get("layers", ()))
    return [*found, *(layer for layer in layers[-1:] if planned.errors and layer not in found)]


def _not_among(figure: Figure, option: str, names: Collection[str]) -> Iterator[str]:
    """What an option of a figure asks for and the experiment does not have."""
    value = figure.options.get(option)
    for each in value if isinstance(value, list) else [value]:
        if each is not None and each not in names:
            yield f"key 'figures' has {option} {each!r} in {figure.name!r}; {accepted(each, names)}"


def _without_maps(figure: Figure, known: Collection[str], convolutions: Collection[str]) -> Iterator[str]:
    """Tell when a figure of feature maps is to show known layers that have none."""
    chosen = figure.options.get("layers") or list(known)
    if set(chosen) <= set(known) and not set(chosen) & set(convolutions):
        there = ", ".join(each for each in known if each in convolutions)
        yield (
            f"key 'figures' has {figure.name!r}, which needs a convolution, and none of {', '.join(chosen)} is one; "
            f"accepted: {f'layers among {there}' if there else 'without this figure'}"
        )
