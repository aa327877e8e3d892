"""The style of figures: one place, another per experiment, and nothing but drawings made again."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infoplane import plan
from infoplane.config import merged
from infoplane.errors import ConfigError

from .conftest import QUICKSTART, ROOT, differing, digests, planned

MOVING = {"animations": ["information_plane"]}


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ({"width": "column"}, {"draw"}),
        ({"column": 89, "page": 183, "font_size": 6}, {"draw"}),
        ({"font": "serif"}, {"draw", "animate"}),
        ({"palette": {"groups": "deep"}}, {"draw", "animate", "explore"}),
        ({"palette": {"epochs": "cividis"}, "page": 180}, set()),  # as by default
    ],
)
def test_a_style_draws_again_what_shows_it_and_computes_nothing(
    file: Path, style: dict[str, Any], expected: set[str]
) -> None:
    before = digests(planned(file, **MOVING))
    assert differing(before, digests(planned(file, **MOVING, style=style))) == expected


def test_an_experiment_goes_before_config_yaml_key_by_key(file: Path) -> None:
    file.write_text(yaml.safe_dump(merged(QUICKSTART, {"style": {"palette": {"layers": "mako"}, "width": "page"}})))
    everywhere = {"font_size": 8, "width": 120, "palette": {"layers": "magma", "epochs": "plasma"}}
    found = plan.study({"experiments": ["quickstart", str(file)], "style": everywhere}, base=ROOT, networks=False)
    styles = {name: each.experiment.settings["style"] for name, each in found.planned.items()}
    assert styles["quickstart"]["palette"] == {"layers": "magma", "epochs": "plasma", "groups": "colorblind"}
    assert (styles["quickstart"]["font_size"], styles["quickstart"]["width"]) == (8, 120)
    assert styles["mine"]["palette"] == {"layers": "mako", "epochs": "plasma", "groups": "colorblind"}
    assert (styles["mine"]["font_size"], styles["mine"]["width"], styles["mine"]["column"]) == (8, "page", 85)


def test_a_preview_may_have_a_style_of_its_own(file: Path) -> None:
    changes = {"preview": {"style": {"width": 100}}}
    file.write_text(yaml.safe_dump(merged(QUICKSTART, changes)))
    found = plan.study({"experiments": [str(file)], "preview": True}, base=ROOT, networks=False)
    assert found.planned["mine-preview"].experiment.settings["style"]["width"] == 100


def test_a_slip_is_told_with_file_key_and_value(file: Path) -> None:
    message = r"mine\.yaml:\s+- key 'style\.palette\.epochs' is 'jet'; accepted: one of cividis"
    with pytest.raises(ConfigError, match=message):
        planned(file, style={"palette": {"epochs": "jet"}})


def test_the_comments_of_config_yaml_show_the_defaults() -> None:
    shipped = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert shipped == yaml.safe_load(yaml.safe_dump(plan.config.complete({}, schema="config", origin="")))
