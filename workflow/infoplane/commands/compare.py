"""Draw two experiments, or more, in one figure.

All of their variants, each under the name of its experiment, in one of the figures that experiments
have, with shared axes; and the CSV beside it. Both must have been measured by one estimator with the
same settings and as many samples; epochs, layers and seeds may differ.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from infoplane import figures, files
from infoplane.errors import ConfigError


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "results",
        nargs="+",
        metavar="RESULTS",
        help="two or more: name of an experiment below results/, or path of its folder or of a summary.zarr",
    )
    parser.add_argument(
        "--figure",
        default="information_plane",
        metavar="NAME",
        help="which figure; docs/settings.md has all of them with their options; default: information_plane",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        dest="settings",
        help="an option of the figure, such as estimator=renyi or layers=[conv1,conv2]; may be given several times",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="STEM",
        help="path of the files without .svg, .png, .pdf and .csv; default: results/comparisons/A_and_B/NAME",
    )


def run(chosen: argparse.Namespace) -> None:
    """Draw the figure, and say where it is."""
    if len(set(chosen.results)) < 2:
        raise ConfigError(f"compare {' '.join(chosen.results)}: accepted: two experiments or more, each once")
    settings = _settings(chosen.settings)
    figures.check(chosen.figure, settings)
    for path in save([_summary(each) for each in chosen.results], chosen.figure, settings, chosen.output):
        print(path)


def save(paths: Sequence[Path], figure: str, settings: dict[str, Any], stem: Path | None) -> list[Path]:
    """Draw the summaries of several experiments in one figure, and write it.

    Parameters
    ----------
    paths
        Of the summaries.
    figure, settings
        A registered figure and its options.
    stem
        Path of the files without their endings; None for one among the results.

    Raises
    ------
    ConfigError
        If the experiments cannot lie in one figure.
    StoreError
        If a summary is damaged.
    """
    from infoplane import store  # loads xarray and zarr, as drawing loads matplotlib
    from infoplane.figures import files as drawn
    from infoplane.figures import joined

    trees = [store.load(path, "summary") for path in paths]
    names = [str(tree.attrs["experiment"]["name"]) for tree in trees]
    if len(set(names)) < len(names):
        names = [str(path.parent) for path in paths]
    by_name = dict(zip(names, trees, strict=True))
    tree = joined.join(by_name, figure=figure, needs=sorted(figures.needs(figure)))
    picture, table = figures.draw(figure, tree, settings), figures.table(figure, tree, settings)
    digests = ", ".join(files.sha256(path / files.MANIFEST) for path in paths)
    shown = "_and_".join(name.replace("/", "-") for name in names)
    place = stem or Path("results") / "comparisons" / shown / figure
    return drawn.save(picture, table, place, figure=figure, summaries=digests)


def _summary(name: str) -> Path:
    """The summary of an experiment that is named, or whose folder is."""
    path = Path(name) if "/" in name or Path(name).is_dir() else Path("results") / name
    found = path if path.name == "summary.zarr" else path / "summary.zarr"
    if not found.is_dir():
        known = sorted(each.parent.name for each in Path("results").glob("*/summary.zarr"))
        raise ConfigError(f"{found}: there is no such summary; finished here: {', '.join(known) or 'none'}")
    return found


def _settings(given: Sequence[str]) -> dict[str, Any]:
    """Options of the figure, each value as it would stand in an experiment file."""
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise ConfigError(f"--set {each}: accepted: OPTION=VALUE")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {each}: {value!r} is not valid YAML") from error
    return found
