"""A user's own function, from a file or from a module."""

import sys
from pathlib import Path

import pytest

from infoplane import factories
from infoplane.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text("CALLS = []\n\ndef make(size, *, scale=1):\n    return size * scale\n\nNUMBER = 5\n")
    return path


class TestFunction:
    def test_from_a_file_beside_the_experiment(self, file: Path) -> None:
        assert factories.function("own.py:make", folder=file.parent)(3, scale=2) == 6

    def test_from_a_path_that_starts_at_the_root(self, file: Path) -> None:
        assert factories.function(f"{file}:make", folder=Path("/elsewhere"))(3) == 3

    def test_from_a_module(self) -> None:
        assert factories.function("os.path:basename")("a/b") == "b"

    def test_files_of_one_name_do_not_get_mixed_up(self, file: Path, tmp_path: Path) -> None:
        other = tmp_path / "other" / "own.py"
        other.parent.mkdir()
        other.write_text("def make():\n    return 'other'\n")
        assert factories.function(f"{file}:make")(2) == 2
        assert factories.function(f"{other}:make")() == "other"

    def test_an_edited_file_is_run_again_and_an_unedited_one_is_not(self, file: Path) -> None:
        first = factories.function(f"{file}:make")
        assert factories.function(f"{file}:make") is first
        file.write_text("def make(size):\n    return -size\n")
        assert factories.function(f"{file}:make")(3) == -3

    def test_a_file_shadows_no_installed_module(self, tmp_path: Path) -> None:
        (tmp_path / "json.py").write_text("def make():\n    return 'own'\n")
        factories.function(f"{tmp_path / 'json.py'}:make")
        assert hasattr(sys.modules["json"], "dumps")

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            ("own.py", r"factory 'own\.py': accepted: path/to/file\.py:function or package\.module:function"),
            ("own.py:", r"factory 'own\.py:': accepted:"),
            (":make", r"factory ':make': accepted:"),
            ("none.py:make", r"factory file .*none\.py is missing; a relative path starts at the experiment's folder"),
            ("own.py:maek", r"factory 'own\.py:maek': no function 'maek' there; did you mean 'make'\? accepted: make$"),
            ("own.py:NUMBER", r"factory 'own\.py:NUMBER': no function 'NUMBER' there; accepted: make$"),
            ("no_such_package.inner:make", r"factory module no_such_package\.inner cannot be imported: ModuleNotFound"),
            ("os.path:basenam", r"no function 'basenam' there; did you mean 'basename'\?"),
            ("..:make", r"factory module \.\. cannot be imported: TypeError"),
        ],
    )
    def test_what_cannot_be_found_is_told(self, file: Path, spec: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            factories.function(spec, folder=file.parent)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("def make(:", r"own\.py cannot be run: SyntaxError: "),
            ("1 / 0", r"own\.py cannot be run: ZeroDivisionError: division by zero"),
            (
                "import no_such_package",
                r"own\.py cannot be run: ModuleNotFoundError: No module named 'no_such_package'",
            ),
        ],
    )
    def test_a_file_that_cannot_be_run_is_told_and_forgotten(self, file: Path, text: str, message: str) -> None:
        file.write_text(text)
        before = set(sys.modules)
        with pytest.raises(ConfigError, match=message):
            factories.function(f"{file}:make")
        assert not [name for name in set(sys.modules) - before if name.startswith("infoplane_factory")]


class TestArguments:
    def test_those_that_fit_pass(self) -> None:
        factories.check_arguments("own", lambda size, *, scale=1: size * scale, 3, options={"scale": 2})

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"scael": 2}, r"^own: option 'scael' \(value 2\) is not known; did you mean 'scale'\? accepted: scale$"),
            ({"size": 2}, r"^own: option 'size' \(value 2\) is not known; .*accepted: scale$"),
        ],
    )
    def test_those_that_do_not_are_told_with_what_is_accepted(self, options: dict[str, int], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            factories.check_arguments("own", lambda size, *, scale=1: size * scale, 3, options=options)

    def test_a_missing_one_is_told(self) -> None:
        with pytest.raises(ConfigError, match=r"own\(size, classes\) .*missing a required argument: 'classes'"):
            factories.check_arguments("own", lambda size, classes: (size, classes), 3, options={})

    def test_a_function_without_a_signature_passes(self) -> None:
        factories.check_arguments("max", max, options={"anything": 1})


class TestSource:
    def test_follows_the_file(self, file: Path) -> None:
        before = factories.source_digest("own.py:make", folder=file.parent)
        assert factories.source_digest(f"{file}:other") == before
        file.write_text(file.read_text() + "# edited\n")
        assert factories.source_digest("own.py:make", folder=file.parent) != before

    def test_follows_the_name_of_a_module(self) -> None:
        one, same, other = map(factories.source_digest, ("a.b:make", "a.b:make", "a.c:make"))
        assert one == same != other
