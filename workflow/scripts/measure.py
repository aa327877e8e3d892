"""Measure a run with an estimator."""

from pathlib import Path

from infoplane import device, jobs, store
from infoplane.analysis import finite
from infoplane.analysis.measure import measure
from infoplane.errors import DataError, raise_all

with jobs.reported(snakemake.log[0]):
    device.prepare()
    settings = snakemake.params.settings
    tree = store.load(snakemake.input.activations, "activations", otherwise=settings.get("otherwise", ""))
    if "recorded" in tree.attrs:  # of networks that the workflow trains, training has told and masked it
        raise_all(finite.inputs_faults(tree), heading=snakemake.input.activations, error=DataError)
        finite.warn([tree])
    facts = jobs.provenance({"settings": settings}, device="cpu", activations=jobs.source(tree.attrs))
    found = measure(
        tree,
        settings["estimator"],
        control=settings["controls"],
        work=Path(snakemake.params.work),
        code=settings["code"],
    )
    for name, path in snakemake.output.items():
        store.write(path, name, found[name], provenance=facts)
