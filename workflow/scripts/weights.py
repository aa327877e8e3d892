"""Measure the weights of all networks of a variant."""

from pathlib import Path

from infoplane import device, files, jobs, store
from infoplane.analysis.weights import Block, Chain, weights
from infoplane.training import published

with jobs.reported(snakemake.log[0]):
    device.prepare()
    settings, folders = snakemake.params.settings, [Path(each) for each in snakemake.input.checkpoints]
    for folder in folders:
        files.check_folder(folder, rule="train")
    trained = [store.load(path, "training") for path in snakemake.input.training]
    recipe = published.Recipe.of(settings)
    layout = published.layout(recipe)
    blocks = [
        Block(*block)
        for training, folder in zip(trained, folders, strict=True)
        for block in published.trajectories(recipe, layout, store.arrays(training), folder)
    ]
    known = trained[0].dataset
    found = weights(
        blocks,
        epoch=known["epoch"].values,
        step=known["step"].values,
        chain=Chain(layout.shapes, layout.odd) if layout.shapes else None,
    )
    facts = {"device": "cpu", "training": [jobs.source(training.attrs) for training in trained]}
    store.write(snakemake.output.weights, "weights", found, provenance=jobs.provenance({"settings": settings}, **facts))
