"""Gather the stores of all runs into one summary."""

from pathlib import Path

from infoplane import jobs
from infoplane.analysis import summary

with jobs.reported(snakemake.log[0]):
    facts = snakemake.params.facts
    summary.summarise(
        [summary.Part(**{**part, "path": Path(part["path"])}) for part in snakemake.params.parts],
        variants=facts["variants"],
        output=Path(snakemake.output.summary),
        provenance=jobs.provenance({}, code=facts["code"], experiment=facts["experiment"]),
    )
