"""An experiment: its schedule, the variants of its sweep, their names, and its runs."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infoplane import experiment
from infoplane.errors import ConfigError
from infoplane.experiment import Experiment, label, schedule

SMALLEST: dict[str, Any] = {
    "title": "x",
    "dataset": {"name": "digits"},
    "model": {"name": "lenet"},
    "training": {"epochs": 4},
    "estimators": [{"name": "renyi"}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def loaded(file: Path, *, first: int | None = None, **changes: Any) -> Experiment:
    file.write_text(yaml.safe_dump({**SMALLEST, **changes}, sort_keys=False))
    return experiment.load(file, preview=False, first=first)


def with_preview(file: Path, section: dict[str, Any], *, asked: bool) -> Experiment:
    file.write_text(yaml.safe_dump({**SMALLEST, "preview": section}))
    return experiment.load(file, preview=asked)


def logarithmic(**changes: Any) -> dict[str, Any]:
    return {"spacing": "logarithmic", "first": 0.1, "per_decade": 3, "also": [], **changes}


class TestSchedule:
    def test_linear(self) -> None:
        linear = {"spacing": "linear", "every": 2, "also": []}
        assert schedule(linear, epochs=5) == (0, 2, 4, 5)
        assert schedule({**linear, "also": [0.5, 4]}, epochs=4) == (0, 0.5, 2, 4)

    def test_linear_in_steps_that_binary_numbers_do_not_have(self) -> None:
        assert schedule({"spacing": "linear", "every": 0.1, "also": []}, epochs=0.7) == (
            *(0, 0.1, 0.2, 0.3),
            *(0.4, 0.5, 0.6, 0.7),
        )

    def test_logarithmic_is_powers_of_ten_rounded_to_six_decimals(self) -> None:
        assert schedule(logarithmic(), epochs=10) == (0, 0.1, 0.215443, 0.464159, 1, 2.154435, 4.641589, 10)

    def test_logarithmic_ends_at_the_last_epoch_whatever_the_grid(self) -> None:
        assert schedule(logarithmic(per_decade=1, also=[0.5]), epochs=7) == (0, 0.1, 0.5, 1, 7)

    def test_first_lies_on_the_grid_or_before_it(self) -> None:
        assert schedule(logarithmic(first=0.2, per_decade=1), epochs=10) == (0, 1, 10)
        assert schedule(logarithmic(first=20), epochs=10) == (0, 10)

    def test_a_list_is_sorted_completed_and_free_of_repetition(self) -> None:
        assert schedule([3, 0.5, 3.0, 0.50000001], epochs=4) == (0, 0.5, 3, 4)

    @given(
        per_decade=st.integers(1, 20),
        first=st.floats(1e-3, 1),
        short=st.integers(1, 300),
        more=st.integers(0, 300),
    )
    def test_a_longer_training_keeps_the_earlier_epochs(
        self, per_decade: int, first: float, short: int, more: int
    ) -> None:
        spacing = logarithmic(per_decade=per_decade, first=first)
        earlier, later = (schedule(spacing, epochs=epochs) for epochs in (short, short + more))
        assert set(earlier) - {short} <= set(later)
        assert set(later) - set(earlier) <= {epoch for epoch in later if epoch >= short}

    @given(
        checkpoints=st.one_of(
            st.lists(st.floats(0, 50), min_size=1),
            st.builds(lambda every: {"spacing": "linear", "every": every, "also": []}, st.floats(0.01, 100)),
            st.builds(lambda first: logarithmic(first=first), st.floats(1e-4, 100)),
        ),
        epochs=st.integers(50, 100),
    )
    def test_every_schedule_rises_from_the_untrained_network_to_the_last_epoch(
        self, checkpoints: Any, epochs: int
    ) -> None:
        found = schedule(checkpoints, epochs=epochs)
        assert found[0] == 0
        assert found[-1] == epochs
        assert all(one < two for one, two in pairwise(found))
        assert all(epoch == round(epoch, 6) for epoch in found)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([6, 12], "6-12"),
        ({"scheme": "xavier_uniform", "gain": 4}, "xavier_uniform-4"),
        ([[1, 2], [3]], "1-2-3"),
        (True, "on"),
        (False, "off"),
        (0.5, "0.5"),
        ("relu", "relu"),
        ([], ""),
    ],
)
def test_label(value: object, text: str) -> None:
    assert label(value) == text


class TestVariants:
    def test_without_a_sweep_there_is_one(self, file: Path) -> None:
        (only,) = loaded(file).variants
        assert (only.name, only.labels) == ("default", {})

    def test_a_block_is_a_product_and_the_blocks_are_a_union_in_the_order_given(self, file: Path) -> None:
        found = loaded(
            file,
            sweep=[
                {"training.learning_rate": [0.1, 0.2], "model.activation": ["relu", "tanh"]},
                {"training.learning_rate": [0.4], "model.activation": ["relu"]},
            ],
        )
        assert found.swept == ("training.learning_rate", "model.activation")
        assert [tuple(variant.labels.values()) for variant in found.variants] == [
            *[("0.1", "relu"), ("0.1", "tanh"), ("0.2", "relu"), ("0.2", "tanh")],
            ("0.4", "relu"),
        ]
        assert found.variants[1].settings["training"]["learning_rate"] == 0.1
        assert found.variants[1].settings["model"]["activation"] == "tanh"

    def test_duplicates_are_merged_also_where_one_spells_a_default_out(self, file: Path) -> None:
        sweep = [
            {"training.init": [{"scheme": "default"}, {"scheme": "default", "gain": 1.0}]},
            {"model.name": ["lenet"]},
        ]
        assert len(loaded(file, sweep=sweep).variants) == 1

    def test_a_key_that_a_block_leaves_out_keeps_the_value_of_the_base(self, file: Path) -> None:
        sweep = [{"training.learning_rate": [0.5]}, {"model.filters": [[2, 4]]}]
        first, second = loaded(file, sweep=sweep).variants
        assert first.labels == {"training.learning_rate": "0.5", "model.filters": "None"}
        assert second.labels == {"training.learning_rate": "0.1", "model.filters": "2-4"}

    def test_a_value_that_is_a_mapping_replaces_the_whole_and_gets_its_defaults(self, file: Path) -> None:
        base = {"epochs": 4, "init": {"scheme": "xavier_normal", "gain": 2}}
        sweep = [{"training.init": [{"scheme": "kaiming_normal"}]}]
        (only,) = loaded(file, training=base, sweep=sweep).variants
        assert only.settings["training"]["init"] == {"scheme": "kaiming_normal", "gain": 1.0}

    def test_names_are_folders_and_differ(self, file: Path) -> None:
        sweep = [{"model.activation": ["a/b", "a b", "../..", "ü"]}]
        names = [variant.name for variant in loaded(file, sweep=sweep).variants]
        assert len(set(names)) == 4
        assert all("/" not in name and " " not in name and name not in {".", ".."} and name.isascii() for name in names)

    def test_a_long_name_is_cut_and_still_its_own(self, file: Path) -> None:
        sweep = [{"model.note": ["x" * 300 + "1", "x" * 300 + "2"]}]
        one, two = (variant.name for variant in loaded(file, sweep=sweep).variants)
        assert one != two
        assert len(one) == len(two) == 120

    def test_a_wrong_value_in_the_sweep_is_told_with_file_and_point(self, file: Path) -> None:
        message = rf"^{file}, sweep 0, relu:\n  - key 'training\.epochs' is 0; accepted: a number > 0$"
        with pytest.raises(ConfigError, match=message):
            loaded(file, sweep=[{"training.epochs": [1, 0], "model.activation": ["relu"]}])


class TestRuns:
    @pytest.mark.parametrize(
        ("training", "seeds", "blocks"),
        [
            ({}, 3, [(0,), (1,), (2,)]),
            ({"block": 2}, 5, [(0, 1), (2, 3), (4,)]),
            ({"ensemble": True}, 3, [(0, 1, 2)]),
            ({"ensemble": True, "block": 2}, 3, [(0, 1), (2,)]),
            ({"block": 2}, [7, 3, 5], [(7, 3), (5,)]),
        ],
    )
    def test_blocks_of_seeds(
        self, file: Path, training: dict[str, Any], seeds: Any, blocks: list[tuple[int, ...]]
    ) -> None:
        found = loaded(file, training={"epochs": 4, **training}, seeds=seeds)
        assert [run.seeds for run in found.runs] == blocks

    def test_names_tell_variant_and_seeds(self, file: Path) -> None:
        found = loaded(
            file, training={"epochs": 4, "block": 2}, seeds=3, sweep=[{"model.activation": ["relu", "tanh"]}]
        )
        assert [run.name for run in found.runs] == [
            *["activation-relu.seeds-0-1", "activation-relu.seeds-2"],
            *["activation-tanh.seeds-0-1", "activation-tanh.seeds-2"],
        ]

    def test_seeds_that_do_not_follow_one_another_have_names_that_differ(self, file: Path) -> None:
        training = {"epochs": 4, "block": 2}
        names = [loaded(file, training=training, seeds=seeds).runs[0].name for seeds in ([1, 3], [3, 1], [1, 4])]
        assert len(set(names)) == 3

    def test_more_seeds_leave_the_earlier_runs_as_they_were(self, file: Path) -> None:
        before, after = (loaded(file, seeds=seeds).runs for seeds in (2, 4))
        assert after[:2] == before

    @pytest.mark.parametrize(
        ("training", "seeds", "first", "blocks", "left_out"),
        [
            ({}, 5, 2, [(0,), (1,)], (2, 3, 4)),
            ({}, 2, 3, [(0,), (1,)], ()),
            ({}, [7, 3, 5], 2, [(7,), (3,)], (5,)),
            ({"block": 2}, 5, 4, [(0, 1), (2, 3)], (4,)),
            ({"block": 2}, 5, 3, [(0, 1), (2,)], (3, 4)),
            ({"ensemble": True}, 5, 2, [(0, 1)], (2, 3, 4)),
        ],
    )
    def test_the_first_seeds_alone(
        self,
        file: Path,
        training: dict[str, Any],
        seeds: Any,
        first: int,
        blocks: list[tuple[int, ...]],
        left_out: tuple[int, ...],
    ) -> None:
        found = loaded(file, first=first, training={"epochs": 4, **training}, seeds=seeds)
        assert [run.seeds for run in found.runs] == blocks
        assert found.left_out == left_out


class TestPreview:
    def test_lies_over_the_rest_under_a_name_of_its_own(self, file: Path) -> None:
        section = {"training": {"epochs": 1}, "seeds": 1}
        full, short = (with_preview(file, section, asked=asked) for asked in (False, True))
        assert (full.name, full.settings["training"]["epochs"], full.seeds) == ("mine", 4, (0, 1, 2))
        assert (short.name, short.settings["training"]["epochs"], short.seeds) == ("mine-preview", 1, (0,))
        assert short.settings["training"]["optimiser"] == "sgd"

    def test_none_to_apply(self, file: Path) -> None:
        with pytest.raises(ConfigError, match=rf"^{file}: has no `preview` section to apply; add one, or leave"):
            with_preview(file, {}, asked=True)

    def test_a_fault_in_it_is_told_also_when_it_is_not_asked_for(self, file: Path) -> None:
        message = rf"^{file} with its preview section:\n  - key 'training\.epoch' \(value 1\) is not known"
        with pytest.raises(ConfigError, match=message):
            with_preview(file, {"training": {"epoch": 1}}, asked=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": 100_001}, r"key 'seeds' is 100001; accepted: at most 100000"),
        (
            {"sweep": [{f"model.{key}": list(range(20)) for key in "abcdefgh"}]},
            r"key 'sweep' has 25600000000 variants; accepted: at most 100000",
        ),
        (
            {"training": {"epochs": 4, "checkpoints": {"spacing": "linear", "every": 1e-6}}},
            r"key 'training\.checkpoints' is .*1e-06.*, which asks for 4000000 of them; accepted: at most 100000",
        ),
        (
            {"training": {"epochs": 1, "checkpoints": {"spacing": "logarithmic", "per_decade": 10**9}}},
            r"key 'training\.checkpoints' is .*, which asks for 1000000000 of them; accepted: at most 100000",
        ),
        (
            {"training": {"epochs": 4, "checkpoints": {"spacing": "linear", "also": [1, 4.5]}}},
            r"key 'training\.checkpoints' asks for epoch 4\.5, beyond the last; accepted: at most .*epochs \(4\)",
        ),
        (
            {"training": {"threads": 10**6, "epochs": 4}},
            r"key 'training\.threads' is 1000000; accepted: a whole number ≥ 1 and ≤ 1024",
        ),
        (
            {"estimators": [{"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 10**9}}]},
            r"key 'estimators\.0\.edges\.bins' is 1000000000; accepted: a whole number ≥ 2 and ≤ 100000",
        ),
        (
            {"sensitivity": {"edges": [10**9]}},
            r"key 'sensitivity\.edges\.0' is 1000000000; accepted: a whole number ≥ 2 and ≤ 100000",
        ),
        (
            {"training": {"epochs": 4, "checkpoints": {"spacing": "logarithmic", "first": 5}}},
            r"key 'training\.checkpoints' asks for epoch 5, beyond the last; accepted: at most .*epochs \(4\)",
        ),
        (
            {"sweep": [{"training.epochs": [2, 4]}], "training": {"epochs": 4, "checkpoints": [3]}},
            r"key 'training\.checkpoints' asks for epoch 3, beyond the last; accepted: at most training\.epochs \(2\)",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_made(file: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{file}:\n  - {message}$"):
        loaded(file, **changes)


@pytest.mark.parametrize("name", ["my experiment.yaml", "-x.yaml", "ü.yaml", "a.b.yaml"])
def test_a_file_whose_name_makes_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"becomes a folder's; accepted: letters, digits, _ and -"):
        loaded(tmp_path / name)
