"""Matrix-based Rényi entropies of Gram matrices (Sánchez Giraldo et al. 2015), in bits.

What holds and what does not, with every diagonal entry 1/n. For every α: 0 ≤ S ≤ log2 n, and no marginal entropy
exceeds the joint, so I(A; B) ≤ min(S(A), S(B)). At α = 1 only: the joint does not exceed the sum of the marginals, so
I ≥ 0. Nothing is clipped: a negative mutual information away from α = 1 is what the definition gives.

Positive semi-definiteness is assumed, not checked. Gradients are not tracked.
"""

import functools
import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from infoplane.measures import checks, products, spectrum


def entropy(gram: Tensor, *, alpha: float = 1.01) -> Tensor:
    """Rényi's entropy of a Gram matrix, S_α(A) = log2 tr(A^α) / (1−α).

    The limit α → 1 is von Neumann's entropy −tr(A log2 A); α = 2 is −log2 ‖A‖²_F; α = inf is −log2 λ_max. The Gram
    matrix of an indicator is recognised and its class frequencies are counted.

    Parameters
    ----------
    gram
        (*batch, n, n), unit trace; computed in float64 whatever its type. One that was made in float32 has eigenvalues
        below 0 by rounding, and its entropy is known to some 1e-6 bits only (1e-2 for bfloat16), with a part that
        depends on how many matrices come with it, as engines differ in such eigenvalues.
    alpha
        The order, above 0. Below 1 the rounding of zero eigenvalues begins to count: some 1e-7 bits at 0.5 on a
        low-rank matrix, 1e-4 at 0.3.

    Returns
    -------
    Tensor
        (*batch), bits.

    Raises
    ------
    ValueError
        If `gram` is not square, finite, symmetric and of unit trace, or `alpha` is not above 0.
    """
    return spectrum.bits(checks.gram(gram, "gram"), alpha=checks.order(alpha))


def joint_entropy(*grams: Tensor, alpha: float = 1.01) -> Tensor:
    """Joint entropy, S_α(A1, …, AL) = S_α(A1 ∘ … ∘ AL / tr(A1 ∘ … ∘ AL)).

    Where one of the matrices is that of an indicator, the spectrum is computed class by class, once per class for a
    whole batch: about 1/classes² of the work, and the same number.

    Parameters
    ----------
    *grams
        One or more (*batch, n, n), unit trace, with batch shapes that broadcast.
    alpha
        The order, above 0.

    Returns
    -------
    Tensor
        (*batch), bits.

    Raises
    ------
    ValueError
        If a matrix is not square, finite, symmetric, of unit trace and with a positive diagonal, if they do not
        broadcast, or `alpha` is not above 0.
    """
    return joint_bits(_factors(grams), alpha=checks.order(alpha))


def mutual_information(a: Tensor, b: Tensor, *, alpha: float = 1.01) -> Tensor:
    """Mutual information with its sign, I_α(A; B) = S_α(A) + S_α(B) − S_α(A, B).

    Parameters
    ----------
    a, b
        (*batch, n, n), unit trace, with batch shapes that broadcast.
    alpha
        The order, above 0.

    Returns
    -------
    Tensor
        (*batch), bits. Negative values can occur away from α = 1 and are kept.

    Raises
    ------
    ValueError
        As `joint_entropy`.
    """
    a, b = checks.factors({"a": a, "b": b})
    alpha = checks.order(alpha)
    return spectrum.bits(a, alpha=alpha) + spectrum.bits(b, alpha=alpha) - joint_bits([a, b], alpha=alpha)


def conditional_entropy(gram: Tensor, *given: Tensor, alpha: float = 1.01) -> Tensor:
    """Conditional entropy, S_α(A | B1, …, BL) = S_α(A, B1, …, BL) − S_α(B1, …, BL).

    It is never negative but for rounding, whatever α.

    Parameters
    ----------
    gram
        (*batch, n, n), unit trace: A.
    *given
        One or more (*batch, n, n), unit trace, with batch shapes that broadcast.
    alpha
        The order, above 0.

    Returns
    -------
    Tensor
        (*batch), bits.

    Raises
    ------
    ValueError
        As `joint_entropy`.
    """
    own, *condition = _factors_of("gram", gram, "given", given)
    alpha = checks.order(alpha)
    return joint_bits([own, *condition], alpha=alpha) - joint_bits(condition, alpha=alpha)


def multivariate_mutual_information(target: Tensor, *grams: Tensor, alpha: float = 1.01) -> Tensor:
    """Information that several variables hold together, I_α(B; {A1, …, AL}) = S_α(B) + S_α(A…) − S_α(B, A…).

    Source: Yu et al. 2021.

    Parameters
    ----------
    target
        (*batch, n, n), unit trace: B.
    *grams
        One or more (*batch, n, n), unit trace, with batch shapes that broadcast: A1 to AL.
    alpha
        The order, above 0.

    Returns
    -------
    Tensor
        (*batch), bits. Negative values can occur away from α = 1 and are kept.

    Raises
    ------
    ValueError
        As `joint_entropy`.
    """
    own, *others = _factors_of("target", target, "grams", grams)
    alpha = checks.order(alpha)
    apart = spectrum.bits(own, alpha=alpha) + joint_bits(others, alpha=alpha)
    return apart - joint_bits([own, *others], alpha=alpha)


def total_correlation(*grams: Tensor, alpha: float = 1.01) -> Tensor:
    """Total correlation, Σ_i S_α(A_i) − S_α(A1, …, AL) (Watanabe 1960; Yu et al. 2019).

    For two variables it is their mutual information. It is never negative at α = 1.

    Parameters
    ----------
    *grams
        One or more (*batch, n, n), unit trace, with batch shapes that broadcast.
    alpha
        The order, above 0.

    Returns
    -------
    Tensor
        (*batch), bits. Negative values can occur away from α = 1 and are kept.

    Raises
    ------
    ValueError
        As `joint_entropy`.
    """
    checked, alpha = _factors(grams), checks.order(alpha)
    apart = [spectrum.bits(gram, alpha=alpha) for gram in checked]
    return functools.reduce(torch.add, apart) - joint_bits(checked, alpha=alpha)


def interaction_information(*grams: Tensor, alpha: float = 1.01) -> Tensor:
    """Interaction information (McGill 1954) with the sign of the co-information (Bell 2003), Σ_s (−1)^(|s|+1) S_α(s).

    The sum is over all subsets s of the variables. Two have their mutual information, three I(A; B) − I(A; B | C),
    positive for a copy and negative for an exclusive or; a good part of the literature has the other sign for odd
    numbers of variables. It takes 2^L − 1 entropies.

    Parameters
    ----------
    *grams
        One or more (*batch, n, n), unit trace, with batch shapes that broadcast.
    alpha
        The order, above 0.

    Returns
    -------
    Tensor
        (*batch), bits, of either sign from three variables on.

    Raises
    ------
    ValueError
        As `joint_entropy`.
    """
    checked, alpha = _factors(grams), checks.order(alpha)
    subsets = (some for size in range(len(checked)) for some in itertools.combinations(checked, size + 1))
    terms = ((-1) ** (len(some) + 1) * joint_bits(some, alpha=alpha) for some in subsets)
    total: Tensor = functools.reduce(torch.add, terms)
    return total


def hadamard(*grams: Tensor) -> Tensor:
    """The Gram matrix of a joint variable, A1 ∘ … ∘ AL / tr(A1 ∘ … ∘ AL).

    For Gaussian kernels of equal width it is the Gram matrix of the concatenated variables, the tensor kernel.

    Parameters
    ----------
    *grams
        One or more (*batch, n, n), unit trace, with batch shapes that broadcast.

    Returns
    -------
    Tensor
        (*batch, n, n), float64, unit trace. Entries that cannot matter are 0: see `gram.drop_negligible`.

    Raises
    ------
    ValueError
        As `joint_entropy`.
    """
    return products.product(_factors(grams))


def joint(maps: Tensor) -> Tensor:
    """The Gram matrix of the joint variable of C feature maps: `hadamard` along a dimension.

    Parameters
    ----------
    maps
        (*batch, C, n, n), unit trace.

    Returns
    -------
    Tensor
        (*batch, n, n), float64, unit trace.

    Raises
    ------
    ValueError
        If `maps` has fewer than three dimensions, or as `joint_entropy`.
    """
    return products.product(checks.maps(maps, "maps").unbind(-3))


def joint_bits(grams: Sequence[Tensor], *, alpha: float) -> Tensor:
    """As `joint_entropy`, for arguments that need no check."""
    return spectrum.bits(products.product(grams), alpha=alpha, blocks=products.blocks(grams))


def _factors(grams: Sequence[Tensor]) -> list[Tensor]:
    """The matrices, checked and named by their position."""
    if not grams:
        raise ValueError("grams must hold at least one Gram matrix, got none")
    return checks.factors({f"grams[{i}]": gram for i, gram in enumerate(grams)})


def _factors_of(name: str, gram: Tensor, others_name: str, others: Sequence[Tensor]) -> list[Tensor]:
    """One matrix and others, checked and named."""
    if not others:
        raise ValueError(f"{others_name} must hold at least one Gram matrix, got none")
    return checks.factors({name: gram, **{f"{others_name}[{i}]": other for i, other in enumerate(others)}})
