"""The pages of reproduced experiments, from a planted summary."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from infoplane import claims, files, store
from infoplane.claims import findings, write
from infoplane.claims.verdict import VERDICTS
from infoplane.errors import StoreError
from infoplane.schema import ARTIFACTS

ROOT = Path(__file__).parents[3]
CLAIMS = ("yu2021.forward_chain", "yu2021.synergy_grows")
SWEEP = (("3-6", "relu"), ("6-6", "relu"), ("12-6", "relu"))
ABOUT = {
    "name": "yu2021_mnist-preview",
    "title": "A planted pattern",
    "preview": True,
    "source": "A. Uthor, A Paper.",
    "differences": ["Ours is smaller.", "Theirs is open."],
    "dataset": {"name": "digits", "limit": 600},
    "model": {"name": "lenet", "filters": [6, 6]},
    "training": {"epochs": 10, "evaluation_size": 500, "checkpoints": [1], "init": {"scheme": "default"}},
    "seeds_left_out": [3, 4],
}
SOURCES = {
    "devices": {"training": ["a GPU"], "information": ["cpu"]},
    "versions": {"training": [{"numpy": "2.1"}], "information": [{"numpy": "2.1"}]},
    "datasets": [{"name": "digits", "checksum": "c0ffee", "classes": 10}],
}


@pytest.fixture(scope="module")
def reproduction():
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "docs"))
        patched.delitem(sys.modules, "reproduction", raising=False)
        import reproduction

        yield reproduction


@pytest.fixture(scope="module")
def tree(build):
    found = build(SWEEP, epochs=(0.0, 1.0, 10.0), lacks=None, **ABOUT)
    found.attrs["experiment"]["sweep"] = [{"model.filters": [[3, 6], [6, 6], [12, 6]], "model.activation": ["relu"]}]
    return found


@pytest.fixture(scope="module")
def finished(tree, tmp_path_factory):
    """Results as the workflow leaves them, with pictures of nothing in particular."""
    folder = tmp_path_factory.mktemp("results") / "planted"
    (folder / "figures").mkdir(parents=True)
    (folder / "benchmarks/train").mkdir(parents=True)
    for seeds, line in (("0-4", "120.0\t150.5\t90.0"), ("5-9", "30.0\t99.0\t24.0")):
        (folder / f"benchmarks/train/default.seeds-{seeds}.tsv").write_text(f"s\tmax_rss\tcpu_time\n{line}\n")
    with store.writing(folder / "summary.zarr", "summary", provenance={**tree.attrs, "sources": SOURCES}) as writer:
        for name, node in tree.children.items():
            writer.add(_whole(name, node.to_dataset()), group=f"/{name}")
    judge(tree, folder)
    picture = Image.radial_gradient("L").resize((1500, 50)).convert("RGBA")
    for name, figure in (("training", "training"), ("other", "degrees"), ("training_plane", "planes")):
        facts = PngInfo()
        if figure != "training":
            facts.add_text("estimator", "renyi")
        facts.add_text("figure", figure)
        facts.add_text("summary", files.sha256(folder / "summary.zarr" / files.MANIFEST))
        picture.save(folder / "figures" / f"{name}.png", pnginfo=facts)
    return folder


def judge(tree, folder):
    """Write the verdicts on a summary as the workflow does."""
    wanted = [claims.claim(name, folder=folder) for name in CLAIMS]
    write.write(
        claims.judge(tree, wanted),
        findings.of_summary(tree),
        tree.attrs["experiment"],
        failures=findings.failures(tree),
        summary=files.sha256(folder / "summary.zarr" / files.MANIFEST),
        json_path=folder / "claims.json",
        text=folder / "claims.md",
        page=folder / "claims.html",
    )


def _whole(name, data):
    """A group with those variables too that nothing is planted in."""
    for variable, known in ARTIFACTS["summary"].groups[f"/{name}"].items():
        if variable not in data:
            data[variable] = xr.DataArray(np.nan, coords={dim: data[dim] for dim in known.dims}, dims=known.dims)
    return data


@pytest.fixture
def copy(finished, tmp_path):
    """Results that a test may spoil."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.fixture(scope="module")
def run(reproduction, finished):
    return reproduction.read(finished)


@pytest.fixture(scope="module")
def page(reproduction, run):
    return reproduction.page(run)


def rows(page, start):
    """Cells of the rows of a table whose first cell starts so."""
    found = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith(f"| {start}")]
    assert found, start
    return found


def test_what_was_run_is_told(page):
    title, tally, preview, *_ = page.split("\n\n")
    assert title == "# A planted pattern"
    assert tally.startswith("Verdicts: ")
    assert preview.startswith("**PREVIEW**")
    assert "\n\nA. Uthor, A Paper.\n\n" in page
    told = dict(each[:2] for line in ("command", "data", "network", "training", "seeds") for each in rows(page, line))
    assert told == {
        "command": "`snakemake --cores all --config 'experiments=[yu2021_mnist]' preview=true seeds=3`",
        "data": "digits, limit 600",
        "network": "lenet, filters 6-6",
        "training": "epochs 10, evaluation size 500, init (scheme default)",
        "seeds": "3 (0, 1, 2), the first of 5",
    }
    assert rows(page, "SHA-256 of digits") == [["SHA-256 of digits", "`c0ffee`, 10 classes"]]
    assert rows(page, "versions") == [["versions", "numpy 2.1"]]
    assert rows(page, "device") == [["device", "a GPU (training); cpu (information)"]]
    assert rows(page, "epochs looked at") == [["epochs looked at", "3, from 0 to 10"]]
    assert rows(page, "jobs") == [
        ["jobs, by their last attempts", "train: 2, 2.5 min (1.9 of a processor), 150 MiB at most"]
    ]
    first, _ = rows(page, "estimator")
    assert "renyi, kind renyi, alpha 1.01" in first[1]
    assert "bandwidth (rule silverman, scale 5.0)" in first[1]


def test_command_of_a_whole_experiment_and_of_one_s_own(reproduction):
    whole = {"name": "yu2021_mnist", "preview": False, "seeds": [0], "seeds_left_out": []}
    assert reproduction.command(whole) == "snakemake --cores all --config 'experiments=[yu2021_mnist]'"
    assert "'experiments=[path/to/mine-preview.yaml]'" in reproduction.command({**whole, "name": "mine-preview"})
    part = reproduction.command({**whole, "name": "resnet20_part-preview", "preview": True})
    assert part.endswith("'experiments=[tests/experiments/resnet20_part.yaml]' preview=true")


def test_many_seeds_are_told_by_their_ends(reproduction):
    assert reproduction._seeds([0, 1, 2, 3, 4, 5], []) == "6 (0 to 5)"
    assert reproduction._seeds([0, 1, 2, 3, 4, 9], [7]) == "6 (0, 1, 2, 3, 4, 9), the first of 7"


def test_continuous_targets_have_another_score_and_no_classes(reproduction, tree):
    data = tree["training"].to_dataset().rename(accuracy="determination")
    other = xr.DataTree.from_dict({"training": data})
    other.attrs = {**tree.attrs, "sources": SOURCES}
    header, rows = reproduction.reached(other)
    assert ("R²" in header, "accuracy" in header) == (True, False)
    assert rows == reproduction.reached(tree)[1]
    about = dict(reproduction.settings(other))
    assert all("numbers to a target" in about[name] for name in about if name.startswith("SHA-256"))


def test_accuracy_is_that_of_the_seeds_that_did_not_diverge(page, tree, finished):
    values = tree["training"]["accuracy"].sel(split="test", epoch=10).values
    for index, (name, seeds) in enumerate((("v00", [0, 1, 2]), ("v02", [0, 2]))):
        own = 100 * values[index * 2, seeds]
        spread = np.sqrt(((own - own.mean()) ** 2).sum() / (len(own) - 1))
        (found,) = [row for row in rows(page, f"`{name}`") if len(row) == 7]
        lost = str(3 - len(seeds))
        assert found[3:] == [f"{own.mean():.2f} ± {spread:.2f} %", str(len(seeds)), lost, "0"]
    assert "| variant | filters | activation | accuracy | seeds | diverged | learned nothing |" in page
    assert "(of at most 500 samples) at the last epoch" in page
    lost = [name for name, seeds in json.loads((finished / "claims.json").read_text())["failures"]["diverged"].items()]
    assert lost == ["v02"]
    assert "\n\nDiverged in training, and left out of every effect: 1 network: v02 (seed 1).\n\n" in page


def test_verdicts_are_those_of_the_claims(page, finished):
    judged = json.loads((finished / "claims.json").read_text())["claims"]
    words = {each["verdict"] for each in judged}
    header = rows(page, "claim (measured; rule)")[0]
    assert set(header[-3:-1]) == {"untrained", "shuffled samples"}
    assert header[-1] == "verdict"
    shown = [row for row in rows(page, "**P1") if row[-1] in words]
    by_estimator = [row[-1] for row in shown for _ in row[1].split("; ")]
    assert sorted(by_estimator) == sorted(each["verdict"] for each in judged)
    (falls,) = [row for row in rows(page, "**P1.d** The more filters") if "renyi" in row[1]]
    known = next(each for each in judged if each["claim"] == CLAIMS[1])
    effect = known["effect"]
    assert falls[2] == f"{effect['mean']:.3g} [{effect['low']:.3g}, {effect['high']:.3g}], {len(effect['seeds'])} seeds"


def test_estimators_share_a_row_only_where_they_agree(reproduction):
    effect = {"seeds": [0], "values": [1.0], "mean": 1.0, "low": None, "high": None}
    about = {"id": "A", "statement": "It is so.", "measured": "it", "rule": "above 0", "units": "1", "remark": ""}
    claim = {**about, "split": "train", "controls": {}, "effect": effect, "verdict": "no verdict"}
    claim["effect_of_those_that_learned"] = None
    found = [{**claim, "estimator": name} for name in ("one", "two")] + [
        {**claim, "estimator": "three", "verdict": "x"}
    ]
    told = "**A** It is so. (it; above 0)"
    assert reproduction.verdicts(found)[1] == [
        [told, "one, train probe; two, train probe", "1, 1 seed", "no verdict"],
        ["", "three, train probe", "1, 1 seed", "x"],
    ]


def test_what_is_said_of_a_claim_is_said_once(page):
    assert page.count("Information about the input does not rise from layer to layer") == 2  # the other is the list
    assert page.count("| **P1.a**") == 1


def test_claims_that_are_not_supported_are_listed(reproduction):
    about = {"paper": "A paper", "split": "train", "statement": "It is so."}
    found = [
        {**about, "id": mark, "claim": mark, "estimator": estimator, "verdict": verdict}
        for mark, estimator, verdict in (
            ("A", "one", "supported"),
            ("A", "two", "inconclusive"),
            ("B", "one", "supported"),
            ("B", "two", "supported"),
            ("C", "one", "no verdict"),
            ("C", "two", "no verdict"),
        )
    ]
    assert list(reproduction.unsupported(found)) == [
        "- A paper, A: It is so. Here: **supported** (one, train probe); **inconclusive** (two, train probe).",
        "- A paper, C: It is so. Here: **no verdict** (one, train probe; two, train probe).",
    ]


def test_an_effect_that_no_seed_shows(reproduction):
    unseen = {"seeds": [], "values": [], "mean": None, "low": None, "high": None}
    claim = {
        "id": "A",
        "claim": "a",
        "statement": "It is so.",
        "measured": "it",
        "rule": "above 1 bits",
        "units": "bits",
    }
    by = {"estimator": "one", "split": "train", "remark": "", "verdict": "no verdict"}
    effects = {"effect": unseen, "effect_of_those_that_learned": unseen, "controls": {"untrained": unseen}}
    header, (row,) = reproduction.verdicts([{**claim, **by, **effects}])
    never = "not seen in any seed"
    assert row[1:] == ["one, train probe", f"{never}; of networks that learned: {never}", never, "no verdict"]
    assert len(header) == len(row)


def test_findings_and_differences(page, finished):
    needed = json.loads((finished / "claims.json").read_text())["findings"][0]["filters_needed"][0]
    filters = next(row for row in rows(page, "renyi, train probe") if row[1] == needed["layer"])
    assert filters[-2:] == [str(needed["information"]), str(needed["accuracy"])]
    _, said = page.split("## Where this differs from the paper\n\n")
    whole, listed = said.split("\n\n")
    assert whole.startswith("This is said of the experiment at full length")
    assert listed == "- Ours is smaller.\n- Theirs is open.\n"


def test_verdicts_are_counted(reproduction):
    found = [{"verdict": word} for word in ("no verdict", "supported", "no verdict")]
    assert reproduction.tally(found) == "Verdicts: 1 supported, 2 no verdict."
    assert reproduction.tally([]) == "Verdicts: none."


def test_pictures_are_small_and_shown_in_the_order_of_the_figures(reproduction, run, tmp_path):
    own = tmp_path / "reproduction" / "yu2021_mnist-preview"
    own.mkdir(parents=True)
    (own / "gone.png").touch()
    reproduction.save([run], tmp_path)
    text = (own / "README.md").read_text()
    shown = re.findall(r"!\[(.*); A planted pattern\]\((.*)\)", text)
    assert [path for _, path in shown] == ["training_plane.png", "other.png", "training.png"]
    assert [text for text, _ in shown][1:] == [
        "Average degrees of redundancy and of vulnerability of the feature maps",
        "Loss, accuracy, and the gradient's mean and spread",
    ]
    captions = re.findall(r"^\*.*\* \((.*)\)\.$", text, re.MULTILINE)
    assert captions == [
        "`training_plane`, after figure 6 of Yu et al. 2021, estimator `renyi`",
        "`other`, estimator `renyi`",
        "`training`",
    ]
    assert {path.name for path in own.iterdir()} == {"README.md", *(path for _, path in shown)}
    for _, path in shown:
        with Image.open(own / path) as image:
            assert (image.size, image.mode) == ((1200, 40), "P")
    first = _content(tmp_path)
    reproduction.save([run], tmp_path)
    assert _content(tmp_path) == first


def test_experiments_that_are_not_named_stay(reproduction, run, tmp_path):
    other = tmp_path / "reproduction" / "another"
    other.mkdir(parents=True)
    (other / "README.md").write_text("# Another\n\nVerdicts: 2 supported.\n\nAnd so on.\n")
    (other / "a.png").touch()
    before = _content(other)
    reproduction.save([run], tmp_path)
    assert _content(other) == before
    found = [each["verdict"] for each in run.judged["claims"]]
    counts = (f"{found.count(word)} {word}" for word in VERDICTS if word in found)
    assert (tmp_path / "reproduction.md").read_text().splitlines()[-2:] == [
        "| [Another](reproduction/another/README.md) | 2 supported |",
        f"| [A planted pattern](reproduction/yu2021_mnist-preview/README.md) | {', '.join(counts)} |",
    ]


def _content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["summary.zarr", "claims.json", "figures"])
def test_what_is_missing_is_told(reproduction, copy, name):
    (copy / name).rename(copy / "elsewhere")
    missing = {"figures": r"figures/\*\.png"}.get(name, name)
    with pytest.raises(StoreError, match=rf"^{copy}:\n  - {missing}: missing; run snakemake on an experiment with"):
        reproduction.read(copy)


def test_verdicts_of_another_summary_are_refused(reproduction, copy):
    judged = json.loads((copy / "claims.json").read_text())
    (copy / "claims.json").write_text(json.dumps({**judged, "summary": "another"}))
    message = r"claims\.json: was made from another summary; run snakemake again, or remove it$"
    with pytest.raises(StoreError, match=message):
        reproduction.read(copy)


def test_figures_of_another_summary_are_refused(reproduction, copy):
    Image.new("RGB", (10, 10)).save(copy / "figures" / "decomposition.png")
    message = (
        rf"^{copy}:\n  - figures/decomposition\.png: was made from another summary; run snakemake again, or remove"
    )
    with pytest.raises(StoreError, match=message):
        reproduction.read(copy)


def test_one_message_ends_the_command(reproduction, finished, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"^reproduction: .*nothing:\n  - summary\.zarr: missing"):
        reproduction.main([str(tmp_path / "nothing")])
    monkeypatch.setattr(reproduction, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"^reproduction: two of these folders hold one experiment; name each"):
        reproduction.main([str(finished), str(finished)])
    with pytest.raises(
        SystemExit, match=r"^reproduction: results/ has no yu2021_\* or .* or yu2019_\*; run snakemake on one"
    ):
        reproduction.main([])
