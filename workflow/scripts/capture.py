"""Look at every network of a run at every checkpoint."""

from pathlib import Path

from infoplane import capture, device, files, jobs, labels, store

with jobs.reported(snakemake.log[0]):
    data, training = store.load(snakemake.input.dataset, "dataset"), store.load(snakemake.input.training, "training")
    checkpoints, settings = Path(snakemake.input.checkpoints), snakemake.params.recipe
    files.check_folder(checkpoints, rule="train")
    where = device.prepare(threads=settings["threads"], granted=snakemake.threads)
    run = capture.recorded_run if "every" in settings["probe"] else capture.capture_run
    found = run(
        capture.Recipe.of(settings),
        store.splits(data),
        data.attrs["classes"],
        store.arrays(training),
        checkpoints=checkpoints,
        where=where,
        soft=store.target_probability(data),
    )
    facts = {"device": device.describe(where), "training": jobs.source(training.attrs)}
    store.write_slabs(
        snakemake.output.activations,
        root=labels.label("activations", found.arrays, found.coords, leading=found.leading),
        layers=found.layers,
        slabs=found.slabs,
        provenance=jobs.provenance({"recipe": settings}, classes=data.attrs["classes"], **facts),
    )
