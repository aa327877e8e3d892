"""Both data-processing inequalities: information about the input along the layers, and errors along the way back.

Figure 2 of Yu et al. 2021 (arXiv 1804.06537). Along X → T_1 → … → T_K the forward chain I(X; T_k) should not rise;
along δ_K → δ_(K−1) → … → δ_1 neither should the error chain I(δ_K; δ_k). The first is a theorem of Shannon
information, not of its estimates; the second is empirical. Where skip connections go round layers, a step of the
forward chain is from the nearest layer that they do not go round.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, product

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from infoplane.derived import chains
from infoplane.figures import absent, canvas, labels, seeds, select, style
from infoplane.figures.against import CONTROLS
from infoplane.figures.canvas import Blocks, Canvas
from infoplane.figures.choices import Processing
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "thick: mean over seeds ± 1 standard deviation, thin: each seed"
STAGES = ("untrained", "after the first epoch", "at the end")
_FORWARD, _ERROR = "mutual_information_input_layer", "mutual_information_error"
_CHAINS = {"forward": _FORWARD, "error": _ERROR}
_LOOKS: dict[str, style.Look] = {
    "forward": {"marker": "o", "linestyle": "-"},
    "error": {"marker": "s", "linestyle": style.DASHES[2]},
}
_CROSS: style.Look = {"marker": "X", "markersize": 6, "markerfacecolor": "white"}
_SHUFFLED = "shuffled_samples"
Steps = dict[tuple[str, str], str]  # the layer from which a step goes, by variant and the layer where it ends
_RISE, _TOLERANCE = "rise [bits]", "tolerance [bits]"


def table(summary: xr.DataTree, options: Processing) -> pd.DataFrame:
    """Both chains at three stages of training, and by how much the mean rises on the step that ends at a layer."""
    information, errors = (_controlled(select.group(summary, name, options)) for name in ("information", "error_chain"))
    bound = information["entropy_input"].mean(["seed", "epoch"]).to_series()
    forward = select.rows(information, [_FORWARD]).assign(entropy_input=lambda rows: rows["variant"].map(bound))
    # The chain of errors starts beside the output, whose information about itself is no step of it.
    backward = select.rows(errors, [_ERROR]).query("kind != 'output'")
    steps = {"forward": _forward_steps(information), "error": _error_steps(backward)}
    lost = select.lost(summary, "information", options)
    found = []
    for chain, rows, data in (
        ("forward", forward, information),
        ("error", backward, errors.sel(layer=backward["layer"].unique())),
    ):
        drawn = select.with_mean(_stages(rows.assign(chain=chain), lost), [_CHAINS[chain]])
        whole = absent.added(drawn, data, lost, [_CHAINS[chain]], chain=chain, stage=STAGES[-1])
        found.append(_with_rises(whole, chain, steps[chain], options.tolerance))
    return pd.concat(found, ignore_index=True)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw three panels per variant, one per stage, with both chains over the layers and violated steps crossed."""
    names = titles(table, notes.keys)
    layers = select.in_order(table["layer"], notes.layers)
    stages = select.in_order(table["stage"], STAGES)
    named = style.TEXT_HEIGHT * len(layers) + 6  # the names stand upright where there is no room
    abreast = 2 if len(names) > 6 and len(layers) < 8 else 1
    blocks = Blocks.of(len(names), len(stages), abreast, least=max(24.0, named))
    room = (style.page() - 12) / blocks.abreast
    texts = {variant: canvas.title(text, room - 5) for variant, text in names.items()}
    height = blocks.rows * (27 * blocks.deep + 3.3 * max(map(canvas.lines, texts.values()))) + 22
    page = Canvas.blank(width=style.page(), height=height, notes=notes, key=[_key(notes, table)])
    panels = page.panels(len(names) * len(stages), blocks.columns)
    for axes, (variant, stage) in zip(panels, product(names, stages), strict=True):
        of_variant = table[table["variant"] == variant]
        _draw_controls(axes, of_variant, stage, layers)
        measured = of_variant[of_variant["control"] == "none"]
        of_stage = measured[measured["stage"] == stage]
        _draw_panel(axes, of_stage, layers)
        if stage == STAGES[-1]:
            absent.said(axes, of_stage, list(_CHAINS.values()))
    headings = [[_when(table, variant, stage) for stage in stages] for variant in names]
    blocks.title(panels, list(texts.values()), headings)
    labels.below(panels, layers, room / blocks.across)
    page.label("Layer", "Mutual information [bits]")
    return page.figure


def _controlled(data: xr.Dataset) -> xr.Dataset:
    return data.sel(control=[kind for kind in ("none", _SHUFFLED) if kind in data["control"]])


def _stages(rows: pd.DataFrame, lost: Sequence[str]) -> pd.DataFrame:
    """Keep three epochs of every variant: 0, the last unless it is lost, and the one nearest to 1 if it is neither."""
    later = rows[rows["epoch"] > 0]
    last = select.last_epochs(later, lost)
    distance = (later["epoch"] - 1).abs()
    first = later[distance == distance.groupby(later["variant"]).transform("min")].drop(last.index, errors="ignore")
    chosen = (rows[rows["epoch"] == 0], first, last)
    return pd.concat([part.assign(stage=stage) for stage, part in zip(STAGES, chosen, strict=True)])


def _forward_steps(data: xr.Dataset) -> Steps:
    """The layer before each layer of each variant, on the way from the input."""
    variants = data["variant"].values.tolist()
    pairs = {variant: chains.markov_pairs(data, variant) for variant in variants}
    return {(variant, after): before for variant, own in pairs.items() for before, after in own}


def _error_steps(rows: pd.DataFrame) -> Steps:
    """The layer before each layer of each variant, on the way back."""
    found: Steps = {}
    for variant, own in rows.groupby("variant", sort=False):
        layers = own.drop_duplicates("layer").sort_values("depth", ascending=False)["layer"]
        found |= {(str(variant), after): before for before, after in pairwise(layers)}
    return found


def _with_rises(rows: pd.DataFrame, chain: str, steps: Steps, tolerance: float) -> pd.DataFrame:
    measured = seeds.means(rows[rows["control"] == "none"])
    known = measured.set_index(["variant", "stage", "layer"])[_CHAINS[chain]]
    before = [steps.get((variant, layer), "") for variant, layer in zip(rows["variant"], rows["layer"], strict=True)]
    rows = rows.assign(before=before)
    at = pd.MultiIndex.from_frame(rows.loc[measured.index, ["variant", "stage", "before"]])
    rises = rows.loc[measured.index, _CHAINS[chain]] - known.reindex(at).to_numpy()
    violates = (rises > tolerance).reindex(rows.index, fill_value=False)
    return rows.assign(**{_RISE: rises, "violates": violates}).assign(**{_TOLERANCE: tolerance})


def _draw_panel(axes: Axes, shown: pd.DataFrame, layers: Sequence[str]) -> None:
    places = shown.assign(place=shown["layer"].map(layers.index))
    for bound in places["entropy_input"].dropna().unique():
        axes.axhline(bound, color=style.GREY, linestyle=style.DASHES[1], linewidth=0.8, zorder=0.5)
    for (chain, variable), colour in zip(_CHAINS.items(), style.categories(2), strict=True):
        of_chain = places[places["chain"] == chain]
        seeds.each(axes, of_chain, "place", variable, colour)
        mean = seeds.means(of_chain)
        seeds.bars(axes, mean, "place", variable, color=colour, **_LOOKS[chain])
        _mark_violations(axes, mean, variable, colour)


def _draw_controls(axes: Axes, of_variant: pd.DataFrame, stage: str, layers: Sequence[str]) -> None:
    """Draw in grey both chains of shuffled samples, and of the untrained network where another stage is shown."""
    means = seeds.means(of_variant).assign(place=lambda rows: rows["layer"].map(layers.index))
    measured, shuffled = (means[means["control"] == kind] for kind in ("none", _SHUFFLED))
    untrained = measured[(measured["stage"] == STAGES[0]) & (stage != STAGES[0])]
    for name, rows in {"shuffled samples": shuffled[shuffled["stage"] == stage], "untrained": untrained}.items():
        for chain, variable in _CHAINS.items():
            points = rows[rows["chain"] == chain]
            look = {**_LOOKS[chain], **CONTROLS[name], "zorder": 0.8}
            axes.plot(points["place"].to_numpy(), points[variable].to_numpy(), **look)


def _mark_violations(axes: Axes, mean: pd.DataFrame, variable: str, colour: str) -> None:
    """Cross, in the colour of its chain, every step on which the mean rises along it."""
    wrong = mean[mean["violates"]]
    start = mean.set_index("layer").loc[wrong["before"], ["place", variable]].to_numpy()
    middle = (start + wrong[["place", variable]].to_numpy()) / 2
    axes.plot(middle[:, 0], middle[:, 1], linestyle="none", zorder=4, color=colour, **_CROSS)


def _key(notes: Notes, table: pd.DataFrame) -> list[Line2D]:
    names = {"forward": "forward chain {} →", "error": "← error chain {}"}  # which way information may only fall
    chains = [
        canvas.handle(names[chain].format(_symbol(notes.labels[variable])), color=colour, **_LOOKS[chain])
        for (chain, variable), colour in zip(_CHAINS.items(), style.categories(2), strict=True)
    ]
    bound = canvas.handle("S(X)", color=style.GREY, linestyle=style.DASHES[1], linewidth=0.8)
    crossed = canvas.handle(
        f"violated by > {table[_TOLERANCE].max():g} bits",
        linestyle="none",
        color=style.INK,
        **_CROSS,
    )
    drawn = {
        "shuffled samples": (table["control"] == _SHUFFLED).any(),
        "untrained": (table["stage"] == STAGES[0]).any(),
    }
    controls = [canvas.handle(name, **CONTROLS[name]) for name in drawn if drawn[name]]
    return [*chains, bound, *controls, *([crossed] if table["violates"].any() else [])]


def _symbol(label: str) -> str:
    """I(…) of an axis label, with subscripts set as such."""
    return re.sub(r"δ_(\w)", r"$\\delta_\1$", label.partition(" [")[0])


def _when(table: pd.DataFrame, variant: str, stage: str) -> str:
    epochs = table.loc[(table["variant"] == variant) & (table["stage"] == stage), "epoch"]
    return stage if stage == STAGES[0] or epochs.empty else f"epoch {epochs.iloc[0]:g}"
