"""The environments for clusters agree with the constraints, and have all that their stages import."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
ALIASES = {"pytorch": "torch"}  # as conda-forge calls it
# Every module of the rooms that a script imports, since some are imported only when they are used.
PROGRAM = """
import importlib, pkgutil, sys
blocked, rooms = (line.split() for line in sys.stdin.read().splitlines())
sys.modules.update(dict.fromkeys(blocked))
for room in rooms:
    package = importlib.import_module(room)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{room}."):
        importlib.import_module(module.name)
"""


def pins(path: Path) -> dict[str, str]:
    """Packages of an environment, with their versions."""
    *own, last = yaml.safe_load(path.read_text())["dependencies"]
    lines = [each for each in [*own, *(last["pip"] if isinstance(last, dict) else [last])] if each != "pip"]
    found = [re.split("==?", line) for line in lines]
    return {canonicalize_name(ALIASES.get(name, name)): version for name, version in found if name != "python"}


def scripts(path: Path) -> set[Path]:
    """Scripts of the rules that name an environment."""
    found = set()
    for rules in (ROOT / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"^\s*rule ?\w*:", rules.read_text(), flags=re.MULTILINE):
            if f'"../../envs/{path.name}"' in rule:
                found.add(rules.parent / re.search(r'script:\s+"([^"]+)"', rule)[1])
    return found


def rooms(script: Path) -> set[str]:
    """Rooms and modules of this project that a script imports."""
    found = set()
    for node in ast.parse(script.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("infoplane"):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if _is_module(name) else node.module for name in names}
    return found


def _is_module(name: str) -> bool:
    path = ROOT / "workflow" / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def closure(names: set[str]) -> set[str]:
    """Distributions with all that they require, extras aside."""
    found: set[str] = set()
    todo = set(names)
    while todo:
        name = todo.pop()
        found.add(name)
        wanted = [Requirement(text) for text in requires(name) or ()]
        todo |= {canonicalize_name(each.name) for each in wanted if not each.marker or each.marker.evaluate()} - found
    return found


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.name)
def test_versions_are_those_of_the_constraints(path: Path) -> None:
    lines = (ROOT / "envs" / "constraints.txt").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    known = {
        canonicalize_name(each.name): str(each.specifier).removeprefix("==")
        for each in wanted
        if not each.marker or each.marker.evaluate()
    }
    assert pins(path) == {name: known.get(name) for name in pins(path)}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.name)
def test_every_import_of_a_stage_is_in_its_environment(path: Path) -> None:
    assert scripts(path)
    allowed = closure(set(pins(path)))
    blocked = [
        name
        for name, distributions in packages_distributions().items()
        if name != "infoplane" and allowed.isdisjoint(map(canonicalize_name, distributions))
    ]
    assert {"snakemake", "pytest"} <= set(blocked)
    named = sorted({room for script in scripts(path) for room in rooms(script)})
    given = f"{' '.join(blocked)}\n{' '.join(named)}\n"
    ran = subprocess.run([sys.executable, "-c", PROGRAM], input=given, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
