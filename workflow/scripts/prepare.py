"""Bring a data set into one store."""

from pathlib import Path

import numpy as np

from infoplane import datasets, jobs, labels, store

with jobs.reported(snakemake.log[0]):
    settings = snakemake.params.settings
    data = datasets.load(settings["source"], folder=Path(settings["folder"]))
    splits = {"train": data.train, "test": data.test}
    held = {"input": "inputs", "target": "targets", "target_probability": "target_probability"}
    arrays = {
        **{
            variable: np.concatenate([getattr(split, name).numpy() for split in splits.values()])
            for variable, name in held.items()
            if getattr(data.train, name) is not None
        },
        "split": np.array([name for name, split in splits.items() for _ in split.targets], dtype=object),
    }
    facts = {"name": data.description.name, "checksum": data.description.checksum, "classes": data.description.classes}
    store.write(
        snakemake.output.store,
        "dataset",
        labels.label("dataset", arrays, {}),
        provenance=jobs.provenance(snakemake.params, **facts),
    )
