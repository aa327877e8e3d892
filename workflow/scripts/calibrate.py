"""Measure variables whose information is known, with the estimators of an experiment."""

from pathlib import Path

from infoplane import device, jobs, store
from infoplane.analysis import calibration
from infoplane.capture import shapes

with jobs.reported(snakemake.log[0]):
    device.prepare()
    settings, summary = snakemake.params.settings, store.load(snakemake.input.summary, "summary")
    shape, classes = tuple(settings["shape"]), settings["classes"]
    layers = shapes.of_model(settings["model"], shape, classes, folder=Path(settings["folder"]))
    every = calibration.with_distances(calibration.shapes(shape, layers), summary, variant=settings["variant"])
    design = calibration.Design(settings["size"], classes, settings["repetitions"], settings["seed"])
    found = calibration.calibrate(calibration.pairs(every[0], every[1:]), settings["estimators"], design)
    facts = {"device": "cpu", "experiment": summary.attrs["experiment"]}
    made_by = jobs.provenance({"settings": settings}, **facts)
    with store.writing(snakemake.output.known, "known", provenance=made_by) as writer:
        for side, answers in calibration.with_measured(found, summary, variant=settings["variant"]).items():
            writer.add(answers, group=f"/{side}")
