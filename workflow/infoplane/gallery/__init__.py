"""One page with every figure of every experiment under a folder of results, and its settings.

It links the files of the figures and holds none of them: all that ``results/`` has is on it, also from earlier runs,
and it stays small. `content` reads what is there, `write` makes the page; ``python -m infoplane.gallery`` does both.
"""

from infoplane.gallery.content import Experiment, Figure, read
from infoplane.gallery.write import save

__all__ = ["Experiment", "Figure", "read", "save"]
