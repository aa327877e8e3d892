"""Hadamard products of Gram matrices, which are the Gram matrices of joint variables (Yu et al. 2020)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from infoplane.measures.gram import classes, drop_negligible


class Joints(NamedTuple):
    """M joint variables: each of some maps out of many, and, where there are targets, of one of these.

    - `maps`: (F, n, n), unit trace.
    - `subsets`: (M, s), int64: which maps, at least one.
    - `targets`: (G, n, n), unit trace; (0, n, n) for none.
    - `about`: (M), int64: which target; 0 throughout where there is none.
    """

    maps: Tensor
    subsets: Tensor
    targets: Tensor
    about: Tensor

    def blocks(self) -> Tensor:
        """Classes (G or 1, n) of the samples, for every target, between which no entry of a product is above 0."""
        if len(self.targets):
            return classes(self.targets)
        return torch.full((1, self.maps.shape[-1]), -1, device=self.maps.device)

    def traces(self) -> Tensor:
        """The traces (M) of the products, before they are normalised."""
        own = self.maps.diagonal(dim1=-2, dim2=-1)[self.subsets].prod(-2)
        if len(self.targets):
            own = own * self.targets.diagonal(dim1=-2, dim2=-1)[self.about]
        return own.sum(-1)

    def part(self, some: slice) -> "Joints":
        """Some of them."""
        return self._replace(subsets=self.subsets[some], about=self.about[some])

    def grams(self) -> Tensor:
        """Their Gram matrices, (M, n, n)."""
        factors = (self.maps[column] for column in self.subsets.unbind(-1))
        return product((*factors, self.targets[self.about])) if len(self.targets) else product(factors)


def product(grams: Iterable[Tensor]) -> Tensor:
    """The Gram matrix A1 ∘ … ∘ AL / tr(A1 ∘ … ∘ AL), (*batch, n, n), of matrices that broadcast.

    Normalised after each factor, as n^−L leaves the range of floating point for a few hundred maps.
    """
    factors = iter(grams)
    result = next(factors)
    for i, factor in enumerate(factors, start=1):
        result = result * factor
        result /= result.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
        if i % 4 == 0:  # five entries above 1e-40 / n cannot underflow, so that pairs are spared the pass
            result = drop_negligible(result)
    return result


def blocks(grams: Sequence[Tensor]) -> Tensor:
    """Classes (*batch, n) between which the product of `grams` is 0: those of the first indicator, −1 if none is."""
    found = torch.full((), -1, device=grams[0].device)
    for gram in grams:
        found = torch.where(found >= 0, found, classes(gram))
    return found
