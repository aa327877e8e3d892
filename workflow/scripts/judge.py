"""Judge the claims of an experiment by its summary."""

from pathlib import Path

from infoplane import claims, files, jobs, store
from infoplane.claims import findings, write

with jobs.reported(snakemake.log[0]):
    tree, settings = store.load(snakemake.input.summary, "summary"), snakemake.params.settings
    wanted = [claims.claim(name, folder=Path(settings["folder"])) for name in settings["claims"]]
    write.write(
        claims.judge(tree, wanted),
        findings.of_summary(tree),
        tree.attrs["experiment"],
        failures=findings.failures(tree),
        summary=files.sha256(Path(snakemake.input.summary) / files.MANIFEST),
        json_path=Path(snakemake.output.json),
        text=Path(snakemake.output.text),
        page=Path(snakemake.output.page),
    )
