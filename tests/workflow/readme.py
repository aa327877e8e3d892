"""The code blocks of README.md, and its commands as a user runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT, Project

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"(?:<!-- (\w+)(?:: ([\w.]+))? -->\n)?```(\w+)\n(.*?)```\n", flags=re.DOTALL)
BLOCKS = BLOCK.findall(README)


def block(name: str) -> str:
    """The block that is tested under a name."""
    (text,) = (text for mark, known, _, text in BLOCKS if (mark, known) == ("tested", name))
    return text


def commands(text: str) -> list[str]:
    """The commands of a shell block, for this Python in place of the clone's."""
    return [re.sub(r"\S*\.venv/bin/(?:python|(\w+))", _here, line) for line in text.splitlines()]


def run(command: str, project: Project, folder: Path) -> str:
    """Run a command in a folder, with the library of a copy of the project; what it said."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(project.folder / "workflow"), *sys.path[1:]])}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stderr + done.stdout


def _here(found: re.Match[str]) -> str:
    """A program of the environment as a module of it."""
    return f"{sys.executable} -m {found[1]}" if found[1] else sys.executable
