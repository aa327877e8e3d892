"""Activation stores of made-up numbers, and the papers' definitions written out in NumPy."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr

from infoplane import labels, store

LAYERS = {
    "conv1": ("convolutional", (3, 4, 4)),
    "conv2": ("convolutional", (1, 3, 3)),
    "fc1": ("fully_connected", (5,)),
    "output": ("output", (4,)),
}
ESTIMATOR = {
    "name": "renyi",
    "kind": "renyi",
    "alpha": 1.01,
    "joint": "multivariate",
    "bandwidth": {"rule": "silverman", "scale": 3.0},
    "error_bandwidth": {"rule": "silverman", "scale": 1.5},
    "label_kernel": "indicator",
}
CONTROLS = ["shuffled_samples", "permuted_labels"]
N, BATCHES, CLASSES = 12, 2, 4  # no sample is of the last class


DESCRIBED = {
    layer: {
        "kind": kind,
        "depth": depth,
        "channels": shape[0] if kind == "convolutional" else 1,
        "dimension": int(np.prod(shape)),
        "inputs": [before],
        "dominator": before,
    }
    for depth, (layer, (kind, shape)) in enumerate(LAYERS.items(), start=1)
    for before in [["input", *LAYERS][depth - 1]]
}


@pytest.fixture
def estimator():
    """A function that makes settings of an estimator."""
    return lambda **changes: {**ESTIMATOR, **changes}


@pytest.fixture
def activations(tmp_path):
    """A function that makes an activation store of random numbers, fixed by seed and epoch: in memory, or stored."""

    def make(
        name="activations",
        *,
        seeds=(0, 4),
        epochs=(0.0, 0.5, 1.0),
        splits=("train", "test"),
        kind="raw",
        nan=(),
        own=False,
        stored=False,
    ):
        """With `own`, every network has a probe of its own; `nan` are the places (seed, epoch) of diverged networks."""
        inputs, targets = zip(*(_probe([seed if own else 0, 99], len(splits)) for seed in seeds), strict=True)
        arrays = {
            "input": np.stack(inputs) if own else inputs[0],
            "target": np.stack(targets) if own else targets[0],
        }
        arrays["sample_index"] = np.zeros_like(arrays["target"]) + np.arange(N)
        coords = {
            "seed": list(seeds),
            "epoch": list(epochs),
            "step": [round(4 * epoch) for epoch in epochs],
            "probe_batch": np.arange(BATCHES * len(splits)),
            "split": ("probe_batch", [split for split in splits for _ in range(BATCHES)]),
        }
        root = labels.label("activations", arrays, coords, leading=("seed",) if own else ())
        slabs = [
            (place, index, _slab(seed, epoch, len(splits), kind=kind, empty=(place, index) in nan))
            for place, seed in enumerate(seeds)
            for index, epoch in enumerate(epochs)
        ]
        if not stored:
            return _in_memory(root, slabs)
        path = tmp_path / f"{name}.zarr"
        store.write_slabs(path, root=root, layers=DESCRIBED, slabs=slabs, provenance={"classes": CLASSES})
        return store.load(path, "activations")

    return make


def _in_memory(root, slabs):
    """As if the store had been written, opened and loaded."""
    groups = {"/": root.assign_attrs(classes=CLASSES)}
    for layer, described in DESCRIBED.items():
        sizes = (root.sizes["seed"], root.sizes["epoch"])
        stacked = {name: np.stack([slab[layer][name] for *_, slab in slabs]) for name in slabs[0][2][layer]}
        arrays = {name: values.reshape(*sizes, *values.shape[1:]) for name, values in stacked.items()}
        groups[layer] = labels.label("activations", arrays, {}, group=f"/{layer}").assign_attrs(described)
    return xr.DataTree.from_dict(groups)


def _probe(seed, splits):
    random = np.random.default_rng(seed)
    shape = (BATCHES * splits, N)
    return random.random((*shape, 1, 6, 6), dtype=np.float32), random.integers(0, CLASSES - 1, shape)


def _slab(seed, epoch, splits, *, kind, empty):
    """Arrays by layer and variable: normal numbers, or their distances, of conv1 by feature map."""
    slab = {}
    for depth, (layer, (_, shape)) in enumerate(LAYERS.items(), start=1):
        random = np.random.default_rng([seed, round(1000 * epoch), depth])
        values = random.normal(size=(2, BATCHES * splits, N, *shape)).astype(np.float32)
        named = dict(zip(("activation", "error"), np.full_like(values, np.nan) if empty else values, strict=True))
        if kind == "distances":
            names = {"activation": "squared_distance", "error": "error_squared_distance"}
            named = {names[name]: _triangles(each, maps=layer == "conv1") for name, each in named.items()}
        slab[layer] = named
    return slab


def _triangles(values, *, maps):
    upper = np.triu(np.ones((N, N), bool))
    if not maps:
        return np.where(upper, squared(values.reshape(*values.shape[:2], -1)), 0)
    by_map = np.moveaxis(values, 2, 0).reshape(values.shape[2], *values.shape[:2], -1)
    return np.moveaxis(np.where(upper, squared(by_map), 0), 0, -1)


def squared(values):
    """‖x − x′‖² of the samples of (…, n, d)."""
    values = values.astype(float)
    return np.square(values[..., :, None, :] - values[..., None, :, :]).sum(-1)


class Plain:
    """The definitions, one sample set at a time."""

    squared = staticmethod(squared)

    def width(self, values, scale):
        """σ = h n^(−1/(4+d)) for the n samples of (n, …)."""
        return scale * len(values) ** (-1 / (4 + values[0].size))

    def gaussian(self, values, scale):
        """K/n with K = exp(−‖x − x′‖²/(2 σ²))."""
        flat = values.reshape(len(values), -1)
        return np.exp(-squared(flat) / (2 * self.width(values, scale) ** 2)) / len(values)

    def indicator(self, targets):
        return np.equal.outer(targets, targets) / len(targets)

    def labels(self, targets, kernel):
        """Of the indicator, or of a Gaussian on one-hot vectors of all classes, sampled or not."""
        if kernel == "indicator":
            return self.indicator(targets)
        return self.gaussian(np.eye(CLASSES)[targets], kernel["scale"])

    def joint(self, *grams):
        """The Hadamard product, divided by its trace."""
        product = np.ones_like(grams[0])
        for gram in grams:
            product = product * gram * len(gram)
        return product / np.trace(product)

    def entropy(self, *grams, alpha):
        """log2(Σ λ^α)/(1 − α) of the joint, in bits."""
        values = np.linalg.eigvalsh(self.joint(*grams)).clip(min=0)
        if alpha == 1:
            positive = values[values > 0]
            return -(positive * np.log2(positive)).sum()
        return np.log2((values**alpha).sum()) / (1 - alpha)

    def information(self, one, other, *, alpha):
        """I(A; B) of two lists of Gram matrices."""
        joint = self.entropy(*one, *other, alpha=alpha)
        return self.entropy(*one, alpha=alpha) + self.entropy(*other, alpha=alpha) - joint

    def decomposition(self, maps, target, *, alpha):
        """The eight quantities in the order of the data model."""
        whole = self.information(maps, [target], alpha=alpha)
        tradeoff, nonredundant, together = [], [], []
        for one, other in combinations(maps, 2):
            single = [self.information([each], [target], alpha=alpha) for each in (one, other)]
            both = self.information([one, other], [target], alpha=alpha)
            tradeoff.append(sum(single) - both)
            nonredundant.append(2 * both - sum(single))
            together.append(both)
        degrees = self.degrees(maps, target, whole, alpha=alpha)
        if not together:
            return [whole, *[np.nan] * 4, 0, *degrees]
        counted = np.array(together) > 1e-6
        percent = [
            100 * np.mean(np.array(each)[counted] / np.array(together)[counted]) if counted.any() else np.nan
            for each in (tradeoff, nonredundant)
        ]
        return [whole, np.mean(tradeoff), np.mean(nonredundant), *percent, (~counted).sum(), *degrees]

    def degrees(self, maps, target, whole, *, alpha):
        """Average degrees of redundancy and of vulnerability; no map tells nothing."""
        if whole <= 1e-6:
            return [np.nan, np.nan]
        single = [self.information([each], [target], alpha=alpha) for each in maps]
        others = [
            self.information(maps[:i] + maps[i + 1 :], [target], alpha=alpha) if len(maps) > 1 else 0
            for i in range(len(maps))
        ]
        return [sum(single) / whole, sum(whole - each for each in others) / whole]


@pytest.fixture
def plain():
    return Plain()


@pytest.fixture
def cells():
    """Walk over all networks, epochs and probe batches of a store: place in the store, and place in a result."""

    def walk(tree):
        splits = list(dict.fromkeys(tree.dataset["split"].values.tolist()))
        for seed in range(tree.sizes["seed"]):
            for epoch in range(tree.sizes["epoch"]):
                for batch in range(tree.sizes["probe_batch"]):
                    split, number = divmod(batch, BATCHES)
                    stored = {"seed": seed, "epoch": epoch, "probe_batch": batch}
                    yield stored, {"seed": seed, "epoch": epoch, "split": split, "probe_batch": number}
        assert len(splits) * BATCHES == tree.sizes["probe_batch"]

    return walk


@pytest.fixture
def take():
    """Values of an array at a place, as far as it has these dimensions."""
    return lambda array, place: array.values[tuple(place.get(dim, slice(None)) for dim in array.dims)]


@pytest.fixture
def put():
    """Write values into an array at a place that has all of its dimensions."""

    def into(array, place, value):
        array.values[tuple(place[dim] for dim in array.dims)] = value

    return into


@pytest.fixture
def blank():
    """What a result would be if nothing had been measured."""
    return lambda found: xr.full_like(found, np.nan)


@pytest.fixture
def both(activations):
    """A function that makes a store, and beside it the raw values that it was made of, in memory."""

    def make(**options):
        options = {"epochs": (0.0, 0.5), **options}
        tree = activations(**options)
        raw = (
            activations(**{**options, "kind": "raw", "stored": False}) if options.keys() & {"kind", "stored"} else tree
        )
        return tree, raw

    return make


@pytest.fixture
def agree():
    """Compare all variables of a result with those expected."""

    def check(found, expected, **tolerance):
        assert set(found.data_vars) >= set(expected.data_vars)
        for name, values in expected.data_vars.items():
            assert found[name].dims == values.dims
            np.testing.assert_allclose(found[name], values, err_msg=str(name), **tolerance)

    return check


@pytest.fixture
def shuffle():
    """The samples of each feature map (n, …) in the order that is fixed for a network, a layer and a probe batch."""

    def order(maps, *, seed, depth, batch, batches):
        n = len(maps[0])
        random = np.random.default_rng([seed, 21, depth])
        orders = random.permuted(np.tile(np.arange(n), (batches, len(maps), 1)), axis=-1)[batch]
        return [each[own] for each, own in zip(maps, orders, strict=True)]

    return order


@pytest.fixture
def permute():
    """Labels of a probe batch in the order that is fixed for a network."""

    def order(targets, *, seed, batch, batches):
        n = len(targets)
        random = np.random.default_rng([seed, 22])
        return targets[random.permuted(np.tile(np.arange(n), (batches, 1)), axis=1)[batch]]

    return order
