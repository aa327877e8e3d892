"""Write docs/reproduction: what finished runs of the papers' experiments show, beside what the paper says.

Name the folders of their results; the default are those of the papers' experiments under results/. Every
number comes from a run's summary, or from the verdicts that were judged by it, times and memory from Snakemake's
benchmark files; nothing else is read but the figures.
Each experiment has a folder of its own, with its page and small copies of its figures, and docs/reproduction.md is
the list of all pages: experiments that are not named stay as they are.
"""

import json
import math
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from PIL import Image

from infoplane import figures, files, store
from infoplane.claims import write
from infoplane.claims.findings import Bypass, Failures, FiltersNeeded, Findings
from infoplane.claims.verdict import SUPPORTED, VERDICTS, Effect
from infoplane.derived import ends, outcomes, scores
from infoplane.errors import InfoplaneError, StoreError, raise_all
from infoplane.experiment import label
from infoplane.schema import ACCURACY, DETERMINATION

ROOT = Path(__file__).parents[1]
PAPERS = ("yu2021_*", "wickstrom2023_*", "resnet20*", "szt_*", "yu2019_*")  # folders of the papers' experiments
STAGES = ("train", "capture", "measure", "weights")  # whose jobs take long
WIDTH = 1200  # of a picture, pixels
COLOURS = 256  # in its palette
LONG = 20  # rows of a table that is folded
_LISTED = 5  # seeds, of which more are told by their ends

PAGE = "README.md"  # of an experiment, in its folder
TALLY = "Verdicts: "  # begins the second line of a page

HEAD = """# Reproduction

Written by `make reproduction` from the summaries of finished runs: every number, figure and verdict comes from them,
times and memory from the benchmark files of the jobs.
The sentences on a paper, and on where an experiment differs from it and why, are those of the experiment's file.
Thresholds of claims are this project's proposals, not the papers'. A claim has a verdict for each estimator."""


@dataclass(frozen=True)
class Finished:
    """A finished run of an experiment.

    Parameters
    ----------
    summary
        As it was opened.
    judged
        The content of its claims.json.
    figures
        Its figures: PNG files, and what each says of itself.
    animations
        Names of the figures that it shows over the epochs.
    stages
        What each stage cost, in words.
    """

    summary: xr.DataTree
    judged: Mapping[str, Any]
    figures: Mapping[Path, Mapping[str, str]]
    animations: Sequence[str] = ()
    stages: Sequence[str] = ()

    @property
    def about(self) -> Mapping[str, Any]:
        """The experiment as resolved."""
        found: Mapping[str, Any] = self.summary.attrs["experiment"]
        return found


def read(folder: Path) -> Finished:
    """Read the results of an experiment.

    Raises
    ------
    StoreError
        If the summary, the verdicts or the figures are missing, or come from another summary.
    """
    summary, claims, drawn = folder / "summary.zarr", folder / "claims.json", list(folder.glob("figures/*.png"))
    missing = [path.name for path in (summary, claims) if not path.exists()] + ["figures/*.png"] * (not drawn)
    raise_all(
        [f"{name}: missing; run snakemake on an experiment with figures and claims" for name in missing],
        heading=str(folder),
        error=StoreError,
    )
    tree, judged = store.load(summary, "summary"), json.loads(claims.read_text())
    digest = files.sha256(summary / files.MANIFEST)
    facts = {path: _facts(path) for path in drawn}
    others = [claims.name] * (judged.get("summary") != digest)
    others += [f"figures/{path.name}" for path in sorted(drawn) if facts[path].get("summary") != digest]
    raise_all(
        [f"{name}: was made from another summary; run snakemake again, or remove it" for name in others],
        heading=str(folder),
        error=StoreError,
    )
    order = figures.names()
    shown = sorted(facts.items(), key=lambda each: (order.index(each[1]["figure"]), each[0].stem))
    animations = sorted(path.stem for path in folder.glob("animations/*.gif"))
    return Finished(tree, judged, dict(shown), animations, [*stages(folder)])


def _facts(path: Path) -> Mapping[str, str]:
    """What a picture says of itself."""
    with Image.open(path) as image:
        image.load()
        return {str(name): value for name, value in image.info.items() if isinstance(value, str)}


def stages(folder: Path) -> Iterator[str]:
    """What the jobs of each stage took in all, and the most memory of one; of a resumed job it is the last attempt."""
    for stage in STAGES:
        jobs = [pd.read_csv(path, sep="\t").iloc[0] for path in folder.glob(f"benchmarks/{stage}/*.tsv")]
        if jobs:
            minutes, processor = (sum(job[column] for job in jobs) / 60 for column in ("s", "cpu_time"))
            peak = max(job["max_rss"] for job in jobs)
            yield f"{stage}: {len(jobs)}, {minutes:.1f} min ({processor:.1f} of a processor), {peak:.0f} MiB at most"


def page(run: Finished) -> str:
    """The page of an experiment."""
    return "\n\n".join(sections(run)) + "\n"


def sections(run: Finished) -> Iterator[str]:
    """Everything about one run, a block of Markdown at a time."""
    about = run.about
    yield f"# {about['title']}"
    yield tally(run.judged["claims"])
    if about["preview"]:
        yield "**PREVIEW**: of a reduced experiment, with less of data, seeds, epochs or probes than the full one."
    if about.get("source"):
        yield about["source"]
    yield "## What was run"
    took = [("jobs, by their last attempts", "; ".join(run.stages))] * bool(run.stages)
    yield _grid(("what", "how"), [*settings(run.summary), *took])
    yield (
        f"{score(run.summary)} on the test split (of at most "
        f"{about['training']['evaluation_size']} samples) at the last epoch: mean ± standard deviation over seeds."
    )
    yield _grid(*reached(run.summary))
    yield from write.told(Failures(**run.judged["failures"]))
    yield "## Figures"
    for path, facts in run.figures.items():
        shows = _shows(facts["figure"])
        yield f"![{shows}; {about['title']}]({path.name})\n\n*{shows}* ({_origin(path, facts)})."
    for name in run.animations:
        moving = f"results/{about['name']}/animations/{name}"
        yield f"The command also makes `{moving}.gif` and `{moving}.html`: the same figure, epoch by epoch."
    yield "## Verdicts"
    yield write.LEGEND
    yield _grid(*verdicts(run.judged["claims"]))
    for table in write.tables([_findings(each) for each in run.judged["findings"]]):
        yield f"## {table.title}"
        yield table.meaning
        yield _folded(_grid(table.header, table.rows), len(table.rows))
    yield "## Claims that are not supported by every estimator"
    yield "\n".join(unsupported(run.judged["claims"])) or "There are none."
    if about["differences"]:
        yield f"## {write.DIFFERENCES}"
        if about["preview"] or about["seeds_left_out"]:
            yield "This is said of the experiment at full length, with all its seeds; what was run here is told above."
        yield "\n".join(f"- {each}" for each in about["differences"])


def tally(claims: Sequence[Mapping[str, Any]]) -> str:
    """How often each verdict was given."""
    counts = Counter(claim["verdict"] for claim in claims)
    return TALLY + (", ".join(f"{counts[word]} {word}" for word in VERDICTS if counts[word]) or "none") + "."


def settings(summary: xr.DataTree) -> Iterator[tuple[str, str]]:
    """What was run, in words: a name and its value at a time."""
    about, sources = summary.attrs["experiment"], summary.attrs["sources"]
    training = summary["training"].to_dataset()
    yield "command", f"`{command(about)}`"
    yield "data", words(about["dataset"])
    kind = "classes" if score(summary) == "Accuracy" else "numbers to a target"
    yield from dict.fromkeys(
        (f"SHA-256 of {data['name']}", f"`{data['checksum']}`, {data['classes']} {kind}")
        for data in sources["datasets"]
    )
    yield "network", words(about["model"])
    yield "training", words({key: value for key, value in about["training"].items() if key != "checkpoints"})
    count = training.sizes["variant"]
    yield "sweep", f"{count} variants; the table below has what each changes" if count > 1 else "none"
    yield "seeds", _seeds(about["seeds"], about["seeds_left_out"])
    epochs = training["epoch"].values
    yield "epochs looked at", f"{len(epochs)}, from {epochs[0]:g} to {epochs[-1]:g}"
    yield "probe", words(about["probe"])
    for estimator in about["estimators"]:
        yield "estimator", words(estimator)
    yield "controls", ", ".join(["untrained networks", *(each.replace("_", " ") for each in about["controls"])])
    yield "versions", _by_stage({stage: map(words, found) for stage, found in sources["versions"].items()})
    yield "device", _by_stage(sources["devices"])


def command(about: Mapping[str, Any]) -> str:
    """The command line that makes the results of an experiment."""
    name = about["name"].removesuffix("-preview") if about["preview"] else about["name"]
    shipped, tested = (ROOT / folder / "experiments" / f"{name}.yaml" for folder in ("workflow", "tests"))
    path = tested.relative_to(ROOT) if tested.exists() else f"path/to/{name}.yaml"
    words = ["snakemake --cores all --config", f"'experiments=[{name if shipped.exists() else path}]'"]
    words += ["preview=true"] * about["preview"]
    words += [f"seeds={len(about['seeds'])}"] * bool(about["seeds_left_out"])
    return " ".join(words)


def words(settings: Mapping[str, Any]) -> str:
    """Settings in words; what is empty is left out."""
    parts = []
    for key, value in settings.items():
        text = f"({words(value)})" if isinstance(value, Mapping) else label(value)
        if text:
            parts.append(text if key == "name" else f"{key.replace('_', ' ')} {text}")
    return ", ".join(parts)


def score(summary: xr.DataTree) -> str:
    """What says how well the networks do."""
    training, named = summary["training"].to_dataset(), {ACCURACY: "Accuracy", DETERMINATION: "R²"}
    return " or ".join(named[name] for name in scores.names(training) if training[name].count() > 0)


def reached(summary: xr.DataTree) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the final score on the test split of every variant; diverged networks are counted."""
    training = summary["training"].to_dataset()
    swept = list(dict.fromkeys(key for block in summary.attrs["experiment"]["sweep"] for key in block))
    diverged, unlearned = outcomes.diverged(training), outcomes.unlearned(training)
    final = ends.at_the_end(scores.score(training).sel(split="test")).where(~diverged)
    rows = []
    for name in training["variant"].values.tolist():
        own = {"variant": name}
        labels = [str(training[key].sel(own).item()) for key in swept]
        values = final.sel(own).dropna("seed")
        spread = f" ± {100 * float(values.std(ddof=1)):.2f}" if values.size > 1 else ""
        mean = f"{100 * float(values.mean()):.2f}{spread} %" if values.size else "–"
        counts = [values.size, *(int(marked.sel(own).sum()) for marked in (diverged, unlearned))]
        rows.append([f"`{name}`", *labels, mean, *map(str, counts)])
    return [
        "variant",
        *(key.rpartition(".")[2].replace("_", " ") for key in swept),
        score(summary).replace("Accuracy", "accuracy"),
        "seeds",
        "diverged",
        "learned nothing",
    ], rows


def verdicts(claims: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of all verdicts; estimators that agree share a row, and a claim is told once."""
    controls = list(dict.fromkeys(name for claim in claims for name in claim["controls"]))
    rows: list[list[str]] = []
    told: set[str] = set()
    for claim in claims:
        sentence = f"**{claim['id']}** {claim['statement']} ({claim['measured']}; {claim['rule']})"
        new = [text for text in (sentence, claim["remark"]) if text not in told]
        told.update(new)
        units, learned = claim["units"], claim["effect_of_those_that_learned"]
        effect = write.effect(_effect(claim["effect"]), _effect(learned) if learned else None, units)
        measured = {name: write.words(_effect(found), units) for name, found in claim["controls"].items()}
        under = [measured.get(name, "") for name in controls]
        judged_with = write.judged_with(claim["estimator"], claim["split"])
        row = [" ".join(new).strip(), judged_with, effect, *under, claim["verdict"]]
        if rows and not row[0] and rows[-1][2:] == row[2:]:  # an estimator that says the same of the claim above
            rows[-1][1] += f"; {row[1]}"
        else:
            rows.append(row)
    names = (name.replace("_", " ") for name in controls)
    return ["claim (measured; rule)", "judged with", "effect [95 % interval]", *names, "verdict"], rows


def unsupported(claims: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """An entry of a list for every claim that is not supported throughout, with its verdicts."""
    for name in dict.fromkeys(claim["claim"] for claim in claims):
        found = [claim for claim in claims if claim["claim"] == name]
        by_verdict: dict[str, list[str]] = {}
        for claim in found:
            by_verdict.setdefault(claim["verdict"], []).append(write.judged_with(claim["estimator"], claim["split"]))
        if set(by_verdict) != {SUPPORTED}:
            said = "; ".join(f"**{verdict}** ({'; '.join(by)})" for verdict, by in by_verdict.items())
            yield f"- {found[0]['paper']}, {found[0]['id']}: {found[0]['statement']} Here: {said}."


def picture(path: Path) -> bytes:
    """A small copy of a figure: no wider than a page on a screen, in few colours, without a date."""
    with Image.open(path) as image:
        whole = image.convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    width = min(WIDTH, flat.width)
    small = flat.resize((width, round(flat.height * width / flat.width)), Image.Resampling.LANCZOS)
    few = small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    buffer = BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def save(runs: Sequence[Finished], folder: Path) -> None:
    """Write the pages of experiments, each with its pictures into a folder of its own, and the list of all pages."""
    for run in runs:
        contents = {path.name: picture(path) for path in run.figures} | {PAGE: page(run).encode()}
        own = folder / "reproduction" / run.about["name"]
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        for name, content in contents.items():
            files.write(own / name, content)
    files.write(folder / "reproduction.md", overview(folder).encode())


def overview(folder: Path) -> str:
    """The list of all pages, each by its title and its verdicts, as its first lines have them."""
    rows = []
    for path in sorted(folder.glob(f"reproduction/*/{PAGE}")):
        title, verdicts, *_ = path.read_text().split("\n\n", 2)
        link = f"[{title.removeprefix('# ')}]({path.relative_to(folder)})"
        rows.append([link, verdicts.removeprefix(TALLY).removesuffix(".")])
    return f"{HEAD}\n\n{_grid(('experiment', 'verdicts'), rows)}\n"


def _shows(figure: str) -> str:
    """What a registered figure shows, in one phrase."""
    phrase: str = getattr(figures, figure).shows
    return phrase[:1].upper() + phrase[1:]


def _origin(path: Path, facts: Mapping[str, str]) -> str:
    """A picture's name, the paper's figure that it takes up, and the estimator of what it draws."""
    estimator = [f"estimator `{facts['estimator']}`"] if "estimator" in facts else []
    after = getattr(figures, facts["figure"]).after
    return ", ".join([f"`{path.stem}`", *([f"after {after}"] if after else []), *estimator])


def _seeds(run: Sequence[int], left_out: Sequence[int]) -> str:
    of = f", the first of {len(run) + len(left_out)}" if left_out else ""
    whole = len(run) > _LISTED and list(run) == list(range(run[0], run[-1] + 1))
    named = f"{run[0]} to {run[-1]}" if whole else ", ".join(map(str, run))
    return f"{len(run)} ({named}){of}"


def _by_stage(found: Mapping[str, Iterable[str]]) -> str:
    """Facts that stages recorded; with the stages, if these differ."""
    stages: dict[str, list[str]] = {}
    for stage, facts in found.items():
        for fact in facts:
            stages.setdefault(fact, []).append(stage.replace("_", " "))
    return "; ".join(stages if len(stages) == 1 else (f"{fact} ({', '.join(by)})" for fact, by in stages.items()))


def _effect(found: Mapping[str, Any]) -> Effect:
    """An effect from plain values; JSON knows no NaN."""
    numbers = {name: math.nan if found[name] is None else found[name] for name in ("mean", "low", "high")}
    return Effect(tuple(found["seeds"]), tuple(found["values"]), **numbers)


def _findings(found: Mapping[str, Any]) -> Findings:
    filters = tuple(FiltersNeeded(**each) for each in found["filters_needed"])
    return Findings(found["estimator"], found["split"], filters, tuple(Bypass(**each) for each in found["bypass"]))


def _grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(write.grid(header, rows))


def _folded(table: str, rows: int) -> str:
    return f"<details><summary>{rows} rows</summary>\n\n{table}\n\n</details>" if rows > LONG else table


def main(arguments: Sequence[str]) -> None:
    """Write the pages of folders of results, or of those of the papers' experiments."""
    folders = [Path(each) for each in arguments] or [
        folder for experiments in PAPERS for folder in sorted(ROOT.glob(f"results/{experiments}"))
    ]
    try:
        if not folders:
            raise StoreError(f"results/ has no {' or '.join(PAPERS)}; run snakemake on one, or name folders of results")
        runs = [read(folder) for folder in folders]
        if len({run.about["name"] for run in runs}) < len(runs):
            raise StoreError("two of these folders hold one experiment; name each experiment once")
        save(runs, ROOT / "docs")
    except InfoplaneError as error:
        sys.exit(f"reproduction: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
