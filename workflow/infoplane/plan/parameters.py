"""Parameters of the jobs of an experiment, stage by stage: the settings that a stage reads, and digests of its code."""

from pathlib import Path

from infoplane import claims, explorer, factories, figures, files, models
from infoplane.config import Settings
from infoplane.experiment import Run, Variant
from infoplane.plan.planned import Planned, without_layers
from infoplane.provenance import code_digest
from infoplane.recordings import WAY_OUT

_AROUND = ("infoplane.device", "infoplane.jobs", "infoplane.store")  # what scripts use beside their stage
_TEMPLATE = Path(figures.__file__).with_name("animation.html")  # no module, so that no digest of code has it
# Keys that the summary does not hang on, or has apart.
_APART = {"claims", "figures", "animations", "preview", "seeds", "sensitivity", "calibration", "style"}


def train(planned: Planned, run: Run) -> Settings:
    """Parameters of training."""
    data = run.variant.settings["dataset"]
    return {
        **_model(planned, planned.trained_model(run.variant)),
        "training": run.variant.settings["training"],
        "seeds": list(run.seeds),
        "epochs": list(planned.epochs(run)),
        "limit": data.get("limit"),
        "fraction": data.get("fraction"),
        "moments": _moments(planned, run.variant),
        "code": _code(run.variant, "infoplane.training.run", *(["infoplane.capture.moments"] * planned.records)),
        "around": code_digest(*_AROUND),
    }


def capture(planned: Planned, run: Run) -> Settings:
    """Parameters of capture."""
    settings, training = planned.experiment.settings, run.variant.settings["training"]
    return {
        **_model(planned, run.variant.settings["model"]),
        "seeds": list(run.seeds),
        **{key: training[key] for key in ("ensemble", "dtype", "threads")},
        "probe": settings["probe"],
        "store": settings["store"],
        "errors": planned.errors,
        "loss": training.get("loss"),
        "preactivations": any(each.get("read") == "preactivation" for each in planned.measured.values()),
        "maps": settings["store"] != "raw" and planned.needs_maps,
        "code": _code(run.variant, f"infoplane.capture.{'recorded' if planned.records else 'run'}"),
        "around": code_digest(*_AROUND),
    }


def measure(planned: Planned, run: Run, estimator: str) -> Settings:
    """Parameters of measuring."""
    own = planned.experiment.recording(run)
    return {
        "estimator": planned.measured[estimator],
        "controls": planned.experiment.settings["controls"],
        **({"recorded": own.digest, "otherwise": WAY_OUT} if own else {"capture": files.digest(capture(planned, run))}),
        "code": {name: _measuring(planned, name, estimator) for name in planned.measures(estimator)},
        "around": code_digest(*_AROUND, "infoplane.analysis.measure"),
    }


def weights(planned: Planned, variant: Variant) -> Settings:
    """Parameters of measuring the weights of a variant's networks."""
    data = planned.describe(variant)
    return {
        **_model(planned, without_layers(variant)),
        "shape": list(data.shape),
        "classes": data.classes,
        "ensemble": variant.settings["training"]["ensemble"],
        "code": _code(variant, "infoplane.training.published", "infoplane.analysis.weights"),
        "around": code_digest(*_AROUND),
    }


def intrinsic_dimension() -> Settings:
    """Parameters of estimating the dimension of a data set, the same for all."""
    return {"code": code_digest("infoplane.analysis.intrinsic_dimension"), "around": code_digest(*_AROUND)}


def aggregate(planned: Planned) -> Settings:
    """Parameters of the summary; with them comes what figures say of the experiment."""
    settings = planned.experiment.settings
    apart = _APART | {"training"} if planned.recording else _APART  # of which no more is known than the epochs
    facts = {key: settings[key] for key in settings if key not in apart}
    return {
        "variants": {variant.name: dict(variant.labels) for variant in planned.experiment.variants},
        "experiment": {
            "name": planned.experiment.name,
            **facts,
            "seeds": list(planned.experiment.seeds),
            "seeds_left_out": list(planned.experiment.left_out),
            "preview": planned.experiment.preview,
        },
        "code": code_digest("infoplane.analysis.summary", "infoplane.jobs"),
    }


def gather(planned: Planned) -> Settings:
    """Parameters of the summary of the grid: of the summary, with the grid's estimators in place of its own."""
    facts, points = aggregate(planned), planned.grid.values()
    tried = {
        "estimators": [point.settings for point in points],
        "grid": [
            {
                "name": each.name,
                "base": each.base,
                "own": each.name in planned.estimators,
                "choices": dict(each.choices),
            }
            for each in points
        ],
    }
    return {**facts, "experiment": {**facts["experiment"], **tried}}


def calibrate(planned: Planned) -> Settings:
    """Parameters of a calibration."""
    variant = planned.calibrated
    assert variant is not None
    data, settings = planned.describe(variant), planned.experiment.settings
    kinds = dict.fromkeys(each["kind"] for each in planned.estimators.values())
    own = [f"infoplane.analysis.information.{kind}" for kind in kinds]
    return {
        **_model(planned, variant.settings["model"]),
        "variant": variant.name,
        "shape": list(data.shape),
        "classes": data.classes,
        "estimators": settings["estimators"],
        "size": settings["probe"]["size"],
        **{key: settings["calibration"][key] for key in ("repetitions", "seed")},
        "code": _code(variant, "infoplane.analysis.calibration", "infoplane.capture.shapes", *own),
        "around": code_digest(*_AROUND),
    }


def read_off(planned: Planned) -> Settings:
    """Parameters of the page and the figures of a calibration."""
    modules = ("infoplane.figures.calibration_page", "infoplane.figures.files")
    return {
        "style": planned.experiment.settings["style"],
        "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
    }


def judge(planned: Planned) -> Settings:
    """Parameters of the verdicts."""
    return {
        **_claims(planned),
        "code": code_digest("infoplane.claims.write", *claims.modules(), "infoplane.jobs", "infoplane.store"),
    }


def conclude(planned: Planned) -> Settings:
    """Parameters of the conclusions across the grid."""
    modules = ("infoplane.claims.write_across", "infoplane.claims.conclusions", *claims.modules())
    shown = ("infoplane.figures.points", "infoplane.figures.files")
    return {
        **_claims(planned),
        "style": planned.experiment.settings["style"],
        "code": code_digest(*modules, *shown, "infoplane.jobs", "infoplane.store"),
    }


def draw(planned: Planned, name: str) -> Settings:
    """Parameters of a figure."""
    figure = planned.figures[name]
    modules = ("infoplane.figures.files", f"infoplane.figures.pages.{figure.figure}")
    return {
        "figure": figure.figure,
        "options": figure.options,
        "style": planned.experiment.settings["style"],
        "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
    }


def animate(planned: Planned, name: str) -> Settings:
    """Parameters of the animation of a figure."""
    figure = planned.figures[name]
    modules = ("infoplane.figures.animation", f"infoplane.figures.pages.{figure.figure}")
    return {
        "figure": figure.figure,
        "options": figure.options,
        "style": _on_screen(planned, "font", "palette"),
        "template": files.sha256(_TEMPLATE),
        "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
    }


def explore(planned: Planned) -> Settings:
    """Parameters of the explorer."""
    modules = ("infoplane.explorer.write", *(f"infoplane.figures.pages.{name}" for name in explorer.SHOWN))
    return {
        "style": _on_screen(planned, "palette"),
        "parts": [files.sha256(part) for part in explorer.PARTS],
        "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
    }


def _claims(planned: Planned) -> Settings:
    """Claims to judge, and what those depend on that are the user's own."""
    names = planned.experiment.settings["claims"]
    own = [name for name in names if ":" in name]
    return {
        "claims": names,
        "folder": str(planned.experiment.folder) if own else "",
        "sources": [factories.source_digest(name, folder=planned.experiment.folder) for name in own],
    }


def _on_screen(planned: Planned, *keys: str) -> Settings:
    """What a page or a GIF has of the style, which else is for paper."""
    return {key: planned.experiment.settings["style"][key] for key in keys}


def _moments(planned: Planned, variant: Variant) -> Settings | None:
    """When and where the networks of a variant are looked at while they train, if they are."""
    if not planned.records:
        return None
    chosen = {key: planned.experiment.settings["probe"][key] for key in ("every", "splits", "size", "seed")}
    return {**chosen, "layers": variant.settings["model"].get("layers", []), "maps": planned.needs_maps}


def _measuring(planned: Planned, measure: str, estimator: str) -> str:
    """Digest of the code that measures, of all kinds of estimators that of the estimator's own."""
    own = [f"infoplane.analysis.information.{planned.measured[estimator]['kind']}"] * (measure == "information")
    return code_digest(f"infoplane.analysis.{measure}", *own)


def _model(planned: Planned, model: Settings) -> Settings:
    """A network, with the source of one that is the user's own."""
    own = model.get("factory")
    return {
        "model": model,
        "folder": str(planned.experiment.folder) if own else "",  # or results would hang on where the project lies
        "source": factories.source_digest(own, folder=planned.experiment.folder) if own else "",
    }


def _code(variant: Variant, *modules: str) -> str:
    """Digest of code, with that of a variant's network."""
    name = variant.settings["model"].get("name")
    return code_digest(*modules, models.module(name) if name else models.FINDING)
