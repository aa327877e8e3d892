"""Data sets by name, from a file or from your own function, and the subsets that are drawn from them.

>>> from infoplane import datasets
>>> digits = datasets.load("digits")
>>> digits.train.inputs.shape, digits.description.classes
(torch.Size([1437, 1, 8, 8]), 10)

Describing a data set needs no torch, so that a workflow is planned quickly; only `load` imports it.
"""

from infoplane.datasets.content import Dataset, Description, Split
from infoplane.datasets.registry import describe, load, names
from infoplane.datasets.sampling import subset

__all__ = ["Dataset", "Description", "Split", "describe", "load", "names", "subset"]
