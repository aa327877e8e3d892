"""Imports run one way, as the flow of the data does."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from infoplane import figures

PACKAGE = Path(__file__).parents[2] / "workflow" / "infoplane"
BASE = {
    "adoption",
    "alone",
    "errors",
    "names",
    "schema",
    "files",
    "measurable",
    "config",
    "experiment",
    "provenance",
    "recordings",
    "targets",
    "factories",
    "grid",
    "jobs",
    "pairs",
    "termination",
}
NETWORKS = {"datasets", "models", "training", "capture", "device"}
# What the modules of a room may import: rooms of the package, and packages that they must not.
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    **{name: (BASE, {"torch", "xarray", "zarr", "matplotlib"}) for name in BASE},
    # A recorder saves what it saw; that xarray is loaded only then, `test_what_a_process_loads` looks after.
    "capture": (BASE | NETWORKS | {"measures", "labels", "store"}, {"xarray", "zarr", "matplotlib"}),
    "measures": (set(), {"xarray", "zarr", "yaml", "pandas"}),
    **{name: (BASE | NETWORKS | {"measures"}, {"xarray", "zarr", "matplotlib"}) for name in NETWORKS - {"capture"}},
    "lightning": (BASE | {"capture", "models"}, {"xarray", "zarr", "matplotlib"}),
    "labels": (BASE, {"torch", "matplotlib", "zarr"}),
    "store": (BASE | {"labels"}, {"torch", "matplotlib"}),
    "analysis": (BASE | {"measures", "labels", "store"}, {"matplotlib", "seaborn"}),
    "derived": ({"schema", "pairs"}, {"torch", "matplotlib", "zarr"}),
    "figures": ({"errors", "names", "schema", "files", "grid", "config", "experiment", "derived"}, {"torch", "zarr"}),
    "claims": (BASE | {"derived"}, {"torch", "zarr", "matplotlib"}),
    "explorer": ({"errors", "schema", "files", "derived", "figures", "claims"}, {"torch", "zarr"}),
    "gallery": ({"errors", "files", "figures"}, {"torch", "xarray", "zarr", "matplotlib"}),
    "plan": (BASE | {"datasets", "models", "figures", "claims", "explorer"}, {"torch", "xarray", "zarr"}),
    "costs": (BASE | {"datasets", "models", "capture", "plan"}, {"xarray", "zarr", "matplotlib"}),
    "commands": (BASE | {"plan", "costs", "figures", "store"}, {"torch", "xarray", "zarr", "matplotlib"}),
}


def violations(room: str, name: str, text: str) -> list[str]:
    """Imports of a module that its room does not allow."""
    rooms, banned = ALLOWED[room]
    found = []
    for module in _imported(text):
        top, *inner = module.split(".")
        if top in banned | {"snakemake"}:
            found.append(f"{name} imports {module}")
        if top == "infoplane" and inner and inner[0] not in rooms | {room}:
            found.append(f"{name} imports {module}")
        if not top:
            found.append(f"{name} imports {module}, where the digests of code look for full names only")
    return found


def _imported(text: str) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "infoplane":
            modules |= {f"infoplane.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add("." * node.level + (node.module or ""))
    return modules


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_room(room: str) -> None:
    place = PACKAGE / room
    modules = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert modules
    assert [fault for path in modules for fault in violations(room, path.name, path.read_text())] == []


def test_every_module_has_a_room() -> None:
    rooms = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith("__")}
    assert rooms == set(ALLOWED)


@pytest.mark.parametrize(
    ("room", "text", "fault"),
    [
        ("measures", "import xarray as xr", "x imports xarray"),
        ("measures", "from infoplane import files", "x imports infoplane.files"),
        ("figures", "def f():\n    import torch", "x imports torch"),
        ("training", "from infoplane.store import write", "x imports infoplane.store"),
        ("store", "from snakemake.utils import validate", "x imports snakemake.utils"),
        ("plan", "if TYPE_CHECKING:\n    from torch import Tensor", "x imports torch"),
        (
            "models",
            "from .layers import Layer",
            "x imports .layers, where the digests of code look for full names only",
        ),
        ("models", "from .. import store", "x imports .., where the digests of code look for full names only"),
    ],
)
def test_a_violation_is_seen(room: str, text: str, fault: str) -> None:
    assert violations(room, "x", text) == [fault]


def test_measures_stand_on_torch_numpy_and_numba_alone() -> None:
    imported = {
        module.partition(".")[0]
        for path in (PACKAGE / "measures").rglob("*.py")
        for module in _imported(path.read_text())
    }
    assert imported - sys.stdlib_module_names - {"infoplane"} <= {"torch", "numpy", "numba", "llvmlite"}


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        (
            ", ".join(["infoplane.figures.files", *(f"infoplane.figures.pages.{name}" for name in figures.names())]),
            "torch",
        ),
        ("infoplane.store", "torch"),
        ("infoplane.plan", "torch"),
        ("infoplane.commands", "torch"),
        ("infoplane.commands", "pandas"),
        ("infoplane.training, infoplane.capture", "xarray"),
        ("infoplane.measures.pid", "xarray"),
        ("infoplane.measures.renyi, infoplane.measures.pid, infoplane.measures.binning", "numba"),
    ],
)
def test_what_a_process_loads(imported: str, absent: str) -> None:
    program = f"import sys, {imported}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
