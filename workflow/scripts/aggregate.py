"""Gather the stores of all runs into one summary."""

from pathlib import Path

from infoplane import jobs
from infoplane.analysis import summary

with jobs.reported(snakemake.log[0]):
    facts, paths = snakemake.params.facts, snakemake.input.stores
    summary.summarise(
        [summary.Part(**part, path=Path(path)) for path, part in zip(paths, snakemake.params.parts, strict=True)],
        variants=facts["variants"],
        output=Path(snakemake.output.summary),
        artifact=snakemake.params.artifact,
        provenance=jobs.provenance({}, code=facts["code"], experiment=facts["experiment"]),
    )
