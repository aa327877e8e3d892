"""Parameters follow the code of the stage, and of nothing else."""

import ast
import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from infoplane import figures, plan

from .conftest import BINNING, ESTIMATOR, QUICKSTART, ROOT, WEIGHED, Parameters, differing, digests, planned


class TestCode:
    @pytest.fixture(scope="class")
    @classmethod
    def package(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A copy of the library."""
        target = tmp_path_factory.mktemp("copy") / "infoplane"
        shutil.copytree(ROOT / "workflow" / "infoplane", target, ignore=shutil.ignore_patterns("__pycache__"))
        return target

    @pytest.fixture(scope="class")
    @classmethod
    def of_copy(
        cls, package: Path, load_provenance: Callable[[Path], ModuleType], tmp_path_factory: pytest.TempPathFactory
    ) -> Callable[[], Parameters]:
        """A function for the parameters as they are with the copy of the library as it is now."""
        file = tmp_path_factory.mktemp("study") / "mine.yaml"
        every = {
            "figures": figures.names(),
            "measures": [*WEIGHED, "bottleneck", "kernel_matrices", "layer_pairs", "intrinsic_dimension"],
            "estimators": [ESTIMATOR, BINNING],
            "animations": figures.animated(),
        }
        lenet = planned(file, **every)
        mlp = planned(file, model={"name": "mlp"}, sweep=[], figures=[])
        parse = functools.cache(ast.parse)  # of many files of the copy one is edited at a time

        def found() -> Parameters:
            code_digest = load_provenance(package).code_digest
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr("ast.parse", parse)
                patched.setattr("infoplane.plan.code_digest", code_digest)
                patched.setattr("infoplane.plan.planned.code_digest", code_digest)
                patched.setattr("infoplane.plan.parameters.code_digest", code_digest)
                both = {"": digests(lenet), "mlp": digests(mlp)}
            return {f"{name}{rule}": jobs for name, each in both.items() for rule, jobs in each.items()}

        return found

    @pytest.fixture(scope="class")
    @classmethod
    def before(cls, of_copy: Callable[[], Parameters]) -> Parameters:
        return of_copy()

    @pytest.fixture
    def edit(self, package: Path, before: Parameters) -> Iterator[Callable[[str], None]]:
        """A function that edits a module of the copy, which is put back afterwards."""
        kept: dict[Path, str] = {}
        assert before

        def edited(name: str) -> None:
            path = package / name
            kept[path] = path.read_text()
            path.write_text(kept[path] + "\n# edited\n")

        yield edited
        for path, text in kept.items():
            path.write_text(text)

    @pytest.mark.parametrize(
        ("edited", "rules"),
        [
            ("models/lenet.py", {"train", "capture", "measure", "weights"}),
            ("models/mlp.py", {"mlptrain", "mlpcapture", "mlpmeasure"}),
            ("training/batches.py", {"train", "capture", "measure", "weights", "mlptrain", "mlpcapture", "mlpmeasure"}),
            ("training/published.py", {"weights"}),
            ("analysis/weights.py", {"weights"}),
            ("capture/recorder.py", {"capture", "measure", "mlpcapture", "mlpmeasure"}),
            ("analysis/error_chain.py", {"measure", "mlpmeasure"}),
            ("measures/renyi.py", {"measure", "mlpmeasure"}),
            ("analysis/bottleneck.py", {"measure"}),
            ("analysis/layer_pairs.py", {"measure"}),
            ("analysis/intrinsic_dimension.py", {"intrinsic_dimension"}),
            ("measures/binning.py", {"measure"}),
            ("analysis/measure.py", {"measure", "mlpmeasure"}),
            ("analysis/summary.py", {"aggregate", "mlpaggregate"}),
            ("figures/style.py", {"draw", "animate", "explore", "mlpexplore"}),
            ("figures/files.py", {"draw"}),
            ("figures/animation.py", {"animate", "explore", "mlpexplore"}),
            ("figures/gif.py", {"animate", "explore", "mlpexplore"}),
            ("figures/pages/training.py", {"draw"}),
            ("explorer/planes.py", {"explore", "mlpexplore"}),
            ("claims/write.py", {"explore", "mlpexplore"}),
            ("plan/planned.py", set()),
            ("plan/parameters.py", set()),
            ("experiment.py", set()),
            ("config.py", set()),
        ],
    )
    def test_an_edited_module(
        self,
        before: Parameters,
        of_copy: Callable[[], Parameters],
        edit: Callable[[str], None],
        edited: str,
        rules: set[str],
    ) -> None:
        edit(edited)
        assert differing(before, of_copy()) == rules

    @pytest.mark.parametrize("name", figures.names())
    def test_a_page_of_a_figure_is_that_figure_s_alone(
        self, before: Parameters, of_copy: Callable[[], Parameters], edit: Callable[[str], None], name: str
    ) -> None:
        edit(f"figures/pages/{name}.py")
        after = of_copy()["draw"]
        assert [figure for figure in after if after[figure] != before["draw"][figure]] == [name]

    @pytest.mark.parametrize("edited", ["store.py", "jobs.py"])
    def test_what_every_script_uses_concerns_every_rule(
        self, before: Parameters, of_copy: Callable[[], Parameters], edit: Callable[[str], None], edited: str
    ) -> None:
        edit(edited)
        assert differing(before, of_copy()) == {rule for rule, jobs in before.items() if jobs}

    def test_a_users_own_network_is_followed(self, file: Path) -> None:
        own = file.with_name("own.py")
        own.write_text("def make(shape, classes): ...\n")
        settings = {**QUICKSTART, "model": {"factory": "own.py:make"}, "sweep": [], "figures": []}
        file.write_text(yaml.safe_dump(settings))

        def now() -> Parameters:
            return digests(plan.study({"experiments": [str(file)]}, base=ROOT, networks=False).planned["mine"])

        before = now()
        own.write_text("def make(shape, classes): pass\n")
        assert differing(before, now()) == {"train", "capture", "measure"}
