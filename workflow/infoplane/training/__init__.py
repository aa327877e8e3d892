"""Training: the loop, ensembles of seeds, checkpoints and resuming, gradient statistics."""

from infoplane.training.run import Recipe, Record, train_run, work_digest

__all__ = ["Recipe", "Record", "train_run", "work_digest"]
