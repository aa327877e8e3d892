"""Animations of figures: which there are, and what they are made from."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from infoplane import plan
from infoplane.errors import ConfigError

from .conftest import QUICKSTART, ROOT, differing, digests, planned, study

PLANES: list[Any] = ["information_plane", {"figure": "information_plane", "name": "early", "layers": ["conv1"]}]


class TestAnimations:
    def test_they_are_two_files_of_each_that_is_asked_for(self, file: Path) -> None:
        found = study(file, figures=[*PLANES, "training"], animations=["early", "information_plane"])
        assert found.animations() == [
            f"results/mine/animations/{name}.{ending}"
            for name in ("early", "information_plane")
            for ending in ("gif", "html")
        ]
        assert study(file).animations() == []

    def test_they_are_made_as_their_figure_is_drawn(self, file: Path) -> None:
        found = study(file, figures=PLANES, animations=["early"])
        wildcards = SimpleNamespace(experiment="mine", figure="early")
        drawn, moving = found.draw(wildcards), found.animate(wildcards)
        assert {key: moving[key] for key in ("figure", "options")} == {key: drawn[key] for key in ("figure", "options")}
        assert moving["options"] == {"layers": ["conv1"]}

    def test_an_option_of_a_figure_concerns_its_own_animation_alone(self, file: Path) -> None:
        both = ["information_plane", "early"]
        before = digests(planned(file, figures=PLANES, animations=both))
        edited = [PLANES[0], {**PLANES[1], "layers": ["conv2"]}]
        after = digests(planned(file, figures=edited, animations=both))
        assert differing(before, after) == {"draw", "animate"}
        assert [name for name in both if before["animate"][name] != after["animate"][name]] == ["early"]

    def test_the_page_that_they_are_put_in_is_one_of_their_parameters(
        self, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = planned(file, figures=PLANES, animations=["early"])
        before = digests(found)
        (tmp_path / "animation.html").write_text("another page")
        monkeypatch.setattr("infoplane.plan.parameters._TEMPLATE", tmp_path / "animation.html")
        assert differing(before, digests(found)) == {"animate"}

    def test_a_preview_has_them_too(self, file: Path) -> None:
        file.write_text(yaml.safe_dump({**QUICKSTART, "animations": ["information_plane"], "preview": {"seeds": 1}}))
        found = plan.study({"experiments": [str(file)], "preview": True}, base=ROOT, networks=False)
        assert found.animations()[0] == "results/mine-preview/animations/information_plane.gif"

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            (
                "erly",
                "has 'erly', which is not among 'figures'; did you mean 'early'? accepted: information_plane, early",
            ),
            ("planes", "has 'planes', which is not among 'figures'; accepted: information_plane, early"),
            ("learning", "has 'learning', a figure 'training', which has none; accepted: information_plane, early"),
        ],
    )
    def test_what_does_not_move_is_refused(self, file: Path, name: str, message: str) -> None:
        shown = [*PLANES, {"figure": "training", "name": "learning"}]
        with pytest.raises(ConfigError) as caught:
            study(file, figures=shown, animations=["early", name])
        assert str(caught.value) == f"{file}:\n  - key 'animations' {message}"

    def test_without_a_plane_there_is_nothing_to_accept(self, file: Path) -> None:
        with pytest.raises(ConfigError, match=r"'training', a figure 'training', which has none; accepted: none$"):
            study(file, figures=["training"], animations=["training"])

    def test_each_is_asked_for_once(self, file: Path) -> None:
        with pytest.raises(ConfigError, match="key 'animations' has 'early' more than once; accepted: each once"):
            study(file, figures=PLANES, animations=["early", "early"])
