"""A thousand experiment files that somebody got wrong: each is planned, or refused with one message."""

import copy
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infoplane import plan
from infoplane.errors import ConfigError

from .conftest import ROOT, refusal

pytestmark = pytest.mark.faults

SHIPPED = sorted((ROOT / "workflow" / "experiments").glob("*.yaml"))
FILES, ON_THE_COMMAND_LINE = 1000, 20
VALUES: list[Any] = [
    None,
    -1,
    0,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../x",
    [],
    [[]],
    {},
    {"a": 1},
    True,
]
INSERTED = "\t\n\0 :-[]{}&*!|>'\"%@`#,?é\u2028\ud800"


def damaged_values(text: str, chosen: random.Random) -> str:
    """One to three values of the file removed, or replaced by others of any type."""
    settings = yaml.safe_load(text)
    for _ in range(chosen.randint(1, 3)):
        inner: Any = settings
        while isinstance(inner, dict | list) and inner:
            key = chosen.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
            if chosen.random() < 0.4 or not isinstance(inner[key], dict | list) or not inner[key]:
                if chosen.random() < 0.3 and isinstance(inner, dict):
                    del inner[key]
                else:
                    inner[key] = copy.deepcopy(chosen.choice(VALUES))
                break
            inner = inner[key]
    return yaml.safe_dump(settings)


def damaged_text(text: str, chosen: random.Random) -> str:
    """One to three places of the text at which a character is changed, or a line lost, doubled or moved aside."""
    for _ in range(chosen.randint(1, 3)):
        lines = text.splitlines(keepends=True) or [""]
        at, place = chosen.randrange(len(lines)), chosen.randrange(len(text) + 1)
        kind = chosen.randrange(6)
        if kind < 3:
            text = text[:place] + (chosen.choice(INSERTED) if kind else "") + text[place + kind // 2 :]
        else:
            lines[at] = ["", 2 * lines[at], "  " + lines[at]][kind - 3]
            text = "".join(lines)
    return text if chosen.random() < 0.9 else text[: chosen.randrange(len(text) + 1)]


def damaged() -> Iterator[bytes]:
    """As many files as are asked for, always the same."""
    chosen = random.Random(7)
    texts = [path.read_text(encoding="utf-8") for path in SHIPPED]
    for _ in range(FILES):
        damage = chosen.choice([damaged_values, damaged_text])
        yield damage(chosen.choice(texts), chosen).encode("utf-8", "surrogatepass")


def fault(file: Path) -> str:
    """What a file is refused with; empty if it is not. Any error but a ConfigError goes on its way."""
    try:
        plan.study({"experiments": [str(file)]}, base=ROOT)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_thousand_in_one_process(tmp_path: Path) -> None:
    file, outcomes = tmp_path / "mine.yaml", Counter[str]()
    for content in damaged():
        file.write_bytes(content)
        said = fault(file)
        assert not said or said.count(str(file)) == 1, content
        outcomes["refused" if said else "planned"] += 1
    assert outcomes["refused"] > FILES // 2
    assert outcomes["planned"] > FILES // 20, "nearly nothing was nearly right"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_twenty_on_the_command_line(tmp_path: Path) -> None:
    file, seen = tmp_path / "mine.yaml", 0
    for content in damaged():
        file.write_bytes(content)
        if not (expected := fault(file)):
            continue
        assert refusal(file).count(f"infoplane: {expected}") == 1, content
        seen += 1
        if seen == ON_THE_COMMAND_LINE:
            return
    pytest.fail(f"only {seen} files were refused")
