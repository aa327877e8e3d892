"""Measure a run with an estimator."""

from pathlib import Path

from infoplane import device, jobs, store
from infoplane.analysis import finite
from infoplane.analysis.measure import measure

with jobs.reported(snakemake.log[0]):
    device.prepare()
    settings = snakemake.params.settings
    tree = store.load(snakemake.input.activations, "activations", otherwise=settings.get("otherwise", ""))
    if "recorded" in tree.attrs:  # of networks that the workflow trains, training has told and masked it
        finite.warn([tree])
    facts = jobs.provenance({"settings": settings}, device="cpu", activations=jobs.source(tree.attrs))
    found = measure(
        tree,
        settings["estimator"],
        control=settings["controls"],
        work=Path(snakemake.params.work),
        code=settings["code"],
    )
    for name, dataset in found.items():
        store.write(snakemake.output[name], name, dataset, provenance=facts)
