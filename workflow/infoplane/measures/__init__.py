"""Information measures on arrays: numbers in, numbers out.

Pure functions of tensors, with no labels, no files, no configuration and no state. Gram matrices are
(*batch, n, n) in and (*batch) out, of unit trace; entropies are in bits; everything is float64 on the device of the
input, and detached from autograd.
"""

from infoplane.measures import binning, bottleneck, gradients, gram, invariants, kde, pid, renyi

__all__ = ["binning", "bottleneck", "gradients", "gram", "invariants", "kde", "pid", "renyi"]
