"""Show a figure over the epochs of training."""

from pathlib import Path

from infoplane import figures, jobs, store
from infoplane.figures import animation
from infoplane.files import MANIFEST, sha256

with jobs.reported(snakemake.log[0]):
    tree, settings = store.load(snakemake.input.summary, "summary"), snakemake.params.settings
    with figures.styled(**settings["style"]):
        animation.save(
            animation.of(getattr(figures, settings["figure"]), tree, settings["options"]),
            gif_path=Path(snakemake.output.gif),
            page_path=Path(snakemake.output.page),
            summary=sha256(Path(snakemake.input.summary) / MANIFEST),
        )
