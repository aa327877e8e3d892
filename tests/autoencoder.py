"""A tiny stacked autoencoder as a user has it in a file of his own: its layers, and which of them are symmetric."""

from collections.abc import Sequence

from torch import Tensor, nn

from infoplane.models.layers import Layer


class Autoencoder(nn.Module):
    """Sigmoid layers of these sizes down to the code, as many up from it, and an output as large as it has to be."""

    def __init__(self, features: int, outputs: int, hidden: Sequence[int], code: int) -> None:
        super().__init__()
        down = {f"encoder{place}": size for place, size in enumerate(hidden, start=1)}
        up = {f"decoder{place}": size for place, size in reversed(list(enumerate(hidden, start=1)))}
        sizes = {**down, "code": code, **up, "output": outputs}
        parts: dict[str, nn.Module] = {"flatten": nn.Flatten()}
        for (name, size), before in zip(sizes.items(), [features, *sizes.values()], strict=False):
            parts[f"{name}_weighted"] = nn.Linear(before, size)
            if name != "output":
                parts[name] = nn.Sigmoid()
        self.parts = nn.ModuleDict(parts)
        self.layers = (
            *(Layer(name, "fully_connected", f"parts.{name}", f"parts.{name}_weighted") for name in [*sizes][:-1]),
            Layer("output", "output", "parts.output_weighted", "parts.output_weighted"),
        )
        self.pairs = tuple((f"encoder{place}", f"decoder{place}") for place in range(1, len(hidden) + 1))

    def forward(self, values: Tensor) -> Tensor:
        for part in self.parts.values():
            values = part(values)
        return values


def make(shape: tuple[int, ...], outputs: int, *, hidden: Sequence[int] = (8, 4), code: int = 2) -> Autoencoder:
    """Make the network."""
    features = 1
    for size in shape:
        features *= size
    return Autoencoder(features, outputs, hidden, code)


def mistaken(shape: tuple[int, ...], outputs: int) -> Autoencoder:
    """Make one that names a layer wrongly, and another one twice."""
    network = make(shape, outputs)
    network.pairs = (("encoder1", "decoder1"), ("encoder1", "decodr2"))
    return network


def unrelated(shape: tuple[int, ...], outputs: int) -> Autoencoder:
    """Make one that means something else by the word."""
    network = make(shape, outputs)
    network.pairs = ((1, 2), (3, 4))  # type: ignore[assignment]
    return network
