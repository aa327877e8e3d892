"""Each experiment on a part is that on the whole, but for that part: of the data, or of the variants."""

from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "workflow" / "experiments"


def both(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The part and the whole, without their titles, which differ."""
    part, whole = (
        yaml.safe_load(path.read_text())
        for path in (HERE / f"{name}.yaml", SHIPPED / f"{name.removesuffix('_part')}.yaml")
    )
    assert part["title"] != whole["title"]
    for each in (part, whole):
        del each["title"], each["preview"]["title"]
    return part, whole


@pytest.mark.parametrize("name", ["resnet20_part", "wickstrom2023_vgg16_part"])
def test_only_the_data_differ(name: str) -> None:
    part, whole = both(name)
    assert part.pop("dataset") == {"factory": "cifar10_part.py:load"}
    assert whole.pop("dataset") == {"name": "cifar10"}
    del whole["preview"]["dataset"]
    assert part == whole


def test_only_the_widths_of_the_code_differ() -> None:
    part, whole = both("yu2019_autoencoder_part")
    ((own, every),) = zip(part.pop("sweep"), whole.pop("sweep"), strict=True)
    assert len(own["model.code"]) == 5
    assert set(own["model.code"]) < set(every["model.code"])
    assert part == whole


def test_every_part_is_compared() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == {
        "resnet20_part",
        "wickstrom2023_vgg16_part",
        "yu2019_autoencoder_part",
    }
