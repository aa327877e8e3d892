"""What is timed: for each item its inputs, the straightforward way and ours, and how far apart their numbers may be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from straightforward import binning as plain_binning
from straightforward import bottleneck as plain_bottleneck
from straightforward import kde as plain_kde
from straightforward import pairs as plain_pairs
from straightforward import spectra as plain_spectra
from straightforward import vgg as plain_vgg
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d

from infoplane import datasets
from infoplane.measures import binning, bottleneck, gram, kde, pid, renyi

ALPHA = 1.01
Inputs = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """One comparison.

    Parameters
    ----------
    name, work
        What it is called, and what is computed.
    inputs
        Makes the arguments of the other two, on a device.
    plain, ours
        The straightforward implementation and ours; both return bits.
    goal
        The ratio that is aimed at.
    tolerance
        Bits by which the numbers may differ.
    operations
        Floating-point operations of the nominal work, for the distance to the rate of matrix products; None where the
        work is no arithmetic.
    threads
        Numbers of threads that the straightforward way is tried with.
    trial
        A small part of the inputs, on which the better of them is found.
    on_gpu
        Whether it is run with `--device cuda`.
    """

    name: str
    work: str
    inputs: Callable[[torch.device], Inputs]
    plain: Callable[..., Tensor]
    ours: Callable[..., Tensor]
    goal: float
    tolerance: float
    operations: float | None = None
    threads: tuple[int, ...] = (1, 2)
    trial: Callable[[Inputs], Inputs] = field(default=lambda inputs: inputs)
    on_gpu: bool = False
    difference: Callable[[Tensor, Tensor], float] = field(default=lambda ours, plain: (ours - plain).abs().max().item())


# Pairs of feature maps


def real_maps(n: int, count: int, device: torch.device) -> Inputs:
    """Maps (count, n, 196) of a convolution with random filters on n images of MNIST, with the images and labels."""
    mnist = datasets.load("mnist").train
    images, targets = mnist.inputs[:n].double(), mnist.targets[:n]
    filters = torch.randn(count, 1, 5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) / 5
    maps = max_pool2d(conv2d(images, filters, padding=2).relu(), 2).flatten(2).transpose(0, 1).contiguous()
    sigmas = tuple(gram.silverman_bandwidth(n, d, scale=5.0) for d in (maps.shape[-1], 784))
    return {
        "maps": maps.to(device),
        "inputs": images.flatten(1).to(device),
        "targets": targets.to(device),
        "sigmas": sigmas,
    }


def plain_pair_information(maps: Tensor, inputs: Tensor, targets: Tensor, sigmas: tuple[float, float]) -> Tensor:
    """Multivariate information, trade-off and non-redundant information about X and Y, the mean over pairs, (2, 2)."""
    found = plain_pairs.information(maps, inputs, targets, sigmas=sigmas, alpha=ALPHA).unflatten(1, (2, 3))
    single, pair = found[..., :2].sum(-1), found[..., 2]
    return torch.stack([(single - pair).mean(0), (2 * pair - single).mean(0)])


def pair_information(maps: Tensor, inputs: Tensor, targets: Tensor, sigmas: tuple[float, float]) -> Tensor:
    """As `plain_pair_information`, and more: the information of all maps together, and the percentages."""
    grams = gram.gaussian(maps, bandwidth=sigmas[0], batch_dims=1)
    x, y = gram.gaussian(inputs, bandwidth=sigmas[1]), gram.labels(targets)
    about = pid.pairwise_many(grams, [x, y], alpha=ALPHA)
    return torch.stack(
        [
            torch.stack([each.redundancy_synergy_tradeoff for each in about]),
            torch.stack([each.weighted_nonredundant_information for each in about]),
        ]
    ).cpu()


def pairs(n: int) -> Item:
    """All pairs of 64 maps."""
    return Item(
        f"pairs, n = {n}",
        f"64 maps of 14 × 14 of MNIST, n = {n}: all 2,016 pairs, both targets, all quantities",
        lambda device: real_maps(n, 64, device),
        plain_pair_information,
        pair_information,
        goal=80,
        tolerance=1e-7,
        operations=(2016 * 3 + 64 * 3 + 2) * 2 * n**3,
        trial=lambda inputs: {**inputs, "maps": inputs["maps"][:5]},
        on_gpu=True,
    )


# Layers of VGG-16

_SHAPES = [
    *[(64, 32, 32)] * 2,
    *[(128, 16, 16)] * 2,
    *[(256, 8, 8)] * 3,
    *[(512, 4, 4)] * 3,
    *[(512, 2, 2)] * 3,
    *[(512,)] * 2,
    (10,),
]


def vgg_layers(device: torch.device) -> Inputs:
    """Random activations of 512 images in ten classes, each class around a pattern of its own."""
    random = torch.Generator().manual_seed(0)
    targets = torch.arange(512) % 10
    layers = [
        (torch.randn(10, *shape, generator=random)[targets] * 0.3 + torch.randn(512, *shape, generator=random)).relu()
        for shape in _SHAPES
    ]
    inputs = torch.rand(512, 3, 32, 32, generator=random)
    return {
        "layers": [layer.to(device) for layer in layers],
        "inputs": inputs.to(device),
        "targets": targets.to(device),
    }


def aligned_entropies(layers: list[Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """S(T), S(X, T) and S(T, Y), bits, (layers, 3), with the best aligned of 75 widths per layer."""
    x, y = gram.gaussian(inputs, bandwidth=8.0), gram.labels(targets)
    t = torch.stack([_aligned_gram(layer, y) for layer in layers])
    joints = (renyi.joint_entropy(x, t, alpha=ALPHA), renyi.joint_entropy(t, y, alpha=ALPHA))
    return torch.stack([renyi.entropy(t, alpha=ALPHA), *joints], dim=-1)


def _aligned_gram(layer: Tensor, reference: Tensor) -> Tensor:
    distances = gram.squared_distances(layer)
    candidates = gram.alignment_candidates(distances, count=75, least=0.1 / 2**0.5, reach=10 / 2**0.5)
    width = gram.aligned_bandwidth(distances, reference, candidates=candidates)
    return gram.gaussian_from_distances(distances, bandwidth=width)


VGG = Item(
    "vgg",
    "16 layers of VGG-16's sizes at 32 × 32, n = 512: alignment over 75 widths, S(T), S(X, T), S(T, Y)",
    vgg_layers,
    lambda **inputs: plain_vgg.entropies(**inputs, count=75, alpha=ALPHA),
    aligned_entropies,
    goal=5,
    tolerance=1e-7,
    operations=sum(2 * 512**2 * float(np.prod(shape)) for shape in _SHAPES) + 48 * 2 * 512**3,
    trial=lambda inputs: {**inputs, "layers": inputs["layers"][-2:]},
)


# Spectra


def random_grams(m: int, n: int, device: torch.device) -> Tensor:
    """Gram matrices (m, n, n) of Gaussian samples in 1 to 64 dimensions, of moderate width."""
    random = torch.Generator().manual_seed(0)
    d = [1, 4, 16, 64]
    made = [gram.gaussian(torch.randn(n, d[i % 4], generator=random), bandwidth=d[i % 4] ** 0.5) for i in range(m)]
    return torch.stack(made).to(device)


SPECTRA = Item(
    "spectra",
    "1,000 Gram matrices, n = 100: their entropies",
    lambda device: {"grams": random_grams(1000, 100, device)},
    lambda grams: plain_spectra.entropies(grams, alpha=ALPHA, workers=2),
    lambda grams: renyi.entropy(grams, alpha=ALPHA),
    goal=5,
    tolerance=1e-7,
    operations=1000 * 2 * 100**3,
    threads=(1,),
    on_gpu=True,
)


# Binning


def binned_layers(device: torch.device) -> Inputs:
    """Layers (100, 4096, units) of random tanh networks on all patterns of 12 bits, as their weights grow."""
    random = torch.Generator().manual_seed(0)
    patterns = ((torch.arange(4096)[:, None] >> torch.arange(12)) & 1).double() * 2 - 1
    targets = (patterns[:, :6].sum(1) + 0.5 * patterns[:, 6] > 0).long()
    values, layers = patterns.expand(100, -1, -1), []
    growth = torch.linspace(0.2, 3, 100, dtype=torch.float64)[:, None, None]
    for units in (10, 7, 5, 4, 3, 2):
        weights = torch.randn(values.shape[-1], units, generator=random, dtype=torch.float64) / values.shape[-1] ** 0.5
        values = torch.tanh(growth * (values @ weights))
        layers.append(values)
    edges = binning.fixed_edges(30, low=-1, high=1)
    return {"layers": [layer.to(device) for layer in layers], "targets": targets.to(device), "edges": edges}


def plainly_binned(way: Callable[..., tuple[float, float]]) -> Callable[..., Tensor]:
    """I(X; T) and I(T; Y) of every layer at every epoch, (layers, 100, 2), one after another."""

    def found(layers: list[Tensor], targets: Tensor, edges: Tensor) -> Tensor:
        rows = [[way(stage, targets.numpy(), edges.numpy()) for stage in layer.numpy()] for layer in layers]
        return torch.tensor(rows, dtype=torch.float64)

    return found


def binned(layers: list[Tensor], targets: Tensor, edges: Tensor) -> Tensor:
    """As `plainly_binned`, all epochs of a layer in one call."""
    found = [binning.mutual_information(layer, targets, edges=edges, batch_dims=1) for layer in layers]
    return torch.stack([torch.stack(list(each), dim=-1) for each in found])


def by_binning(name: str, way: Callable[..., tuple[float, float]], goal: float) -> Item:
    """Binning against one of the plain ways."""
    work = f"4,096 inputs, layers 10-7-5-4-3-2, 100 epochs, 30 bins, against {name}"
    plain = plainly_binned(way)
    return Item(f"binning, {name}", work, binned_layers, plain, binned, goal=goal, tolerance=1e-9, threads=(1,))


# Kernel density


def clusters(d: int, device: torch.device) -> Inputs:
    """4,096 points of ten classes in d dimensions, some of them near and some far from one another."""
    random = torch.Generator().manual_seed(0)
    targets = torch.arange(4096) % 10
    points = torch.randn(10, d, generator=random, dtype=torch.float64)[targets] / d**0.5
    points += 0.3 * torch.randn(4096, d, generator=random, dtype=torch.float64) / d**0.5
    return {"activations": points.to(device), "targets": targets.to(device)}


def by_kernels(activations: Tensor, targets: Tensor) -> Tensor:
    """Both bounds of I(X; T) and of I(T; Y), (4)."""
    found = kde.mutual_information(activations, targets, noise_variance=0.1)
    return torch.stack([*found.with_input, *found.with_target])


def kernels(d: int) -> Item:
    """Kolchinsky–Tracey bounds in d dimensions."""
    return Item(
        f"kde, d = {d}",
        f"n = 4,096, d = {d:,}: both bounds, label-conditional",
        lambda device: clusters(d, device),
        lambda activations, targets: torch.from_numpy(
            plain_kde.mutual_information(activations.numpy(), targets.numpy(), 0.1)
        ),
        by_kernels,
        goal=8,
        tolerance=1e-9,
        operations=2 * 4096**2 * d,
        threads=(1,),
    )


# The bottleneck

_BETAS = torch.logspace(2, -0.3, 100, dtype=torch.float64)


def soft_rule(device: torch.device) -> Inputs:
    """p(x, y) of 4,096 patterns of 12 bits, whose label follows the number of ones with some noise."""
    ones = ((torch.arange(4096)[:, None] >> torch.arange(12)) & 1).sum(1)
    p = torch.sigmoid(1.5 * (ones.double() - 6.5))
    return {"joint": torch.stack([1 - p, p], dim=1).to(device) / 4096}


BOTTLENECK = Item(
    "bottleneck",
    "p(x, y) with 4,096 × 2 entries, 100 values of β; the difference is by how much our functional is the worse",
    soft_rule,
    lambda joint: _functional(*plain_bottleneck.curve(joint, _BETAS, symbols=13, iterations=1000)),
    lambda joint: _functional(*bottleneck.curve(joint, betas=_BETAS)[1:3]),
    goal=10,
    tolerance=1e-6,
    threads=(1,),
    difference=lambda ours, plain: (ours - plain).clamp(min=0).max().item(),
)


def _functional(from_input: Tensor, to_target: Tensor) -> Tensor:
    return from_input - _BETAS * to_target


ITEMS = (
    pairs(100),
    pairs(128),
    VGG,
    SPECTRA,
    by_binning("dictionary of bytes", plain_binning.by_dictionary, 500),
    by_binning("np.unique", plain_binning.by_unique, 5),
    kernels(10),
    kernels(1024),
    BOTTLENECK,
)
