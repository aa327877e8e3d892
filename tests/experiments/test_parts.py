"""The experiments on a part of CIFAR-10 are those on the whole of it, but for the data."""

from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "workflow" / "experiments"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.yaml")), ids=lambda path: path.stem)
def test_only_the_data_differ(path):
    part, whole = (
        yaml.safe_load(each.read_text()) for each in (path, SHIPPED / f"{path.stem.removesuffix('_part')}.yaml")
    )
    assert part["dataset"] == {"factory": "cifar10_part.py:load"}
    assert whole["dataset"] == {"name": "cifar10"}
    assert part["title"] != whole["title"]
    for each in (part, whole):
        del each["dataset"], each["title"], each["preview"]["title"]
    del whole["preview"]["dataset"]
    assert part == whole
