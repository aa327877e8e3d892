"""What hooks read, on networks small enough to be worked out by hand, and that they leave no trace."""

from collections import OrderedDict
from math import e

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from infoplane.capture.hooks import Hooks, errors
from infoplane.errors import ConfigError
from infoplane.models.layers import Layer
from infoplane.models.lenet import LeNet

FC = Layer("fc1", "fully_connected", activation="hidden.activation", preactivation="hidden.weighted")
CONV = Layer("conv1", "convolutional", activation="hidden.activation", preactivation="hidden.weighted")
OUTPUT = Layer("output", "output", activation="output", preactivation="output")


def linear(weight, bias):
    made = nn.Linear(len(weight[0]), len(weight))
    made.load_state_dict({"weight": torch.tensor(weight).float(), "bias": torch.tensor(bias).float()})
    return made


def connected(*, inplace=False):
    """Pre-activation (x1 − x2, 2 x1 − 3), ReLU, logits (a1, a2 − a1)."""
    hidden = OrderedDict(weighted=linear([[1, -1], [2, 0]], [0, -3]), activation=nn.ReLU(inplace=inplace))
    return nn.Sequential(OrderedDict(hidden=nn.Sequential(hidden), output=linear([[1, 0], [-1, 1]], [0, 0])))


def convolved():
    """The difference of two neighbours in a row, ReLU, the largest of four, and logits (a, −2 a)."""
    weighted = nn.Conv2d(1, 1, (1, 2), bias=False)
    weighted.load_state_dict({"weight": torch.tensor([[[[-1.0, 1.0]]]])})
    hidden = nn.Sequential(OrderedDict(weighted=weighted, activation=nn.ReLU()))
    stages = OrderedDict(hidden=hidden, pool=nn.MaxPool2d(2), flatten=nn.Flatten(), output=linear([[1], [-2]], [0, 0]))
    return nn.Sequential(stages)


INPUTS = torch.tensor([[1.0, 2.0], [3.0, 1.0]])
IMAGE = torch.tensor([[[[0.0, 3.0, 1.0], [5.0, 6.0, 13.0]]]])


def hooks(network):
    return [hook for module in network.modules() for hook in module._forward_hooks]


def recorded(network, inputs, layers):
    with Hooks(network, layers) as hooks:
        network(inputs)
    return hooks


class TestSquaredDistances:
    def test_of_layers_and_of_feature_maps(self):
        inputs = torch.rand(4, 1, 6, 6)
        network = LeNet((1, 6, 6), 3, filters=(2, 3), hidden=(5,), kernel_size=3, padding=1)
        found = recorded(network, inputs, network.layers)
        together, apart = found.squared_distances(), found.squared_distances(maps=["conv2"])
        assert list(together) == ["conv1", "conv2", "fc1", "output"]
        assert apart["conv2"].shape == (3, 4, 4)
        torch.testing.assert_close(apart["conv2"].sum(0), together["conv2"])
        expected = torch.cdist(found.activations["fc1"], found.activations["fc1"]).square().double()
        torch.testing.assert_close(together["fc1"], expected, rtol=1e-4, atol=1e-5)
        assert together["fc1"].dtype == torch.float64
        assert not together["fc1"].requires_grad

    def test_what_is_not_finite_has_none(self):
        found = recorded(connected(), torch.tensor([[1.0, float("inf")], [0.0, 0.0]]), [FC, OUTPUT])
        assert all(each.isnan().all() for each in found.squared_distances().values())

    def test_an_unknown_layer_is_refused(self):
        found = recorded(connected(), INPUTS, [FC, OUTPUT])
        with pytest.raises(ConfigError, match=r"maps has .*'fc2'"):
            found.squared_distances(maps=["fc2"])


class TestByHand:
    def test_activations_and_preactivations(self):
        found = recorded(connected(), INPUTS, [FC, OUTPUT])
        assert found.preactivations["fc1"].tolist() == [[-1, -1], [2, 3]]
        assert found.activations["fc1"].tolist() == [[0, 0], [2, 3]]
        assert found.preactivations["output"].tolist() == [[0, 0], [2, 1]]

    def test_the_output_is_a_softmax(self):
        found = recorded(connected(), INPUTS, [FC, OUTPUT]).activations["output"]
        torch.testing.assert_close(found, torch.tensor([[0.5, 0.5], [e / (1 + e), 1 / (1 + e)]]))

    def test_a_convolution_is_read_before_pooling(self):
        found = recorded(convolved(), IMAGE, [CONV, OUTPUT])
        assert found.preactivations["conv1"].tolist() == [[[[3, -2], [1, 7]]]]
        assert found.activations["conv1"].tolist() == [[[[3, 0], [1, 7]]]]
        assert found.preactivations["output"].tolist() == [[7, -14]]

    def test_errors_of_a_loss_with_whole_derivatives(self):
        """Loss z1 + 2 z2: δ at the output is (1, 2), and Wᵀ(1, 2) = (−1, 2) where the ReLU lets it through."""
        with Hooks(network := connected(), [FC, OUTPUT]) as hooks:
            found = errors(network(INPUTS) @ torch.tensor([1.0, 2.0]), hooks)
        assert found["output"].tolist() == [[1, 2], [1, 2]]
        assert found["fc1"].tolist() == [[0, 0], [-1, 2]]

    def test_errors_pass_through_the_pool_to_the_largest_alone(self):
        with Hooks(network := convolved(), [CONV, OUTPUT]) as hooks:
            found = errors(network(IMAGE) @ torch.tensor([1.0, 3.0]), hooks)
        assert found["conv1"].tolist() == [[[[0, 0], [0, -5]]]]

    def test_errors_of_the_cross_entropy(self):
        """Softmax − one-hot at the output: (−1, 1)/2, and (s, −s) with s = e/(1 + e); back through W, (2 s, −s)."""
        s = e / (1 + e)
        with Hooks(network := connected(), [FC, OUTPUT]) as hooks:
            found = errors(cross_entropy(network(INPUTS), torch.tensor([0, 1]), reduction="none"), hooks)
        torch.testing.assert_close(found["output"], torch.tensor([[-0.5, 0.5], [s, -s]]))
        torch.testing.assert_close(found["fc1"], torch.tensor([[0.0, 0.0], [2 * s, -s]]))

    def test_the_last_forward_pass_counts(self):
        network = connected()
        with Hooks(network, [FC]) as hooks:
            network(INPUTS)
            network(INPUTS[:1])
        assert hooks.activations["fc1"].tolist() == [[0, 0]]


class Shared(nn.Module):
    """One nonlinearity, in place, behind each of two linear maps: a1 = relu(x1 − x2, 2 x1 − 3), a2 = relu(a1 − 1)."""

    def __init__(self):
        super().__init__()
        self.one, self.two = linear([[1, -1], [2, 0]], [0, -3]), linear([[1, 0], [0, 1]], [-1, -1])
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        inner = self.relu(self.one(x))
        return self.relu(self.two(inner)) + inner


FIRST = Layer("relu", "fully_connected", "relu", None, call=0)
SECOND = Layer("relu-2", "fully_connected", "relu", None, call=1)


class TestCalls:
    def test_each_call_of_a_module_is_a_layer_of_its_own(self):
        with Hooks(network := Shared(), [FIRST, SECOND]) as hooks:
            network(-INPUTS)
            found = network(INPUTS)
        assert hooks.activations["relu"].tolist() == [[0, 0], [2, 3]]
        assert hooks.preactivations["relu"].tolist() == [[-1, -1], [2, 3]]
        assert hooks.activations["relu-2"].tolist() == [[0, 0], [1, 2]]
        assert hooks.preactivations["relu-2"].tolist() == [[-1, -1], [1, 2]]
        assert found.tolist() == network(INPUTS).tolist() == [[0, 0], [3, 5]]
        assert not [module for module in network.modules() if module._forward_pre_hooks]

    def test_errors_take_every_way_to_the_loss(self):
        with Hooks(network := Shared(), [FIRST, SECOND]) as hooks:
            found = errors(network(INPUTS) @ torch.tensor([1.0, 10.0]), hooks)
        assert found["relu-2"].tolist() == [[0, 0], [1, 10]]
        assert found["relu"].tolist() == [[0, 0], [2, 20]]  # once through the second map, once round it

    def test_what_a_module_is_given_is_what_the_one_before_it_returns(self):
        given = Layer("fc1", "fully_connected", "hidden.activation", None)
        for layer in (FC, given):
            with Hooks(network := connected(inplace=True), [layer, OUTPUT]) as hooks:
                found = errors(cross_entropy(network(INPUTS), torch.tensor([0, 1]), reduction="none"), hooks)
            assert hooks.preactivations["fc1"].tolist() == [[-1, -1], [2, 3]]
            s = e / (1 + e)
            torch.testing.assert_close(found["fc1"], torch.tensor([[0.0, 0.0], [2 * s, -s]]))

    def test_a_layer_that_leads_nowhere_has_no_error(self):
        with Hooks(network := Shared(), [FIRST, SECOND]) as hooks:
            network(INPUTS)
            found = errors(hooks.preactivations["relu"] @ torch.tensor([1.0, 2.0]), hooks)
        assert found["relu-2"].tolist() == [[0, 0], [0, 0]]


class TestErrors:
    @pytest.fixture
    def network(self):
        torch.manual_seed(3)
        return LeNet((1, 6, 6), 3, filters=(2, 3), hidden=(5,), kernel_size=3, padding=1, activation="tanh").double()

    @pytest.fixture
    def samples(self):
        random = torch.Generator().manual_seed(4)
        inputs = torch.rand(7, 1, 6, 6, generator=random, dtype=torch.float64)
        return inputs, torch.randint(3, (7,), generator=random)

    @staticmethod
    def found(network, inputs, targets):
        with Hooks(network, network.layers) as hooks:
            return errors(cross_entropy(network(inputs), targets, reduction="none"), hooks)

    def test_against_finite_differences(self, network, samples):
        """A bias moves the pre-activation of its unit, or of its whole feature map."""
        inputs, targets = samples
        found, step = self.found(network, inputs, targets), 1e-5

        @torch.no_grad()
        def losses(bias, unit, by):
            bias[unit] += by
            values = cross_entropy(network(inputs), targets, reduction="none")
            bias[unit] -= by
            return values

        for layer in network.layers:
            bias = network.get_submodule(layer.preactivation).bias
            slopes = [(losses(bias, unit, step) - losses(bias, unit, -step)) / (2 * step) for unit in range(len(bias))]
            by_unit = found[layer.name].reshape(len(inputs), len(bias), -1).sum(-1)
            torch.testing.assert_close(by_unit, torch.stack(slopes, 1), rtol=0, atol=1e-9)

    def test_softmax_minus_one_hot(self, network, samples):
        inputs, targets = samples
        with torch.no_grad():
            expected = torch.softmax(network(inputs), 1) - nn.functional.one_hot(targets, 3)
        torch.testing.assert_close(self.found(network, inputs, targets)["output"], expected, rtol=0, atol=1e-15)

    def test_they_do_not_depend_on_the_size_of_the_batch(self, network, samples):
        """The loss is summed: each sample has the error that it has alone."""
        inputs, targets = samples
        together = self.found(network, inputs, targets)
        for sample in range(len(inputs)):
            alone = self.found(network, inputs[sample : sample + 1], targets[sample : sample + 1])
            for name, values in alone.items():
                torch.testing.assert_close(together[name][sample], values[0], rtol=0, atol=1e-14)

    def test_a_network_that_works_in_place_has_the_same(self):
        """ReLU(inplace=True) overwrites the pre-activation; what was read stays."""
        targets = torch.tensor([0, 1])
        plain, inplace = (connected(inplace=each) for each in (False, True))
        found = {}
        for name, network in (("plain", plain), ("inplace", inplace)):
            with Hooks(network, [FC, OUTPUT]) as hooks:
                deltas = errors(cross_entropy(network(INPUTS), targets, reduction="none"), hooks)
            found[name] = (hooks.preactivations["fc1"].tolist(), hooks.activations["fc1"].tolist(), deltas)
        assert found["inplace"][:2] == found["plain"][:2]
        for name, values in found["plain"][2].items():
            assert torch.equal(found["inplace"][2][name], values)

    def test_no_gradient_is_left_behind(self, network, samples):
        self.found(network, *samples)
        assert all(value.grad is None for value in network.parameters())


class TestHooks:
    def test_they_are_removed_in_the_end(self):
        network = connected()
        with Hooks(network, [FC, OUTPUT]):
            assert len(hooks(network)) == 4
        assert hooks(network) == []

    def test_after_a_forward_pass_that_raised(self):
        network = connected()
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), Hooks(network, [FC, OUTPUT]):
            network(torch.ones(1, 5))
        assert hooks(network) == []

    def test_after_a_path_that_is_none(self):
        """Those that were set before it too."""
        network = connected()
        wrong = Layer("fc2", "fully_connected", activation="hidden.activation", preactivation="hidden.weight")
        with pytest.raises(AttributeError, match=r"has no attribute `weight`"), Hooks(network, [FC, wrong]):
            pytest.fail("the block must not be entered")
        assert hooks(network) == []

    def test_others_hooks_stay(self):
        network, seen = connected(), []
        network.output.register_forward_hook(lambda *_: seen.append(True))
        recorded(network, INPUTS, [FC, OUTPUT])
        network(INPUTS)
        assert len(seen) == 2

    def test_the_network_computes_what_it_computes(self):
        network = connected()
        expected = network(INPUTS)
        with Hooks(network, [FC, OUTPUT]):
            assert torch.equal(network(INPUTS), expected)

    def test_it_can_be_used_in_training(self):
        """Gradients of the weights are those without it."""
        one, other = connected(), connected()
        cross_entropy(one(INPUTS), torch.tensor([0, 1])).backward()
        with Hooks(other, [FC, OUTPUT]):
            cross_entropy(other(INPUTS), torch.tensor([0, 1])).backward()
        for mine, yours in zip(one.parameters(), other.parameters(), strict=True):
            assert torch.equal(mine.grad, yours.grad)
