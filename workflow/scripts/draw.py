"""Draw a figure, and write the numbers that are drawn in it."""

import json
from pathlib import Path

from infoplane import figures, jobs, store
from infoplane.figures import files
from infoplane.files import MANIFEST, sha256

with jobs.reported(snakemake.log[0]):
    tree, settings = store.load(snakemake.input.summary, "summary"), snakemake.params.settings
    table = figures.table(settings["figure"], tree, settings["options"])
    made_of = {"figure": settings["figure"], "summary": sha256(Path(snakemake.input.summary) / MANIFEST)}
    made_of |= {key: json.dumps(settings[key]) for key in ("options", "style")}
    if "estimator" in table:
        made_of["estimator"] = table["estimator"].iloc[0]
    with figures.styled(**settings["style"]):
        figure = figures.draw(settings["figure"], tree, settings["options"])
        files.save(figure, table, Path(snakemake.output.svg).with_suffix(""), **made_of)
