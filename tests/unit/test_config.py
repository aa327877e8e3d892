"""Reading what the user wrote: plain YAML, checked against a schema, with every fault told at once."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infoplane import config
from infoplane.errors import ConfigError

SMALLEST: dict[str, Any] = {
    "title": "x",
    "dataset": {"name": "digits"},
    "model": {"name": "lenet"},
    "training": {"epochs": 1},
    "estimators": [{"name": "renyi"}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def read(file: Path, text: str) -> dict[str, Any]:
    file.write_text(text, encoding="utf-8")
    return config.read(file)


class TestRead:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1e-3", 0.001),  # a text in YAML 1.1
            ("-2E5", -200000.0),
            (".5e1", 5.0),
            ("1.5", 1.5),
            ("-1.", -1.0),
            ("1.5e3", 1500.0),
            ("-.inf", float("-inf")),
            ("7", 7),
            ("-12", -12),
            ("0", 0),
            ("0x1F", 31),
            ("010", "010"),  # 8 in YAML 1.1
            ("10:30", "10:30"),  # 630 in YAML 1.1
            ("1_000", "1_000"),  # 1000 in YAML 1.1
            ("1e3x", "1e3x"),
            ("2020-01-01", "2020-01-01"),  # a date in YAML 1.1
            ("true", True),
            ("~", None),
            ("[1, [a]]", [1, ["a"]]),
        ],
    )
    def test_values_are_what_a_person_means(self, file: Path, text: str, value: object) -> None:
        found = read(file, f"key: {text}")["key"]
        assert found == value
        assert type(found) is type(value)

    def test_a_few_lines_that_hold_billions_of_values_are_refused(self, file: Path) -> None:
        lines = ["a0: &a0 [x, x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 40))]
        with pytest.raises(ConfigError, match="more than 100,000 values, once its aliases are written out"):
            read(file, "\n".join(lines))

    def test_an_anchor_is_repeated_and_merged(self, file: Path) -> None:
        found = read(file, "one: &one {a: 1, b: 2}\ntwo: {<<: *one, b: 3}\nthree: *one\n")
        assert found["two"] == {"a": 1, "b": 3}
        assert found["three"] == {"a": 1, "b": 2}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a: 1\nb: 2\na: 3\n", r"key 'a'.*line 1.* is given twice"),
            ("a: {b: 1, b: 2}", r"key 'b'.* is given twice"),
            ("1: a", r"key 1.* is not a string"),
            ("[a]: b", r"key \['a'\].* is not a string"),
            ("a: [", r"is not valid YAML: .*line 1"),
            ("a: b: c", r"is not valid YAML: mapping values are not allowed"),
            ("a: 1\n---\nb: 2", r"expected a single document"),
            ("a: \x00", r"special characters are not allowed"),
            ('a: "\\ud800"', r"surrogates not allowed"),
            ("a: &a [*a]", r"unconstructable recursive node.*line 1"),
            ("a: &a {b: *a}", r"unconstructable recursive node.*line 1"),
            ("a: " + "[" * 500, r"recursion"),
            ("a: 1" + "0" * 5000, r"is not valid YAML: Exceeds the limit"),
            ("a: !!binary aGk=", r"could not determine a constructor for the tag .*binary"),
            ("a: !!set {x}", r"could not determine a constructor for the tag .*set"),
            ("a: !own 5", r"could not determine a constructor for the tag '!own'"),
            ("", r"holds nothing; accepted: a mapping of keys to values"),
            ("just words", r"holds 'just words'; accepted: a mapping of keys to values"),
            ("- a", r"holds \['a'\]; accepted: a mapping of keys to values"),
        ],
    )
    def test_anything_else_is_refused_with_the_name_of_the_file(self, file: Path, text: str, message: str) -> None:
        with pytest.raises(ConfigError, match=rf"^{file}: .*{message}"):
            read(file, text)

    @pytest.mark.parametrize(
        "text",
        [
            "a: !!python/object/apply:os.mkdir [executed]",
            "a: !!python/object/new:os.mkdir [executed]",
            "a: !!python/name:os.mkdir",
            "a: !!python/module:os",
            "!!python/object/apply:os.mkdir [executed]",
        ],
    )
    def test_nothing_in_a_file_is_executed(self, file: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        monkeypatch.chdir(file.parent)
        with pytest.raises(ConfigError, match=r"could not determine a constructor for the tag .*python"):
            read(file, text)
        assert not (file.parent / "executed").exists()

    def test_a_file_that_is_missing_a_folder_or_no_text(self, file: Path) -> None:
        with pytest.raises(
            ConfigError, match=r"mine\.yaml: cannot be read .*No such file.*Name a YAML file that exists"
        ):
            config.read(file)
        with pytest.raises(ConfigError, match=r"cannot be read .*Is a directory"):
            config.read(file.parent)
        file.write_bytes(b"title: \xff\xfe")
        with pytest.raises(ConfigError, match=r"mine\.yaml: cannot be read .*can't decode"):
            config.read(file)


class TestComplete:
    def test_defaults_are_filled_in_at_every_depth(self) -> None:
        found = config.complete(SMALLEST, schema="experiment", origin="x")
        assert found["seeds"] == 3
        assert found["training"]["init"] == {"scheme": "default", "gain": 1.0}
        assert found["training"]["checkpoints"] == {"spacing": "linear", "every": 1.0, "also": []}
        assert found["probe"] == {"splits": ["train"], "batches": 2, "size": 128, "seed": 0}
        assert found["estimators"][0]["alpha"] == 1.01
        assert found["estimators"][0]["bandwidth"] == {"rule": "silverman", "scale": 5.0}

    def test_what_is_given_stays_and_only_the_rest_of_a_mapping_is_filled_in(self) -> None:
        given = {**SMALLEST, "training": {"epochs": 1, "checkpoints": {"spacing": "logarithmic", "per_decade": 3}}}
        given["estimators"] = [{"name": "a", "label_kernel": {"rule": "silverman", "scale": 2}}]
        found = config.complete(given, schema="experiment", origin="x")
        assert found["training"]["checkpoints"] == {"spacing": "logarithmic", "per_decade": 3, "first": 0.1, "also": []}
        assert found["estimators"][0]["label_kernel"] == {"rule": "silverman", "scale": 2}

    def test_what_was_given_is_not_changed_nor_are_defaults_shared(self) -> None:
        found = config.complete(SMALLEST, schema="experiment", origin="x")
        found["training"]["init"]["gain"] = 5
        assert SMALLEST["training"] == {"epochs": 1}
        assert config.complete(SMALLEST, schema="experiment", origin="x")["training"]["init"]["gain"] == 1.0

    def test_every_fault_is_told_once_in_one_message(self) -> None:
        wrong = {**SMALLEST, "training": {"epochs": 0, "batchsize": 3}, "seeds": "three"}
        del wrong["title"]
        with pytest.raises(ConfigError) as caught:
            config.complete(wrong, schema="experiment", origin="mine.yaml")
        assert str(caught.value).splitlines() == [
            "mine.yaml:",
            "  - key 'seeds' is 'three'; accepted: a whole number ≥ 1, or a list of at least 1, each: a whole number "
            "≥ 0 and ≤ 4294967295",
            "  - key 'title' is missing; accepted: a text",
            "  - key 'training.batchsize' (value 3) is not known; did you mean 'batch_size'? accepted: batch_size, "
            "block, checkpoints, checkpoints_from, dtype, ensemble, epochs, evaluation_size, gradient_batches, init, "
            "learning_rate, loss, momentum, optimiser, threads, weight_decay",
            "  - key 'training.epochs' is 0; accepted: a number > 0",
        ]

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            ("batch_size", 128.0, r"key 'training\.batch_size' is 128\.0; accepted: a whole number ≥ 1"),
            ("batch_size", True, r"key 'training\.batch_size' is True; accepted: a whole number ≥ 1"),
            ("batch_size", 2**63, r"key 'training\.batch_size' is 9223372036854775808; accepted: a whole number"),
            ("epochs", 10**400, r"key 'training\.epochs' is 10+…; accepted: a number > 0"),
            ("epochs", float("nan"), r"key 'training\.epochs' is nan; accepted: a number > 0"),
            ("epochs", float("inf"), r"key 'training\.epochs' is inf; accepted: a number > 0"),
            ("momentum", 1, r"key 'training\.momentum' is 1; accepted: a number ≥ 0 and < 1"),
            ("ensemble", "yes", r"key 'training\.ensemble' is 'yes'; accepted: true or false"),
            ("optimiser", "rmsprop", r"key 'training\.optimiser' is 'rmsprop'; accepted: one of sgd, adam"),
            ("optimiser", ["sgd"], r"key 'training\.optimiser' is \['sgd'\]; accepted: one of sgd, adam"),
            ("init", "xavier", r"key 'training\.init' is 'xavier'; accepted: a mapping with the keys gain, scheme"),
            ("init", {"scheme": "he"}, r"key 'training\.init\.scheme' is 'he'; accepted: one of default, xavier_uni"),
            ("checkpoints", [], r"key 'training\.checkpoints' is \[\]; accepted: a list of at least 1"),
            ("checkpoints", [-1], r"key 'training\.checkpoints\.0' is -1; accepted: a number ≥ 0"),
            ("checkpoints", 5, r"key 'training\.checkpoints' is 5; accepted: a list .*, or a mapping"),
            (
                "checkpoints",
                {"spacing": "linear", "per_decade": 3},
                r"'training\.checkpoints\.per_decade' \(value 3\) is",
            ),
            (
                "checkpoints",
                {"spacing": "cubic"},
                r"checkpoints\.spacing' is 'cubic'; accepted: one of linear, logarithmic$",
            ),
        ],
    )
    def test_message_for_a_wrong_value(self, key: str, value: object, message: str) -> None:
        wrong = {**SMALLEST, "training": {"epochs": 1, key: value}}
        with pytest.raises(ConfigError, match=rf"^mine\.yaml:\n  - .*{message}"):
            config.complete(wrong, schema="experiment", origin="mine.yaml")

    def test_a_long_value_is_cut_in_the_message(self) -> None:
        with pytest.raises(ConfigError, match=r"key 'title' is \['x{60,80}…; accepted: a text$"):
            config.complete({**SMALLEST, "title": ["x" * 5000]}, schema="experiment", origin="x")


class TestSchemas:
    @pytest.mark.parametrize("path", sorted(config.SCHEMAS.glob("*.yaml")), ids=lambda path: path.name)
    def test_every_key_is_described_and_every_default_is_accepted(self, path: Path) -> None:
        schema = yaml.safe_load(path.read_text())
        name = path.name.partition(".")[0]
        for key, part in _parts(schema):
            assert "description" in part or "$ref" in part or key.endswith("spacing"), key
            if "default" in part:
                assert config.faults(_only(name, key, part["default"]), schema=name) == [], key

    @pytest.mark.parametrize(
        "path", sorted(Path(config.SCHEMAS.parent, "experiments").glob("*")), ids=lambda path: path.stem
    )
    def test_every_shipped_experiment_is_accepted(self, path: Path) -> None:
        assert config.faults(config.read(path), schema="experiment") == []

    def test_a_whole_mapping_that_is_misspelt_is_noticed_everywhere(self) -> None:
        """A typo in any mapping with known keys is a fault; only functions and figures take keys of their own."""
        open_ = [
            key
            for key, part in _parts(yaml.safe_load((config.SCHEMAS / "experiment.schema.yaml").read_text()))
            if part.get("type") == "object" and part.get("additionalProperties") is not False
        ]
        assert open_ == ["dataset", "model", "style", "preview"]  # a style is checked with that of config.yaml


class TestMappings:
    def test_merging_replaces_all_but_mappings(self) -> None:
        given = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}
        found = config.merged(given, {"a": {"c": [3]}, "d": 5, "f": {"g": 1}})
        assert found == {"a": {"b": 1, "c": [3]}, "d": 5, "f": {"g": 1}}
        assert given == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}

    def test_a_dotted_key_is_set_and_read(self) -> None:
        given = {"a": {"b": 1}, "c": 2}
        assert config.with_value(given, "a.b", 5) == {"a": {"b": 5}, "c": 2}
        assert config.with_value(given, "a.x.y", 5) == {"a": {"b": 1, "x": {"y": 5}}, "c": 2}
        assert config.with_value(given, "c.x", 5) == {"a": {"b": 1}, "c": {"x": 5}}
        assert given == {"a": {"b": 1}, "c": 2}
        assert config.value_at(given, "a.b") == 1
        assert config.value_at(given, "a.b.c") is None
        assert config.value_at(given, "x") is None


def _parts(schema: dict[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every described key below a part of a schema, by its dotted name."""
    own = [(f"{prefix}{name}", part) for name, part in schema.get("properties", {}).items()]
    return own + [each for key, part in own for each in _parts(part, f"{key}.")]


def _only(schema: str, key: str, value: object) -> dict[str, Any]:
    """Settings that are right but for one key; those of config.yaml need none."""
    required = {"training": {"epochs": 1, "init": {"scheme": "default"}}}
    return config.with_value({} if schema == "config" else {**SMALLEST, **required}, key, value)
