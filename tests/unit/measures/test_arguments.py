"""Every argument of every public function, given what it cannot be: a ValueError that begins with its name.

A function or an argument that is not in the table fails the test of the table itself.
"""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import torch

from infoplane.measures import binning, bottleneck, gradients, gram, invariants, kde, pid, renyi


class Kind(NamedTuple):
    """What arguments of a kind may be, and what they may not, each with what the message says after the name."""

    good: Any
    bad: list[tuple[Any, str]]


def with_entries(matrix: torch.Tensor, **entries: float) -> torch.Tensor:
    """A copy of some (…, n, n) with entries of the first of them changed, such as _01 for row 0 and column 1."""
    copy = matrix.clone()
    first = copy.view(-1, *copy.shape[-2:])[0]
    for place, value in entries.items():
        first[int(place[1]), int(place[2])] = value
    return copy


def gram_like(good: torch.Tensor) -> Kind:
    """One or more Gram matrices of 4 samples."""
    place = "[0, " * (good.ndim - 2) + ("" if good.ndim > 2 else "[")
    return Kind(
        good,
        [
            (good[..., :3], "must have shape (*batch, "),
            (with_entries(good, _01=0.2), f"must be symmetric, got entries that differ by 0.1 at {place}0, 1]"),
            (good * 2, "must have unit trace, got 2"),
            (with_entries(good, _01=math.nan), f"must be finite, got nan at {place}0, 1]"),
            (with_entries(good, _22=math.inf), f"must be finite, got inf at {place}2, 2]"),
        ],
    )


def above_zero(good: float) -> Kind:
    """A number above 0."""
    return Kind(good, [(bad, f"must be above 0 and finite, got {bad}") for bad in (0, -1.5, math.nan, math.inf)])


def several_above_zero(*good: float) -> Kind:
    """A tensor of them."""
    bad = [(torch.tensor([*good[1:], bad]), f"must be above 0 and finite, got {bad}") for bad in (0.0, -2.0, math.nan)]
    return Kind(torch.tensor(good), bad)


def finite(good: torch.Tensor) -> Kind:
    """A tensor of two or more dimensions whose last entry may be neither NaN nor infinite."""
    place = [size - 1 for size in good.shape]
    bad = []
    for value in (math.nan, math.inf, -math.inf):
        copy = good.clone()
        copy[tuple(place)] = value
        bad.append((copy, f"must be finite, got {value} at {place}"))
    return Kind(good, bad)


A = torch.full((4, 4), 0.1, dtype=torch.float64).fill_diagonal_(0.25)
D = torch.ones(4, 4, dtype=torch.float64).fill_diagonal_(0)
P = torch.full((4, 2), 0.125, dtype=torch.float64)

GRAM, MAPS = gram_like(A), gram_like(torch.stack([A, A]))
ALPHA = Kind(
    1.01, [(bad, f"must be above 0 (1 is von Neumann, inf is allowed), got {bad}") for bad in (0, -1, math.nan)]
)
SAMPLES = finite(torch.arange(8.0).reshape(4, 2))
CLASSES = Kind(torch.tensor([0, 1, 0, 1]), [(torch.ones(4), "must hold classes as integers, got dtype torch.float32")])
SETS = Kind(
    torch.tensor([[0, 1], [1, 1]]),
    [
        (torch.ones(4, 2), "must hold labels (*batch, n, k) as integers, got (4, 2) of torch.float32"),
        (torch.tensor([0, 1]), "must hold labels (*batch, n, k) as integers, got (2,) of torch.int64"),
        (torch.tensor([[0, 2]]), "must hold 0 and 1 alone, a column for each label, got 2"),
    ],
)
DISTANCES = Kind(
    D,
    [
        (D[:3], "must have shape (*batch, n, n), got (3, 4)"),
        (with_entries(D, _01=3), "must be symmetric, got entries that differ by 2 at [0, 1]"),
        (-D, "must be at least 0, got -1"),
        (with_entries(D, _33=0.5), "must be 0 on the diagonal, got 0.5"),
        (with_entries(D, _01=math.nan), "must be finite, got nan at [0, 1]"),
    ],
)
EDGES = Kind(
    torch.tensor([0.0, 1.0]),
    [
        (torch.tensor([0.0, math.inf]), "must be finite, got inf at [1]"),
        (torch.tensor([math.nan, 0.0]), "must be finite, got nan at [0]"),
        (torch.tensor([1.0, 0.0]), "must ascend, got 1 before 0 at [0]"),
    ],
)
JOINT = Kind(
    P,
    [
        (P * 2, "must sum to 1 over (|X|, |Y|), got 2: divide it by its sum"),
        (with_entries(P, _00=-0.5), "must be at least 0, got -0.5"),
        (with_entries(P, _11=math.nan), "must be finite, got nan at [1, 1]"),
    ],
)
ENCODER = Kind(
    4 * P,
    [
        (P, "must sum to 1 over (|X|, |T|), got 0.25: divide it by its sum"),
        (with_entries(4 * P, _00=-0.5), "must be at least 0, got -0.5"),
        (with_entries(4 * P, _11=math.inf), "must be finite, got inf at [1, 1]"),
    ],
)
DECAY = Kind(0.9, [(bad, f"must be at least 0 and below 1, got {bad}") for bad in (-0.1, 1, math.nan)])
ITERATIONS = Kind([3, 5], [(bad, f"must be 2 ascending numbers, got {bad}") for bad in ([1], [4, 4], [5, 3])])
BINS = Kind(3, [(bad, f"must be 2 or more, got {bad}") for bad in (1, 0, -3)])
LOW = Kind(0.0, [(bad, f"must be below high and both finite, got low={bad}") for bad in (1.0, math.nan, -math.inf)])

MEMORY, WIDTH, NUMBER, COUNT = above_zero(1e6), above_zero(1.0), above_zero(5), above_zero(3)
WIDTHS = several_above_zero(1.0, 2.0)
BINNED = {"activations": SAMPLES, "edges": EDGES}
OF_ALL_MAPS = {"maps": MAPS, "target": GRAM, "alpha": ALPHA, "memory": MEMORY}

PUBLIC: dict[Callable[..., Any], dict[str, Kind]] = {
    gram.squared_distances: {"x": SAMPLES},
    gram.gaussian: {"x": SAMPLES, "bandwidth": WIDTH},
    gram.gaussian_from_distances: {"squared_distances": DISTANCES, "bandwidth": WIDTHS},
    gram.labels: {"y": CLASSES},
    gram.label_sets: {"y": SETS},
    gram.standardise: {"x": SAMPLES},
    gram.silverman_bandwidth: {"n": NUMBER, "d": NUMBER, "scale": WIDTH},
    gram.tapia_estevez_bandwidth: {"n": NUMBER, "d": NUMBER, "scale": WIDTH},
    gram.median_bandwidth: {"distances": DISTANCES, "scale": WIDTH},
    gram.alignment_candidates: {"distances": DISTANCES, "count": COUNT, "least": WIDTH, "reach": WIDTH},
    gram.aligned_bandwidth: {"distances": DISTANCES, "reference": GRAM, "candidates": WIDTHS},
    gram.exponential_moving_average: {"bandwidths": WIDTHS, "decay": DECAY, "iterations": ITERATIONS},
    renyi.entropy: {"gram": GRAM, "alpha": ALPHA},
    renyi.joint_entropy: {"grams[0]": GRAM, "grams[1]": GRAM, "alpha": ALPHA},
    renyi.mutual_information: {"a": GRAM, "b": GRAM, "alpha": ALPHA},
    renyi.conditional_entropy: {"gram": GRAM, "given[0]": GRAM, "given[1]": GRAM, "alpha": ALPHA},
    renyi.multivariate_mutual_information: {"target": GRAM, "grams[0]": GRAM, "grams[1]": GRAM, "alpha": ALPHA},
    renyi.total_correlation: {"grams[0]": GRAM, "grams[1]": GRAM, "alpha": ALPHA},
    renyi.interaction_information: {"grams[0]": GRAM, "grams[1]": GRAM, "grams[2]": GRAM, "alpha": ALPHA},
    renyi.hadamard: {"grams[0]": GRAM, "grams[1]": GRAM},
    renyi.joint: {"maps": MAPS},
    pid.pairwise: OF_ALL_MAPS,
    pid.pairwise_many: {"maps": MAPS, "targets[0]": GRAM, "alpha": ALPHA, "memory": MEMORY},
    pid.minimum_mutual_information_atoms: OF_ALL_MAPS,
    invariants.degrees: OF_ALL_MAPS,
    kde.mutual_information: {
        "activations": SAMPLES,
        "targets": CLASSES,
        "noise_variance": WIDTH,
        "memory": MEMORY,
    },
    binning.mutual_information: {"activations": SAMPLES, "targets": CLASSES, "edges": EDGES},
    binning.entropy: BINNED,
    binning.states: BINNED,
    binning.fixed_edges: {"count": BINS, "low": LOW},
    binning.equal_width_edges: {"bins": BINS, "low": LOW},
    binning.range_edges: {"activations": SAMPLES, "bins": BINS},
    binning.equal_count_edges: {"activations": SAMPLES, "bins": BINS},
    bottleneck.curve: {"joint": JOINT, "betas": WIDTHS, "tolerance": WIDTH, "iterations": COUNT},
    bottleneck.fit: {"joint": JOINT, "encoder": ENCODER},
    bottleneck.layer: {"joint": JOINT, "states": CLASSES},
    gradients.signal_to_noise: {"gradients": SAMPLES},
}

# For arguments that need no check, as their docstrings say: the functions that check call them.
UNCHECKED = {gram.classes, gram.drop_negligible, renyi.joint_bits, bottleneck.merge}

# What is given where it has no default, and is no array and no number that can be out of range by itself.
FIXED = {"high": 1.0}
OPTIONS = {"batch_dims", "per_unit", "high"}


def call(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """A call with values by the names that messages give them, such as grams[1] for the second of *grams."""
    parameters = inspect.signature(function).parameters
    positional, named = [], {name: value for name, value in FIXED.items() if name in parameters}
    for name, value in values.items():
        kind = parameters[name.partition("[")[0]].kind
        if kind is inspect.Parameter.KEYWORD_ONLY:
            named[name] = value
        else:
            listed = name.endswith("]") and kind is not inspect.Parameter.VAR_POSITIONAL
            positional.append([value] if listed else value)
    return function(*positional, **named)


def public_functions(module: ModuleType) -> set[Callable[..., Any]]:
    """The functions that a module defines or offers, without those that begin with an underscore."""
    functions = inspect.getmembers(module, inspect.isfunction)
    return {each for name, each in functions if each.__module__.startswith("infoplane.measures") and name[0] != "_"}


def name_of(function: Callable[..., Any]) -> str:
    """For the list of tests, such as renyi.entropy."""
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


class TestTheTable:
    def test_has_every_public_function(self):
        modules = (binning, bottleneck, gradients, gram, invariants, kde, pid, renyi)
        assert set(PUBLIC) | UNCHECKED == set().union(*map(public_functions, modules))

    @pytest.mark.parametrize("function", PUBLIC, ids=name_of)
    def test_has_every_argument_and_what_is_good_is_good(self, function):
        kinds = PUBLIC[function]
        assert {name.partition("[")[0] for name in kinds} == set(inspect.signature(function).parameters) - OPTIONS
        call(function, {name: kind.good for name, kind in kinds.items()})


@pytest.mark.parametrize(
    ("function", "name"),
    [pytest.param(each, name, id=f"{name_of(each)}-{name}") for each, kinds in PUBLIC.items() for name in kinds],
)
def test_what_is_bad_is_named(function, name):
    kinds = PUBLIC[function]
    for bad, message in kinds[name].bad:
        with pytest.raises(ValueError, match="^" + re.escape(f"{name} {message}")):
            call(function, {each: bad if each == name else kind.good for each, kind in kinds.items()})


@pytest.mark.parametrize(
    ("called", "message"),
    [
        (lambda: renyi.entropy(A, alpha="1"), "alpha must be above 0 (1 is von Neumann, inf is allowed), got 1"),
        (lambda: renyi.entropy(A, alpha=None), "alpha must be above 0 (1 is von Neumann, inf is allowed), got None"),
        (lambda: gram.gaussian(A, bandwidth="wide"), "bandwidth must be a number or a tensor of numbers, got 'wide'"),
        (lambda: gram.gaussian(A, bandwidth=1j), "bandwidth must be real, got 1j"),
        (lambda: gram.silverman_bandwidth("5", 3, scale=1.0), "n must be above 0 and finite, got 5"),
        (lambda: bottleneck.curve(P, betas=["a"]), "betas must be a number or a tensor of numbers, got ['a']"),
        (lambda: binning.fixed_edges(2.5, low=0, high=1), "count must be 2 or more, got 2.5"),
        (lambda: binning.range_edges(A, bins="3"), "bins must be 2 or more, got 3"),
        (
            lambda: binning.fixed_edges(3, low=-1.7e308, high=1.7e308),
            "low and high must be a finite distance apart, got low=-1.7e+308 and high=1.7e+308",
        ),
        (lambda: binning.range_edges(torch.tensor([-1.7e308, 1.7e308], dtype=torch.float64), bins=3), "the range of"),
    ],
)
def test_what_is_no_number_or_none_of_use(called, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        called()
