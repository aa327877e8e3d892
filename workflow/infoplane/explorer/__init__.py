"""One page in which a reader plays the training of an experiment's networks.

`content` says what is on it, as a pure function of a summary; `write` makes the page. The files that it is made of are
no modules, so that no digest of code has them: they are named here. Planning a workflow needs nothing else.
"""

from pathlib import Path

TEMPLATE = Path(__file__).parent / "page" / "explorer.html"
STYLE = TEMPLATE.with_suffix(".css")
SCRIPTS = tuple(TEMPLATE.with_name(f"{name}.js") for name in ("data", "panels", "controls"))  # in the order of use
SHOWN = ("information_plane", "modified_information_plane")  # the figures that it plays
PARTS = (TEMPLATE, STYLE, *SCRIPTS)
