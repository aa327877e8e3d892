"""Bring a data set into one store."""

from pathlib import Path

import numpy as np

from infoplane import datasets, jobs, labels, store

with jobs.reported(snakemake.log[0]):
    settings = snakemake.params.settings
    data = datasets.load(settings["source"], folder=Path(settings["folder"]))
    splits = {"train": data.train, "test": data.test}
    arrays = {
        "input": np.concatenate([split.inputs.numpy() for split in splits.values()]),
        "target": np.concatenate([split.targets.numpy() for split in splits.values()]),
        "split": np.array([name for name, split in splits.items() for _ in split.targets], dtype=object),
    }
    facts = {"name": data.description.name, "checksum": data.description.checksum, "classes": data.description.classes}
    store.write(
        snakemake.output.store,
        "dataset",
        labels.label("dataset", arrays, {}),
        provenance=jobs.provenance(snakemake.params, **facts),
    )
