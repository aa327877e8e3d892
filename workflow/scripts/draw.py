"""Draw a figure, and write the numbers that are drawn in it."""

from pathlib import Path

from infoplane import figures, jobs, store
from infoplane.figures import files

with jobs.reported(snakemake.log[0]):
    tree, settings = store.load(snakemake.input.summary, "summary"), snakemake.params.settings
    figure = figures.draw(settings["figure"], tree, settings["options"])
    table = figures.table(settings["figure"], tree, settings["options"])
    files.save(figure, table, Path(snakemake.output.svg).with_suffix(""))
