"""The bottleneck of a store: fits against dense matrices of every layer, the curve, and what is left out."""

from collections import Counter

import numpy as np
import pytest
import torch

from infoplane.analysis.bottleneck import bottleneck
from infoplane.analysis.information import information
from infoplane.measures import bottleneck as measures

CONTROLS = ["shuffled_samples", "permuted_labels"]
FIXED = {"rule": "fixed", "count": 3, "low": -0.5, "high": 0.5}
ESTIMATOR = {"name": "bins", "kind": "binning", "read": "activation", "edges": FIXED}


@pytest.fixture
def soft():
    """A function that gives p(y|x) to a store: three kinds of samples, likelier to be of their own class."""

    def add(tree):
        kinds = np.random.default_rng(3).integers(0, 3, tree.dataset["target"].shape)
        probability = np.array([[0.7, 0.1, 0.1, 0.1], [0.2, 0.6, 0.1, 0.1], [0.05, 0.05, 0.9, 0]])[kinds]
        dims = (*tree.dataset["target"].dims, "class")
        tree.dataset = tree.to_dataset().assign(target_probability=(dims, probability))
        return tree

    return add


@pytest.fixture
def measured(tmp_path):
    def run(tree, control=(), **changes):
        settings = {**ESTIMATOR, **changes}
        return bottleneck(tree, settings, control=list(control), work=tmp_path / "work", code="c").squeeze("estimator")

    return run


def encoder(values, edges=(-0.5, 0.0, 0.5)):
    """A column for each tuple of bins that occurs."""
    bins = [tuple(np.searchsorted(edges, row, side="right")) for row in values.reshape(len(values), -1)]
    known = list(Counter(bins))
    return torch.eye(len(known), dtype=torch.float64)[[known.index(each) for each in bins]]


def informations(p, q):
    """I(X;T) and I(T;Y), bits, of p(y|x), (n, classes), and an encoder (n, |T|) for equally probable inputs."""
    found = []
    for both in (q.numpy() / len(q), q.T.numpy() @ p / len(q)):
        independent = both.sum(1, keepdims=True) * both.sum(0)
        found.append((both * np.log2(both / independent, where=both > 0, out=np.zeros_like(both))).sum())
    return found


class TestFits:
    def test_are_those_of_the_matrix(self, activations, soft, measured, cells, take, shuffle, permute):
        tree = soft(activations(seeds=(4,), epochs=(0.0, 0.5), splits=("test",)))
        found = measured(tree, CONTROLS)
        for stored, place in cells(tree):
            drawn = {"batch": stored["probe_batch"], "batches": tree.sizes["probe_batch"]}
            seed = int(tree["seed"].values[stored["seed"]])
            right = take(tree.dataset["target_probability"], stored)
            wrong = right[permute(np.arange(12), seed=seed, **drawn)]
            for depth, layer in enumerate(("conv1", "conv2", "fc1", "output"), start=1):
                values = take(tree[layer].dataset["activation"], stored)
                maps = list(np.moveaxis(values, 1, 0)) if layer.startswith("conv") else [values]
                mixed = np.stack(shuffle(maps, seed=seed, depth=depth, **drawn), axis=1)
                mixed = mixed if layer.startswith("conv") else mixed[:, 0]
                for control, (some, p) in zip(
                    ["none", *CONTROLS], ((values, right), (mixed, right), (values, wrong)), strict=True
                ):
                    cell = found.isel(place).sel(layer=layer, control=control)
                    q = encoder(some)
                    expected = measures.fit(torch.from_numpy(p) / 12, q)
                    to_input, to_target = informations(p, q)
                    assert cell["bottleneck_beta"].item() == pytest.approx(expected.beta.item(), rel=1e-9)
                    assert cell["bottleneck_residual"].item() == pytest.approx(expected.divergence.item(), abs=1e-12)
                    assert cell["bottleneck_information_target"].item() == pytest.approx(to_target, abs=1e-12)
                    wanted = np.nan if control == "permuted_labels" else to_input
                    found_input = cell["bottleneck_information_input"].item()
                    assert found_input == pytest.approx(wanted, abs=1e-12, nan_ok=True)

    @pytest.mark.parametrize(
        "edges",
        [FIXED, {"rule": "range", "bins": 3}, {"rule": "equal_count", "bins": 2}],
        ids=lambda each: each["rule"],
    )
    def test_without_probabilities_the_informations_are_those_of_the_labels(
        self, activations, measured, tmp_path, edges
    ):
        """Of the first epoch and the last, binned with the same edges, also where these hang on those between."""
        tree = activations(seeds=(4,), epochs=(0.0, 0.5, 1.0), splits=("test",))
        found = measured(tree, CONTROLS, edges=edges)
        settings = {**ESTIMATOR, "edges": edges}
        plain = information(tree, settings, control=CONTROLS, work=tmp_path / "plain", code="c").squeeze("estimator")
        for side in ("input_layer", "layer_target"):
            expected = plain[f"mutual_information_{side}"].sel(epoch=[0.0, 1.0])
            name = "bottleneck_information_input" if side == "input_layer" else "bottleneck_information_target"
            np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-12)

    def test_a_smaller_probe_is_the_first_samples(self, activations, soft, measured):
        tree = soft(activations(seeds=(4,), epochs=(0.0,), splits=("test",)))
        found = measured(tree, probe_size=7).isel(seed=0, probe_batch=1).sel(layer="fc1", control="none")
        q = encoder(tree["fc1"]["activation"].values[0, 0, 1][:7])
        expected = measures.fit(torch.from_numpy(tree.dataset["target_probability"].values[1, :7]) / 7, q)
        assert found["bottleneck_residual"].item() == pytest.approx(expected.divergence.item())

    def test_a_network_that_diverged_is_nan_and_the_others_are_not(self, activations, measured):
        found = measured(activations(nan=[(0, 2)], splits=("test",))).isel(epoch=-1)
        assert found["bottleneck_residual"].isel(seed=0).isnull().all()
        assert found["curve_bound"].isel(seed=0).isnull().all()
        assert found["bottleneck_residual"].isel(seed=1).notnull().all()


class TestCurve:
    def test_is_that_of_the_samples_and_no_layer_lies_above_it(self, activations, soft, measured):
        """A bit of the input never buys more of the target than on the curve."""
        tree = soft(activations(seeds=(4,), epochs=(0.0,), splits=("test",)))
        found = measured(tree).sel(control="none").isel(seed=0, split=0, epoch=0)
        p = tree.dataset["target_probability"].values
        for batch in (0, 1):
            here = found.isel(probe_batch=batch)
            betas = here["beta"].values[[10, 30, 45]]
            expected = measures.curve(torch.from_numpy(p[batch]) / 12, betas=betas.tolist())
            for name, values in zip(("input", "target"), expected[1:3], strict=True):
                np.testing.assert_allclose(here[f"curve_information_{name}"].sel(beta=betas), values, atol=1e-6)
            _, bound = informations(p[batch], torch.eye(12, dtype=torch.float64))
            assert here["curve_bound"].item() == pytest.approx(bound)
            curve = [np.append(0, here[f"curve_information_{name}"].values) for name in ("input", "target")]
            assert curve[1].max() <= bound + 1e-9
            most = np.interp(here["bottleneck_information_input"], *curve)
            assert (here["bottleneck_information_target"].values <= most + 1e-3).all()

    def test_networks_with_probes_of_their_own_have_curves_of_their_own(self, activations, measured):
        tree = activations(epochs=(0.0,), own=True, splits=("test",))
        bounds = measured(tree)["curve_bound"].isel(epoch=0, split=0, probe_batch=0).values
        counts = [np.bincount(each) / 12 for each in tree.dataset["target"].values[:, 0]]
        expected = [-(p[p > 0] * np.log2(p[p > 0])).sum() for p in counts]
        assert bounds.tolist() == pytest.approx(expected)
        assert bounds[0] != bounds[1]
