"""The figures of the information-plane literature, drawn from an experiment's summary.

Every figure is a `Page`: call it with a summary to draw it, or ask for its `table`, which is all that it draws::

    figures.information_plane(summary, layers=["conv1", "conv2"])
    figures.information_plane.table(summary)
    with figures.styled(width="column", font_size=8):
        figures.information_plane(summary).savefig("plane.pdf")

Two figures are of other stores than a summary, and so are no entries here: `infoplane.figures.points` draws the planes
of ``sensitivity.zarr``, at every point of a grid, and `infoplane.figures.calibration` what ``calibration.zarr`` holds.

A new figure is an entry here, a module in `infoplane.figures.pages`, and a caption in ``workflow/report``.
Planning a workflow needs the names, `needs` and `check` only, and loads no plotting library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from infoplane.errors import ConfigError
from infoplane.figures import choices
from infoplane.figures.choices import Option
from infoplane.figures.page import Page

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = [
    "Option",
    "Page",
    "animated",
    "bandwidths",
    "bottleneck",
    "check",
    "data_processing",
    "degrees",
    "diffusion",
    "diversity",
    "draw",
    "early_stopping",
    "final_layers",
    "gradients",
    "information_plane",
    "information_plane_by_layer",
    "kernel_matrices",
    "kernel_widths",
    "modified_information_plane",
    "multivariate_information",
    "names",
    "needs",
    "options",
    "planes",
    "processing_steps",
    "reconstruction_plane",
    "redundancy_synergy",
    "relaxation",
    "snapshots",
    "styled",
    "symmetric_pairs",
    "table",
    "training",
    "turn_back",
]

information_plane = Page(
    "information_plane",
    "I(X; T) against I(T; Y), a trajectory per layer, and the transition from drift to diffusion where gradients were "
    "recorded",
    needs=("information",),
    options=choices.Paths,
    after="figures 3, 5 and 8 of Shwartz-Ziv and Tishby 2017, 6 of Yu et al. 2021, 3 to 6 of Wickstrøm et al. 2019",
    animated=True,
)
information_plane_by_layer = Page(
    "information_plane_by_layer",
    "I(X; T) against I(T; Y), a panel per layer with ranges of its own",
    needs=("information",),
    options=choices.Measured,
    after="figures 3 to 6 of Wickstrøm et al. 2019",
)
snapshots = Page(
    "snapshots",
    "the information plane at a few epochs, a mark per layer and network",
    needs=("information",),
    options=choices.Snapshots,
    after="figure 2 of Shwartz-Ziv and Tishby 2017",
)
final_layers = Page(
    "final_layers",
    "the layers of the trained networks in the information plane, a line per value of a swept key",
    needs=("information",),
    options=choices.Compared,
    after="figure 7 of Shwartz-Ziv and Tishby 2017",
)
relaxation = Page(
    "relaxation",
    "epochs until a layer knows the target, against the compression of the layer before it",
    needs=("information",),
    options=choices.Relaxed,
    after="equation 11 of Shwartz-Ziv and Tishby 2017",
)
modified_information_plane = Page(
    "modified_information_plane",
    "non-redundant information about input and target, a trajectory per convolution",
    needs=("decomposition",),
    options=choices.Measured,
    animated=True,
)
planes = Page(
    "planes",
    "the information plane and the modified one, side by side, a trajectory per convolution",
    needs=("information", "decomposition"),
    options=choices.Measured,
    after="figure 6 of Yu et al. 2021",
)
data_processing = Page(
    "data_processing",
    "both data-processing inequalities, layer by layer",
    needs=("information", "error_chain"),
    options=choices.Processing,
    after="figure 2 of Yu et al. 2021",
)
processing_steps = Page(
    "processing_steps",
    "by how much I(X; T) falls from each layer to the next, in the mean over the epochs",
    needs=("information",),
    options=choices.Measured,
    after="figure 7 of Wickstrøm et al. 2019",
    smooth=False,
)
multivariate_information = Page(
    "multivariate_information",
    "what all feature maps of a convolution know together, under its bound",
    needs=("information", "decomposition", "training"),
    options=choices.Maps,
    after="figure 4 of Yu et al. 2021",
)
redundancy_synergy = Page(
    "redundancy_synergy",
    "redundancy minus synergy, and non-redundant information, as shares of what pairs of feature maps know",
    needs=("decomposition",),
    options=choices.Maps,
    after="figure 5 of Yu et al. 2021",
)
degrees = Page(
    "degrees",
    "average degrees of redundancy and of vulnerability of the feature maps",
    needs=("decomposition",),
    options=choices.Maps,
)
kernel_widths = Page(
    "kernel_widths",
    "median distance between samples over the bandwidth, for every layer",
    needs=("information",),
    options=choices.Measured,
)
kernel_matrices = Page(
    "kernel_matrices",
    "kernel matrices of the layers of one network, a row for each estimator",
    needs=("kernel_matrices",),
    options=choices.Matrices,
    after="figure 2 of Wickstrøm et al. 2019",
)
bandwidths = Page(
    "bandwidths",
    "the width of every layer's kernel over the epochs",
    needs=("information",),
    options=choices.Widths,
    after="figure 8 of Wickstrøm et al. 2019",
    smooth=False,
)
early_stopping = Page(
    "early_stopping",
    "the information plane, with the epochs at which early stopping would have ended the training",
    needs=("information", "training"),
    options=choices.Stopped,
    after="figure 1 of Wickstrøm et al. 2019",
)
bottleneck = Page(
    "bottleneck",
    "layers of the last epoch against the information-bottleneck curve, with β* and the residual of each",
    needs=("bottleneck",),
    options=choices.Measured,
    after="figure 6 of Shwartz-Ziv and Tishby 2017",
)
training = Page(
    "training",
    "loss, accuracy, and the gradient's mean and spread",
    needs=("training",),
    options=choices.Options,
)
diffusion = Page(
    "diffusion",
    "how far the weights have moved since the start of training, and since a later epoch",
    needs=("weights",),
    options=choices.Diffusion,
    after="the text of Shwartz-Ziv and Tishby 2017",
)
diversity = Page(
    "diversity",
    "how far apart the final weights of two seeds are, against how far apart their information planes are",
    needs=("information", "weights"),
    options=choices.Measured,
    after="the text of Shwartz-Ziv and Tishby 2017",
)
gradients = Page(
    "gradients",
    "norms of the gradient's mean and spread over those of the weights, with the transition from drift to diffusion",
    needs=("training",),
    options=choices.Options,
    after="figure 4 of Shwartz-Ziv and Tishby 2017",
)

symmetric_pairs = Page(
    "symmetric_pairs",
    "information between input and output and between symmetric layers, outermost first",
    needs=("layer_pairs",),
    options=choices.Measured,
    after="the second property of Yu and Príncipe 2019",
)
reconstruction_plane = Page(
    "reconstruction_plane",
    "I(X; T) against I(T; X′) of the output, or against I(T; T′) of the symmetric layer, a trajectory per layer",
    needs=("information", "layer_pairs"),
    options=choices.Reconstructed,
    after="the two information planes of Yu and Príncipe 2019",
)
turn_back = Page(
    "turn_back",
    "how far I(X; Z) of an autoencoder's code falls again, and how well it reconstructs, against the code's width, "
    "beside the intrinsic dimension of the data",
    needs=("information", "layer_pairs", "training"),
    options=choices.Estimated,
    after="the third property of Yu and Príncipe 2019",
)

_PAGES = {
    page.name: page
    for page in (
        information_plane,
        information_plane_by_layer,
        modified_information_plane,
        planes,
        data_processing,
        processing_steps,
        multivariate_information,
        redundancy_synergy,
        degrees,
        kernel_widths,
        bandwidths,
        kernel_matrices,
        early_stopping,
        bottleneck,
        training,
        gradients,
        diffusion,
        diversity,
        snapshots,
        final_layers,
        relaxation,
        symmetric_pairs,
        reconstruction_plane,
        turn_back,
    )
}


def names() -> list[str]:
    """Names of all figures."""
    return list(_PAGES)


def needs(name: str) -> frozenset[str]:
    """Groups of the summary that a figure reads."""
    return frozenset(_page(name).needs)


def animated() -> list[str]:
    """Names of the figures that `infoplane.figures.animation` can show over the epochs."""
    return [name for name, page in _PAGES.items() if page.animated]


def options(name: str) -> dict[str, Option]:
    """Options that a figure accepts, each with its accepted values in words and its default."""
    return choices.describe(_page(name).options)


def check(name: str, values: Mapping[str, object]) -> None:
    """Raise a ConfigError, telling every fault, unless the figure exists and accepts these options."""
    _page(name).check(values)


def table(name: str, summary: xr.DataTree, values: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Everything that a figure draws, a row per point, with units in the header."""
    return _page(name).table(summary, **(values or {}))


def draw(name: str, summary: xr.DataTree, values: Mapping[str, object] | None = None) -> Figure:
    """Draw a figure from a summary."""
    return _page(name)(summary, **(values or {}))


@contextmanager
def styled(**settings: Any) -> Iterator[None]:
    """Whatever is drawn inside has this style; what is not said is as by default.

    Parameters
    ----------
    **settings
        Keys of ``style`` in config.yaml, such as ``width=89`` (mm), ``font_size=8`` (pt), ``font="serif"`` or
        ``palette={"epochs": "viridis"}``.

    Raises
    ------
    ConfigError
        Telling every key that is not known and every value that is not accepted.
    """
    from infoplane.figures import style

    config = import_module("infoplane.config")  # by name: no figure hangs on how settings are checked
    chosen = config.complete({"style": settings}, schema="config", origin="style of figures")["style"]
    with style.using(style.Style.of(chosen)):
        yield


def _page(name: str) -> Page:
    if name not in _PAGES:
        raise ConfigError(f"figure {name!r} is unknown; choose from {', '.join(_PAGES)}")
    return _PAGES[name]
