"""Published weights as vectors: every parameter, in an order that fits the layers, and NaN where a network diverged."""

import numpy as np
import pytest
import torch

from infoplane.errors import StoreError
from infoplane.training import checkpoints, published
from infoplane.training.published import Recipe

OWN = """

class Residual(nn.Module):
    # Widths agree, and yet no unit can change places: the middle layer is added to the one before.
    def __init__(self, shape, classes):
        super().__init__()
        self.flatten = nn.Flatten()
        self.first, self.second, self.output = nn.Linear(36, 6), nn.Linear(6, 6), nn.Linear(6, classes)
        self.layers = (
            Layer("fc1", "fully_connected", "first", "first"),
            Layer("fc2", "fully_connected", "second", "second"),
            OUTPUT,
        )

    def forward(self, inputs):
        first = torch.tanh(self.first(self.flatten(inputs)))
        return self.output(first + torch.tanh(self.second(first)))


def without_bias(shape, classes):
    return Network(shape, classes, output=lambda *sizes: nn.Linear(*sizes, bias=False))
"""


@pytest.fixture
def described(networks, recipe):
    """A function for the layout of a network: one by name, or of a function of the user's own file."""
    networks.write_text(networks.read_text() + OWN)

    def layout(model, **options):
        settings = {**recipe(model if model in ("lenet", "mlp") else {"factory": model}).model, **options}
        return published.layout(Recipe(settings, (1, 6, 6), 3, ensemble=False, folder=networks.parent))

    return layout


class TestLayout:
    @pytest.mark.parametrize(("activation", "odd"), [("tanh", True), ("relu", False), ("sigmoid", False)])
    def test_fully_connected_networks_are_chains(self, described, activation, odd):
        found = described("mlp", activation=activation)
        assert found.shapes == [(6, 37), (4, 7), (3, 5)]
        assert found.odd == [odd, odd]
        assert found.size == 6 * 37 + 4 * 7 + 3 * 5

    def test_a_layer_may_lack_biases(self, described):
        assert described("without_bias").shapes == [(6, 37), (3, 6)]

    @pytest.mark.parametrize("model", ["lenet", "normalised", "fused", "Residual"])
    def test_other_networks_are_none(self, described, model):
        found = described(model)
        assert (found.shapes, found.odd) == ((), ())

    def test_it_does_not_hang_on_the_random_state(self, described):
        torch.manual_seed(1)
        before = described("mlp")
        torch.manual_seed(2)
        assert described("mlp") == before

    def test_a_vector_is_the_layers_row_by_row_with_the_bias_last(self, described):
        layout = described("mlp")
        random = torch.Generator().manual_seed(0)
        shapes = {"fc1.weighted": (6, 36), "fc2.weighted": (4, 6), "output": (3, 4)}
        state = {}
        for name, (units, inputs) in shapes.items():
            state[f"{name}.weight"] = torch.randn(2, units, inputs, generator=random)
            state[f"{name}.bias"] = torch.randn(2, units, generator=random)
        found = layout.vectors(state)
        assert found.dtype == np.float64
        start = 0
        for name, (units, inputs) in shapes.items():
            matrix = found[1, start : start + units * (inputs + 1)].reshape(units, inputs + 1)
            np.testing.assert_array_equal(matrix[:, :-1], state[f"{name}.weight"][1])
            np.testing.assert_array_equal(matrix[:, -1], state[f"{name}.bias"][1])
            start += matrix.size
        assert start == found.shape[1]

    def test_buffers_are_no_weights(self, described):
        layout = described("normalised")
        names = [name for group in layout.groups for name in group]
        assert "middle.0.weight" in names
        assert not [name for name in names if "running" in name or "tracked" in name]


class TestTrajectories:
    def of(self, own, output, arrays, *, ensemble=False):
        known = Recipe(own.model, (1, 6, 6), 3, ensemble, folder=own.folder)
        return published.trajectories(known, published.layout(known), arrays, output)

    def test_every_number_is_that_of_a_published_file(self, recipe, train):
        own = recipe("lenet", seeds=(0, 3), epochs=(0, 1))
        trained = train(own)
        known = {name: np.asarray(trained.record.coords[name]) for name in ("seed", "step")}
        found = self.of(own, trained.output, {**known, "loss": trained.record.arrays["loss"]})
        assert [seeds for seeds, _ in found] == [(0,), (3,)]
        for (seed,), path in found:
            assert len(path) == 2
            for index, step in enumerate((0, 4)):
                own_file = trained.weights(step, folder=f"seed-{seed}")
                expected = torch.cat([value.flatten() for value in own_file.values()]).sort().values
                np.testing.assert_array_equal(np.sort(path[index][0]), expected)

    def test_an_ensemble_is_one_file_in_which_diverged_networks_have_no_weights(self, recipe, tmp_path):
        """The second of two networks diverges at the second of three checkpoints, the first at the third."""
        shapes = {"fc1.weighted.weight": (6, 36), "fc1.weighted.bias": (6,), "fc2.weighted.weight": (4, 6)}
        shapes |= {"fc2.weighted.bias": (4,), "output.weight": (3, 4), "output.bias": (3,)}
        loss = np.full((2, 3, 2), 0.5)
        loss[1, 1:], loss[0, 2] = np.nan, np.nan
        (tmp_path / "seeds-2-to-5").mkdir()
        for step in (0, 4):  # when all have diverged, nothing is written any more
            weights = {name: torch.full((2, *shape), float(step)) for name, shape in shapes.items()}
            checkpoints.save_weights(tmp_path / "seeds-2-to-5", step, {"weights": weights})
        arrays = {"seed": np.array([2, 5]), "step": np.array([0, 4, 8]), "loss": loss}
        ((seeds, path),) = self.of(recipe("mlp"), tmp_path, arrays, ensemble=True)
        assert seeds == (2, 5)
        size = 6 * 37 + 4 * 7 + 3 * 5
        for index, expected in enumerate([(0.0, 0.0), (4.0, np.nan), (np.nan, np.nan)]):
            np.testing.assert_array_equal(path[index], np.repeat(expected, size).reshape(2, size))

    def test_a_damaged_file_is_named(self, recipe, tmp_path):
        arrays = {"seed": np.array([0]), "step": np.array([7]), "loss": np.ones((1, 1, 2))}
        ((_, path),) = self.of(recipe("mlp"), tmp_path, arrays)
        with pytest.raises(StoreError, match=r"seed-0/step-000000007\.pt: cannot be read with its checksum"):
            path[0]
