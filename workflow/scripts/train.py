"""Train the networks of a run."""

from pathlib import Path

from infoplane import capture, device, files, jobs, labels, store, training

with jobs.reported(snakemake.log[0]):
    data, settings = store.load(snakemake.input.dataset, "dataset"), snakemake.params.recipe
    recipe = training.Recipe.of(settings)
    where = device.prepare(threads=settings["training"]["threads"], granted=snakemake.threads)
    adopted = [Path(path) for path in snakemake.input.adopted]
    made_by = {
        "device": device.describe(where),
        "dataset": jobs.source(data.attrs),
        **({"adopted": {path.name: files.sha256(path) for path in adopted}} if adopted else {}),
    }
    provenance = jobs.provenance({"recipe": settings}, **made_by)
    facts = {
        **made_by,
        **{key: settings[key] for key in ("code", "source", "moments")},
        "versions": provenance["versions"],
    }
    splits = store.splits(data)
    record = training.train_run(
        recipe,
        splits,
        data.attrs["classes"],
        work=Path(snakemake.params.work) / training.work_digest(recipe, facts),
        output=Path(snakemake.output.checkpoints),
        where=where,
        witness=capture.Moments.of(settings["moments"], splits["test"]),
        adopted=adopted,
    )
    dataset = labels.label("training", record.arrays, record.coords, said=record.said)
    store.write(snakemake.output.training, "training", dataset, provenance=provenance)
