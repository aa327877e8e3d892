"""Say which conclusions hold at every point of a grid, and draw the information plane at each."""

from pathlib import Path

from infoplane import claims, figures, jobs, store
from infoplane.claims import across, conclusions, write_across
from infoplane.figures import files, points
from infoplane.files import MANIFEST, sha256

with jobs.reported(snakemake.log[0]):
    tree, settings = store.load(snakemake.input.summary, "grid").load(), snakemake.params.settings
    wanted = [claims.claim(name, folder=Path(settings["folder"])) for name in settings["claims"]]
    digest, about = sha256(Path(snakemake.input.summary) / MANIFEST), tree.attrs["experiment"]
    table = points.table(tree)
    stem = Path(snakemake.output.svg).with_suffix("")
    with figures.styled(**settings["style"]):
        files.save(points.draw(table, tree), points.with_units(table, tree), stem, figure="sensitivity", summary=digest)
    write_across.write(
        across.across(tree, [*wanted, *conclusions.of_summary(tree)]),
        list(across.places(about)),
        about,
        summary=digest,
        figure=files.inline(stem.with_suffix(".svg")),
        json_path=Path(snakemake.output.json),
        text=Path(snakemake.output.text),
        page=Path(snakemake.output.page),
    )
