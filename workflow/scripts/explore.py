"""Make the page in which a reader plays the training of an experiment."""

from pathlib import Path

from infoplane import figures, jobs, store
from infoplane.explorer import write
from infoplane.files import MANIFEST, sha256

with jobs.reported(snakemake.log[0]), figures.styled(**snakemake.params.settings["style"]):
    write.save(
        Path(snakemake.output.page),
        Path(snakemake.output.archive),
        store.load(snakemake.input.summary, "summary"),
        next(map(Path, snakemake.input.claims), None),
        digest=sha256(Path(snakemake.input.summary) / MANIFEST),
    )
