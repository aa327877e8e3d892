"""Estimate the intrinsic dimension of a data set."""

from infoplane import device, jobs, provenance, store
from infoplane.analysis.intrinsic_dimension import intrinsic_dimension

with jobs.reported(snakemake.log[0]):
    device.prepare()
    data = store.load(snakemake.input.dataset, "dataset")
    inputs, _ = store.splits(data)["train"]
    facts = {
        "device": "cpu",
        "dataset": jobs.source(data.attrs),
        "library": provenance.versions("scikit-dimension", "scikit-learn"),
    }
    store.write(
        snakemake.output.dimension,
        "intrinsic_dimension",
        intrinsic_dimension(inputs),
        provenance=jobs.provenance({"settings": snakemake.params.settings}, **facts),
    )
