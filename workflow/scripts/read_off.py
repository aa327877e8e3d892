"""Draw a calibration, and write the page that says what an answer can mean."""

from pathlib import Path

from infoplane import figures, jobs, store
from infoplane.figures import calibration, calibration_page, files
from infoplane.files import MANIFEST, sha256, write

with jobs.reported(snakemake.log[0]):
    tree, digest = store.load(snakemake.input.known, "known"), sha256(Path(snakemake.input.known) / MANIFEST)
    about, design = tree.attrs["experiment"], tree.attrs["parameters"]["settings"]
    sides = {side: tree[side].to_dataset().load() for side in ("input", "target")}
    page, drawn = Path(snakemake.output.page), {}
    for side, answers in sides.items():
        table, stem = calibration.table(answers), page.with_suffix("") / side
        with figures.styled(**snakemake.params.settings["style"]):
            figure = calibration.draw(table, side, about, design)
            files.save(figure, calibration.with_units(table), stem, figure=f"calibration/{side}", known=digest)
        drawn[side] = files.inline(stem.with_suffix(".svg"))
    write(page, calibration_page.html(sides, drawn, about, design).encode())
