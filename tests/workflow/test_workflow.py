"""A tiny experiment from end to end, and what every edit computes again."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from PIL import Image

from infoplane import datasets, models, store
from infoplane.capture import Recorder
from infoplane.training import checkpoints

from .conftest import TINY, Project
from .readme import block

DRAWN = ("data_processing", "information_plane", "learning", "modified_information_plane", "multivariate_information")
DRAW = {f"draw_{name}": 1 for name in (*DRAWN, "training") if name != "learning"} | {"animate": 1, "explore": 1}
RUN = "activation-relu.seeds-0"
SUMMARY = "results/tiny/summary.zarr"


@pytest.fixture(scope="module")
def summary(finished: Project) -> xr.DataTree:
    return xr.open_datatree(finished.results / "summary.zarr", engine="zarr")


class TestResults:
    def test_summary_holds_every_group(self, summary: xr.DataTree) -> None:
        assert set(summary.children) == {"training", "information", "decomposition", "error_chain"}
        information = summary["information"].to_dataset()
        assert dict(information.sizes) == {
            "variant": 2,
            "seed": 1,
            "estimator": 1,
            "control": 2,
            "split": 1,
            "epoch": 4,
            "layer": 4,
            "probe_batch": 2,
        }
        assert information["layer"].values.tolist() == ["conv1", "conv2", "fc1", "output"]
        assert information["model.activation"].values.tolist() == ["relu", "sigmoid"]
        assert not information["mutual_information_input_layer"].isnull().any()

    def test_estimates_are_those_of_an_independent_computation(self, finished: Project, summary: xr.DataTree) -> None:
        """From the published weights: S = log2(Σ λ^α) / (1 − α) of the Gram matrices of the activations."""
        digits = datasets.load("digits").train
        settings = {**TINY["model"], "activation": "relu"}
        network = models.make(settings, (1, 8, 8), 10)
        trained = store.load(finished.results / f"runs/{RUN}/training.zarr", "training").dataset
        folder = finished.results / f"runs/{RUN}/checkpoints/seed-0"
        step = int(trained["step"].sel(epoch=1).item())
        weights = checkpoints.load(checkpoints.weights_path(folder, step))["weights"]
        network.load_state_dict({name: value[0] for name, value in weights.items()})
        order = np.random.default_rng([0, 11]).permutation(1437)
        probe = order[np.isin(order, trained["train_index"].values[0])][:20]
        with torch.no_grad(), Recorder(network.eval(), network.layers) as recorder:
            network(digits.inputs[probe])
        x = _gram(digits.inputs[probe].flatten(1).double().numpy())
        t = _gram(recorder.activations["fc1"].double().numpy())
        y = (digits.targets[probe][:, None] == digits.targets[probe]).double().numpy() / 20
        found = summary["information"].to_dataset().sel(control="none", layer="fc1", epoch=1, probe_batch=0, seed=0)
        found = found.isel(variant=0, split=0, estimator=0)
        assert found["entropy_input"].item() == pytest.approx(_entropy(x), abs=1e-9)
        assert found["entropy_layer"].item() == pytest.approx(_entropy(t), abs=1e-9)
        expected = _entropy(t) + _entropy(y) - _entropy(20 * t * y)
        assert found["mutual_information_layer_target"].item() == pytest.approx(expected, abs=1e-9)
        expected = _entropy(x) + _entropy(t) - _entropy(20 * x * t)
        assert found["mutual_information_input_layer"].item() == pytest.approx(expected, abs=1e-9)

    def test_readme_reads_the_summary(self, finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
        found = finished.results / "summary.zarr"
        exec(block("summary").replace("results/quickstart/summary.zarr", str(found)), {})
        assert re.search(r"^activation-sigmoid +\d", capsys.readouterr().out, flags=re.MULTILINE)

    def test_mutual_informations_follow_from_the_entropies(self, summary: xr.DataTree) -> None:
        found = summary["information"].to_dataset()
        derived = found["entropy_input"] + found["entropy_layer"] - found["joint_entropy_input_layer"]
        assert float(abs(derived - found["mutual_information_input_layer"]).max()) < 1e-12

    def test_multivariate_information_is_the_same_in_both_groups(self, summary: xr.DataTree) -> None:
        maps = (
            summary["decomposition"].to_dataset()["multivariate_mutual_information"].sel(about="input", control="none")
        )
        layer = summary["information"].to_dataset()["mutual_information_input_layer"].sel(control="none")
        assert float(abs(maps - layer).max()) < 1e-9

    def test_percentages_sum_to_a_hundred(self, summary: xr.DataTree) -> None:
        found = summary["decomposition"].to_dataset()
        total = found["redundancy_synergy_tradeoff_percent"] + found["weighted_nonredundant_information_percent"]
        assert float(abs(total.sel(layer=["conv1", "conv2"]) - 100).max()) < 1e-9

    def test_every_figure_comes_in_three_formats_with_its_numbers(self, finished: Project) -> None:
        for name in DRAWN:
            stem = finished.results / "figures" / name
            assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
            assert stem.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
            assert "<text" in stem.with_suffix(".svg").read_text()
            assert len(pd.read_csv(stem.with_suffix(".csv"))) > 10

    def test_an_animation_has_a_frame_for_every_epoch(self, finished: Project) -> None:
        stem = finished.results / "animations" / "information_plane"
        with Image.open(stem.with_suffix(".gif")) as image:
            assert image.n_frames == 4
        page = stem.with_suffix(".html").read_text()
        assert "A tiny experiment" in page
        assert '"times":["untrained, step 0","epoch 0.5, step 2","epoch 1, step 4","epoch 2, step 8"]' in page

    def test_csv_holds_the_numbers_of_the_summary(self, finished: Project, summary: xr.DataTree) -> None:
        table = pd.read_csv(finished.results / "figures" / "information_plane.csv")
        column = next(name for name in table.columns if name.startswith("mutual_information_input_layer ["))
        chosen = table.query(
            "seed == '0' and layer == 'fc1' and `epoch [epochs]` == 2 and `model.activation` == 'sigmoid'"
        )
        found = summary["information"].to_dataset()["mutual_information_input_layer"]
        found = found.sel(seed=0, layer="fc1", epoch=2, control="none").isel(variant=1).mean()
        assert chosen[column].to_numpy() == pytest.approx([found.item()], rel=1e-9)

    def test_activations_are_removed_and_nothing_is_left_half_written(self, finished: Project) -> None:
        names = [path.name for path in finished.folder.rglob("*")]
        assert "activations.zarr" not in names
        assert not [name for name in names if name.endswith(".partial")]

    def test_stores_say_what_made_them(self, finished: Project) -> None:
        attrs = store.load(finished.results / f"runs/{RUN}/information/renyi.zarr", "information").attrs
        assert attrs["parameters"]["settings"]["estimator"]["alpha"] == 1.01
        training = attrs["activations"]["training"]
        assert training["parameters"]["recipe"]["seeds"] == [0]
        assert training["parameters"]["recipe"]["training"]["threads"] == 1
        assert training["device"]
        assert len(training["dataset"]["checksum"]) == 64
        assert set(attrs["versions"]) >= {"infoplane", "torch", "numpy", "xarray", "zarr", "python"}

    def test_jobs_leave_logs_and_benchmarks(self, finished: Project) -> None:
        for stage in ("train", "capture"):
            assert "work:" in (finished.results / f"logs/{stage}/{RUN}.log").read_text()
            assert pd.read_csv(finished.results / f"benchmarks/{stage}/{RUN}.tsv", sep="\t")["s"][0] > 0


class TestComputedAgain:
    """What snakemake would run after an edit, and nothing else."""

    def test_nothing_after_nothing(self, finished: Project) -> None:
        assert "Nothing to be done" in finished.run("--dry-run")

    @pytest.mark.long
    def test_title(self, edited: Project) -> None:
        edited.write(title="Another title")
        assert edited.planned() == {"aggregate": 1, **DRAW}

    @pytest.mark.long
    def test_options_of_a_figure(self, edited: Project) -> None:
        figures = [{"figure": "information_plane", "layers": ["conv1"]}, *TINY["figures"][1:]]
        edited.write(figures=figures)
        assert edited.planned() == {"draw_information_plane": 1, "animate": 1}

    @pytest.mark.long
    def test_another_animation(self, edited: Project) -> None:
        edited.write(animations=["information_plane", "modified_information_plane"])
        assert edited.planned() == {"animate": 1}

    @pytest.mark.long
    def test_another_estimator(self, edited: Project) -> None:
        edited.write(estimators=[{"name": "renyi"}, {"name": "tensor", "joint": "tensor"}])
        planned = edited.planned()
        assert "train" not in planned
        assert planned["capture"] == 2
        assert planned["aggregate"] == 1

    def test_another_seed(self, edited: Project) -> None:
        edited.write(seeds=2)
        assert edited.planned() == {"train": 2, "capture": 2, "measure": 2, "aggregate": 1, **DRAW}

    def test_a_grid_and_a_calibration(self, edited: Project) -> None:
        """Nothing is trained; as with another estimator, activations that were removed are captured once more."""
        edited.write(sensitivity={"alpha": [2]}, calibration={})
        planned = edited.planned()
        assert "train" not in planned
        expected = {"capture": 2, "measure": 4, "gather": 1, "conclude": 1, "calibrate": 1, "read_off": 1}
        assert {rule: planned.get(rule) for rule in expected} == expected

    @pytest.mark.long
    def test_another_variant(self, edited: Project) -> None:
        edited.write(sweep=[{"model.activation": ["relu", "sigmoid", "tanh"]}])
        assert edited.planned() == {"train": 1, "capture": 1, "measure": 1, "aggregate": 1, **DRAW}

    @pytest.mark.long
    def test_preview_section(self, edited: Project) -> None:
        edited.write(preview={"seeds": 1})
        assert edited.planned() == {}

    @pytest.mark.long
    @pytest.mark.parametrize(
        ("module", "expected"),
        [
            ("measures/pid.py", {"capture": 2, "measure": 2, "aggregate": 1, **DRAW}),
            ("models/mlp.py", {}),
            ("figures/pages/data_processing.py", {"draw_data_processing": 1}),
            ("figures/style.py", DRAW),
            ("analysis/summary.py", {"aggregate": 1, **DRAW}),
            ("capture/recorder.py", {"capture": 2, "measure": 2, "aggregate": 1, **DRAW}),
            ("training/networks.py", {"train": 2, "capture": 2, "measure": 2, "aggregate": 1, **DRAW}),
            ("models/lenet.py", {"train": 2, "capture": 2, "measure": 2, "aggregate": 1, **DRAW}),
        ],
    )
    def test_a_module_of_the_library(self, edited: Project, module: str, expected: dict[str, int]) -> None:
        path = edited.folder / "workflow" / "infoplane" / module
        path.write_text(path.read_text() + "\n# edited\n")
        assert edited.planned() == expected


class TestSnakemake:
    """Snakemake as its users expect it."""

    @pytest.mark.long
    def test_graphs(self, project: Project) -> None:
        for option in ("--dag", "--rulegraph"):
            done = project.snakemake(option)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith("digraph")

    def test_report_has_every_figure_with_its_caption(self, finished: Project) -> None:
        finished.run("--report", "results/report.html")
        page = (finished.folder / "results" / "report.html").read_text()
        for name in DRAWN:
            assert f"{name}.svg" in page
        assert "animations/information_plane.html" in page
        assert "results/tiny/explorer.zip" in page
        assert "tiny" in page


class TestOnward:
    """Runs that build on a finished one. Each leaves the project as the next one expects it."""

    @pytest.mark.long
    def test_claims_are_judged_and_nothing_else_computed(self, finished: Project) -> None:
        """A claim of a paper, and one of the user's own; editing that judges again."""
        own = finished.experiment.with_name("own.py")
        text = (
            "from infoplane.claims import Claim, Rule\n"
            "def accurate():\n"
            "    return Claim('own', 'O.1', 'us', 'Networks are accurate.', lambda it: it.accuracy().min('variant'),\n"
            "                 'least accuracy', '1', Rule('above', 0.5), needs=('information', 'training'))\n"
        )
        own.write_text(text)
        finished.write(claims=["yu2021.forward_chain", "own.py:accurate"])
        assert finished.planned() == {"judge": 1, "explore": 1}
        finished.run()
        found = json.loads((finished.results / "claims.json").read_text())["claims"]
        assert [each["id"] for each in found] == ["P1.a", "O.1"]
        assert {each["verdict"] for each in found} == {"no verdict"}  # of a single seed
        assert "**P1.a**" in (finished.results / "claims.md").read_text()
        assert "<table>" in (finished.results / "claims.html").read_text()
        assert "Networks are accurate." in (finished.results / "explorer.html").read_text()
        own.write_text(text.replace("0.5", "0.6"))
        assert finished.planned() == {"judge": 1, "explore": 1}
        finished.write()
        own.unlink()

    @pytest.mark.long
    def test_damage_is_refused_by_name_and_mended_as_told(self, finished: Project) -> None:
        damaged = finished.results / "summary.zarr" / "information" / "entropy_layer" / "c" / "0" / "0" / "0" / "0"
        damaged = next(path for path in damaged.rglob("*") if path.is_file())
        content = bytearray(damaged.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        (finished.results / "figures" / "information_plane.png").unlink()
        done = finished.snakemake("--cores", "1")
        said = done.stderr + done.stdout
        assert done.returncode != 0
        assert f"{damaged.relative_to(finished.results / 'summary.zarr')} is damaged" in said
        assert "Traceback" not in said
        way_out = re.search(r"Delete (results/\S+) and run snakemake again", said)
        assert way_out is not None
        shutil.rmtree(finished.folder / way_out.group(1))
        finished.run("results/tiny/figures/information_plane.png")

    @pytest.mark.long
    def test_another_estimator_leaves_the_first_as_it_was(self, edited: Project) -> None:
        path = edited.results / f"runs/{RUN}/information/renyi.zarr/manifest.json"
        before = path.read_text()
        edited.write(estimators=[{"name": "renyi"}, {"name": "tensor", "joint": "tensor"}])
        said = edited.run(SUMMARY)
        assert "trained" not in said
        found = xr.open_datatree(edited.results / "summary.zarr", engine="zarr")["information"].to_dataset()
        assert found["estimator"].values.tolist() == ["renyi", "tensor"]
        assert path.read_text() == before

    @pytest.mark.long
    def test_later_epochs_go_on_from_the_last(self, edited: Project) -> None:
        kept = edited.results / f"runs/{RUN}/checkpoints/seed-0/step-000000008.pt"
        before = kept.read_bytes()
        training = {**TINY["training"], "epochs": 3, "checkpoints": [0.5, 1, 2]}
        edited.write(training=training)
        assert edited.planned()["train"] == 2
        edited.run(SUMMARY)
        assert "goes on from step 8" in (edited.results / f"logs/train/{RUN}.log").read_text()
        assert kept.read_bytes() == before
        found = xr.open_datatree(edited.results / "summary.zarr", engine="zarr")["information"].to_dataset()
        assert found["epoch"].values.tolist() == [0, 0.5, 1, 2, 3]


def _gram(x: np.ndarray) -> np.ndarray:
    """Unit-trace Gram matrix of exp(−d²/(2σ²)) with σ = 5 n^(−1/(4+d))."""
    sigma = 5 * len(x) ** (-1 / (4 + x.shape[1]))
    squared = ((x[:, None] - x[None]) ** 2).sum(-1)
    return np.exp(-squared / (2 * sigma**2)) / len(x)


def _entropy(gram: np.ndarray) -> float:
    eigenvalues = np.clip(np.linalg.eigvalsh(gram), 0, None)
    return float(np.log2((eigenvalues**1.01).sum()) / (1 - 1.01))
