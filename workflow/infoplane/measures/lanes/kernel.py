"""The compiled part of the engine: vectors, tridiagonalisation, and the sum over log-determinants.

A loop over one small matrix does not fill the registers of a processor: its rows are short and its sums have an order.
So the loops here are those of a textbook, for one matrix, but each entry is a `Vector`: that entry of LANES different
matrices, in one register. No lane depends on another, and each operation is rounded once, as IEEE 754 has it, so a
matrix has the same sum in any lane, in any company, and whatever LANES is.

Arrays of vectors are float64 (rows, LANES), and `load(array, i)` is row i. Symmetric matrices are packed: the lower
triangle column by column, entry (i, j) in row `_base(n, j) + i`.

All that is compiled stays in this file, the only one at which numba looks for changes since it compiled last.
"""

import math
import operator
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from infoplane.measures.native import inner, pasted

# What code is compiled for, and cached by: the machine, its processor and the abilities of that.
_MACHINE, _, _ABILITIES = cpu_target.target_context.codegen().magic_tuple()
if "+fma" not in _ABILITIES.split(",") and not _MACHINE.startswith(("aarch64", "arm64")):
    raise ImportError(f"the lanes need fused multiply-add, which code for {_MACHINE} is compiled without")

# Array in a register: of 512 bits with AVX-512, of 256 with AVX, of 128 elsewhere.
LANES = 8 if "+avx512f" in _ABILITIES.split(",") else 4 if "+avx" in _ABILITIES.split(",") else 2

# What is left out of a matrix moves no eigenvalue by more than its own norm (Weyl). These parts are far below rounding,
# for a matrix of trace 1 or less, and without them no product comes near the denormal numbers, below 1e-308, on which
# processors are some 50 times slower: entries of the matrix and of w; entries of a Householder vector, and what lies
# next to the diagonal of T; and what a column has further down.
_NO_ENTRY = 1e-40
_NO_RATIO = 1e-30
_NO_COLUMN = 1e-22

# From this s on det(I + T/s) − 1 is computed, which keeps the digits that the determinant loses.
_LARGE = 4.0

# Steps of the recurrence of determinants between two scalings: each multiplies by up to 1e18.
_STEPS = 8

# artanh(z) / z = Σ z^2k / (2k + 1), to 1e-17 for |z| < 0.172, from the last term to the first.
_ARTANH = tuple(1 / (2 * k + 1) for k in range(10, -1, -1))

# Lanes is a value of type Vector, which only compiled code has, so mypy is told nothing of it.
Array: TypeAlias = npt.NDArray[np.float64]
Lanes: TypeAlias = Any
Work: TypeAlias = tuple[Array, Array, Array, Array]
Indices: TypeAlias = npt.NDArray[np.int64]
Products: TypeAlias = tuple[Array, Indices, Array, Indices, Array]
Blocks: TypeAlias = tuple[Indices, Indices, Indices]
Rule: TypeAlias = tuple[Array, Array, Array]


def _intrinsic(define: Callable[..., Any]) -> Any:
    """A compiled function from one that gives its signature and what writes its LLVM instructions."""
    return intrinsic(define)


class Vector(types.Type):
    """The type of LANES float64 numbers that numba hands to LLVM as one vector."""


_VECTOR = Vector(name=f"Vector({LANES})")
_LLVM = ir.VectorType(ir.DoubleType(), LANES)
_LLVM_INTEGERS = ir.VectorType(ir.IntType(64), LANES)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, _LLVM)  # type: ignore[no-untyped-call]


def _instruction(emit: Callable[..., Any]) -> Any:
    """A compiled function of vectors that gives a vector, from what writes its LLVM instructions."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return emit(builder, *values)

    @wraps(emit)  # with as many arguments
    def define(_typing: Any, *vectors: Any) -> Any:
        return _VECTOR(*vectors), generate

    return _intrinsic(define)


def _library(builder: Any, name: str, *values: Any) -> Any:
    """A call of one of LLVM's own functions on vectors."""
    name, kind = f"llvm.{name}.v{LANES}f64", ir.FunctionType(_LLVM, [_LLVM] * len(values))
    declare: Any = cgutils.get_or_insert_function
    return builder.call(declare(builder.module, kind, name), values)


def _row(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """The address of a row of an array (rows, LANES)."""
    numbers = context.make_array(kind)(context, builder, array).data
    first = builder.gep(numbers, [builder.mul(index, ir.Constant(ir.IntType(64), LANES))], inbounds=True)
    return builder.bitcast(first, _LLVM.as_pointer())


@_intrinsic
def load(_typing: Any, array: Any, index: Any) -> Any:
    """Row `index` of `array`."""
    index = types.int64

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_row(context, builder, signature.args[0], *values), align=8)

    return _VECTOR(array, index), generate


@_intrinsic
def store(_typing: Any, array: Any, index: Any, x: Any) -> Any:
    """Set row `index` of `array` to x."""
    index = types.int64

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[2], _row(context, builder, signature.args[0], *values[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, index, x), generate


@_intrinsic
def gather(_typing: Any, array: Any, index: Any) -> Any:
    """Column `index` of `array` (LANES, n)."""
    index = types.int64

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        numbers = context.make_array(signature.args[0])(context, builder, values[0])
        length, column = builder.extract_value(numbers.shape, 1), ir.Constant(_LLVM, ir.Undefined)
        for lane in range(LANES):
            place = builder.add(builder.mul(length, ir.Constant(ir.IntType(64), lane)), values[1])
            number = builder.load(builder.gep(numbers.data, [place], inbounds=True))
            column = builder.insert_element(column, number, ir.Constant(ir.IntType(32), lane))
        return column

    return _VECTOR(array, index), generate


@_intrinsic
def splat(_typing: Any, number: Any) -> Any:
    """One number in every lane."""
    number = types.float64

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        undefined = ir.Constant(_LLVM, ir.Undefined)
        single = builder.insert_element(undefined, values[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))

    return _VECTOR(number), generate


# x y + z and z − x y, rounded once; the root; |x|; and p where x > y, q elsewhere.
fma = _instruction(lambda builder, x, y, z: _library(builder, "fma", x, y, z))
fnma = _instruction(lambda builder, x, y, z: _library(builder, "fma", builder.fneg(x), y, z))
root = _instruction(lambda builder, x: _library(builder, "sqrt", x))
absolute = _instruction(lambda builder, x: _library(builder, "fabs", x))
choose = _instruction(lambda builder, x, y, p, q: builder.select(builder.fcmp_ordered(">", x, y), p, q))


def _every(number: int) -> Any:
    return ir.Constant(_LLVM_INTEGERS, [number] * LANES)


def _biased(builder: Any, x: Any) -> Any:
    """The eleven bits of a float64 that hold its exponent, plus 1023."""
    return builder.and_(builder.lshr(builder.bitcast(x, _LLVM_INTEGERS), _every(52)), _every(0x7FF))


def _power_of_two(builder: Any, biased: Any) -> Any:
    return builder.bitcast(builder.shl(biased, _every(52)), _LLVM)


# k and 2^−k, where 2^k ≤ |x| < 2^(k+1).
exponent = _instruction(lambda builder, x: builder.sitofp(builder.sub(_biased(builder, x), _every(1023)), _LLVM))
unscale = _instruction(lambda builder, x: _power_of_two(builder, builder.sub(_every(2046), _biased(builder, x))))


def _operator(symbol: Callable[..., Any], emit: Callable[..., Any]) -> None:
    """Let an operator of Python between two vectors mean an instruction."""
    lower: Any = lower_builtin
    type_callable(symbol)(lambda _context: lambda x, y: _VECTOR if x == y == _VECTOR else None)
    lower(symbol, Vector, Vector)(lambda _context, builder, _signature, values: emit(builder, *values))


_operator(operator.add, lambda builder, x, y: builder.fadd(x, y))
_operator(operator.sub, lambda builder, x, y: builder.fsub(x, y))
_operator(operator.mul, lambda builder, x, y: builder.fmul(x, y))
_operator(operator.truediv, lambda builder, x, y: builder.fdiv(x, y))


@inner
def _base(n: int, j: int) -> int:
    """Row of entry (i, j) of packed matrices, less i."""
    return j * (2 * n - j - 1) // 2


@inner
def _without(x: Lanes, limit: float) -> Lanes:
    """x, and 0 where |x| ≤ limit."""
    return choose(x * x, splat(limit * limit), x, splat(0.0))


@inner
def _updated(matrix: Array, at: int, vi: Lanes, wi: Lanes, vj: Lanes, wj: Lanes) -> Lanes:
    """Entry (i, j) of A − v wᵀ − w vᵀ, which takes the place of that of A in row `at`."""
    entry = fnma(wi, vj, fnma(vi, wj, load(matrix, at)))
    store(matrix, at, entry)
    return entry


@inner
def _head(n: int, begin: int, end: int, matrix: Array, work: Work) -> None:
    """As `_multiply`, for rows and columns from `begin` up to `end`."""
    v, w, x, product = work
    for j in range(begin, end):
        at, vj, wj, xj = _base(n, j), load(v, j), load(w, j), load(x, j)
        total = fma(_updated(matrix, at + j, vj, wj, vj, wj), xj, load(product, j))
        for i in range(j + 1, end):
            entry = _updated(matrix, at + i, load(v, i), load(w, i), vj, wj)
            store(product, i, fma(entry, xj, load(product, i)))
            total = fma(entry, load(x, i), total)
        store(product, j, total)


@inner
def _multiply(n: int, begin: int, matrix: Array, work: Work) -> None:
    """Subtract v wᵀ + w vᵀ from matrices, and add what is left, times x, to `product`: all from row `begin` on.

    Four columns at a time, so that an entry of v, w, x and the product is loaded once for four of the matrix.
    """
    v, w, x, product = work
    while begin + 4 <= n:
        _head(n, begin, begin + 4, matrix, work)
        at0, at1, at2, at3 = _base(n, begin), _base(n, begin + 1), _base(n, begin + 2), _base(n, begin + 3)
        v0, v1, v2, v3 = load(v, begin), load(v, begin + 1), load(v, begin + 2), load(v, begin + 3)
        w0, w1, w2, w3 = load(w, begin), load(w, begin + 1), load(w, begin + 2), load(w, begin + 3)
        x0, x1, x2, x3 = load(x, begin), load(x, begin + 1), load(x, begin + 2), load(x, begin + 3)
        total0 = total1 = total2 = total3 = splat(0.0)
        for i in range(begin + 4, n):
            vi, wi, xi, total = load(v, i), load(w, i), load(x, i), load(product, i)
            entry = _updated(matrix, at0 + i, vi, wi, v0, w0)
            total, total0 = fma(entry, x0, total), fma(entry, xi, total0)
            entry = _updated(matrix, at1 + i, vi, wi, v1, w1)
            total, total1 = fma(entry, x1, total), fma(entry, xi, total1)
            entry = _updated(matrix, at2 + i, vi, wi, v2, w2)
            total, total2 = fma(entry, x2, total), fma(entry, xi, total2)
            entry = _updated(matrix, at3 + i, vi, wi, v3, w3)
            total, total3 = fma(entry, x3, total), fma(entry, xi, total3)
            store(product, i, total)
        store(product, begin, load(product, begin) + total0)
        store(product, begin + 1, load(product, begin + 1) + total1)
        store(product, begin + 2, load(product, begin + 2) + total2)
        store(product, begin + 3, load(product, begin + 3) + total3)
        begin += 4
    _head(n, begin, n, matrix, work)


@inner
def _householder(n: int, k: int, x: Array) -> tuple[Lanes, Lanes]:
    """Turn x, below row k, into a Householder vector with 1 in front; what it makes of x, and its factor τ.

    (I − τ h hᵀ) x = (β, 0, …, 0) with h = (1, x₂/(x₁ − β), …), β = ∓‖x‖ of the sign opposite to x₁, τ = (β − x₁)/β.
    """
    zero, none = splat(0.0), splat(_NO_COLUMN**2)
    first, squares = load(x, k + 1), zero
    for i in range(k + 2, n):
        squares = fma(load(x, i), load(x, i), squares)
    norm = root(fma(first, first, squares))
    beta = choose(first, zero, zero - norm, norm)
    factor = choose(squares, none, (beta - first) / beta, zero)
    scale = choose(squares, none, splat(1.0) / (first - beta), zero)
    store(x, k + 1, splat(1.0))
    for i in range(k + 2, n):
        store(x, i, _without(load(x, i) * scale, _NO_RATIO))
    return _without(choose(squares, none, beta, first), _NO_RATIO), factor


@inner
def _tridiagonalise(n: int, matrix: Array, diagonal: Array, squares: Array, work: Work) -> None:
    """Householder's tridiagonalisation T of packed matrices, which are lost: T_ii, and T_i,i+1² (then a 0).

    In exact arithmetic T has the eigenvalues of the matrix. The update of rank two that a reflection asks for,
    A − v wᵀ − w vᵀ, waits for the next reflection x, with which the updated matrix is multiplied in the same pass.
    """
    zero, (v, w, x, product) = splat(0.0), work
    for i in range(n):
        store(v, i, zero)
        store(w, i, zero)
    for k in range(n):
        at = _base(n, k)
        vk, wk = load(v, k), load(w, k)
        store(diagonal, k, fnma(vk, wk, fnma(vk, wk, load(matrix, at + k))))
        for i in range(k + 1, n):
            store(x, i, fnma(load(w, i), vk, fnma(load(v, i), wk, load(matrix, at + i))))
            store(product, i, zero)
        if k == n - 1:
            store(squares, k, zero)
            break
        beta, factor = _householder(n, k, x)
        store(squares, k, beta * beta)
        _multiply(n, k + 1, matrix, (v, w, x, product))
        inner = zero
        for i in range(k + 1, n):
            inner = fma(load(product, i), load(x, i), inner)
        half = splat(0.5) * inner * factor * factor
        for i in range(k + 1, n):
            store(w, i, _without(fnma(half, load(x, i), factor * load(product, i)), _NO_ENTRY))
        v, x = x, v


@inner
def _twice_artanh(z: Lanes) -> Lanes:
    """2 artanh(z) for |z| < 0.172, which is ln((1 + z) / (1 − z))."""
    square, total = z * z, splat(0.0)
    for coefficient in _ARTANH:
        total = fma(total, square, splat(coefficient))
    return splat(2.0) * z * total


@inner
def _log_det(n: int, s: float, diagonal: Array, squares: Array) -> Lanes:
    """The logarithm of det(I + T/s), the last of its leading minors p.

    p_i = (1 + T_ii/s) p_i−1 − (T_i,i−1/s)² p_i−2 with p_0 = 1.
    """
    one, inverse, inverse_square = splat(1.0), splat(1 / s), splat(1 / s * (1 / s))
    before, minor, coupling, doublings = splat(0.0), one, splat(0.0), splat(0.0)
    for i in range(n):
        after = fma(fma(load(diagonal, i), inverse, one), minor, splat(0.0) - coupling * before)
        before, minor, coupling = minor, after, load(squares, i) * inverse_square
        if i % _STEPS == _STEPS - 1:
            larger = choose(before * before, minor * minor, before, minor)
            scale = unscale(larger)
            before, minor, doublings = before * scale, minor * scale, doublings + exponent(larger)
    m, doublings, high = absolute(minor * unscale(minor)), doublings + exponent(minor), splat(math.sqrt(2))
    doublings, m = choose(m, high, doublings + one, doublings), choose(m, high, splat(0.5) * m, m)
    return fma(doublings, splat(math.log(2)), _twice_artanh((m - one) / (m + one)))


@inner
def _log_det_large(n: int, s: float, diagonal: Array, squares: Array) -> Lanes:
    """As `_log_det` for s ≥ 4, by the recurrence of p_i − 1, which loses nothing where p_i is close to 1."""
    one, inverse, inverse_square = splat(1.0), splat(1 / s), splat(1 / s * (1 / s))
    before, excess, coupling = splat(-1.0), splat(0.0), splat(0.0)
    for i in range(n):
        step = fma(load(diagonal, i) * inverse, one + excess, splat(0.0) - coupling * (one + before))
        before, excess, coupling = excess, excess + step, load(squares, i) * inverse_square
    return _twice_artanh(excess / (splat(2.0) + excess))


@inner
def _sum(n: int, nodes: Array, weights: Array, constants: Array, diagonal: Array, squares: Array) -> Lanes:
    """What `power_sums` gives, of tridiagonal matrices T with diagonal T_ii and squares T_i,i+1²."""
    trace = trace_of_square = total = splat(0.0)
    for i in range(n):
        trace = trace + load(diagonal, i)
        trace_of_square = fma(load(diagonal, i), load(diagonal, i), trace_of_square)
        trace_of_square = fma(splat(2.0), load(squares, i), trace_of_square)
    for k in range(len(nodes)):
        s = nodes[k]
        log_det = _log_det(n, s, diagonal, squares) if s < _LARGE else _log_det_large(n, s, diagonal, squares)
        total = fma(splat(weights[k]), fnma(splat(s), log_det, trace), total)
    return fma(splat(constants[0]), trace, fma(splat(constants[1]), trace_of_square, total))


@inner
def _rows(count: int) -> Array:
    """An array of `count` vectors, each within one line of the processor's cache."""
    room = np.empty((count + 1) * LANES)
    start = (-room.ctypes.data) % (8 * LANES) // 8
    return room[start : start + count * LANES].reshape(count, LANES)


@pasted
def _times(grams: Array, which: int, members: Indices, block: int, j: int, columns: Array, lane: int) -> None:
    """Multiply a row of columns (LANES, s), from j on, by column j of a block of a matrix, that between its members."""
    own, some = np.uint64(which), np.uint64(block)
    column = np.uint64(members[some, j])
    for i in range(j, np.uint64(members.shape[1])):
        columns[lane, i] *= grams[own, column, np.uint64(members[some, i])]


@inner
def _pack(products: Products, blocks: Blocks, first: int, columns: Array, packed: Array) -> None:
    """The lower triangles of LANES blocks from `first` on, interleaved; the last one fills lanes that are left.

    Indices are unsigned, as others are looked at for being negative.
    """
    maps, subsets, targets, about, scale = products
    members, own, block = blocks
    n, last = members.shape[1], len(own) - 1
    for j in range(np.uint64(n)):
        for lane in range(np.uint64(LANES)):
            chosen = np.uint64(last) if first + np.int64(lane) > last else np.uint64(first) + lane
            joint = np.uint64(own[chosen])
            for i in range(j, np.uint64(n)):
                columns[lane, i] = scale[joint]
            for k in range(np.uint64(subsets.shape[1])):
                _times(maps, subsets[joint, k], members, block[chosen], j, columns, lane)
            if len(targets):
                _times(targets, about[joint], members, block[chosen], j, columns, lane)
        for i in range(np.int64(j), n):
            store(packed, _base(n, np.int64(j)) + i, _without(gather(columns, i), _NO_ENTRY))


def power_sums(products: Products, blocks: Blocks, rule: Rule, sums: Array) -> None:
    """Write the sum over the eigenvalues of each of m blocks of products to `sums` (m).

    The products have `maps` (F, n, n), `subsets` (M, k), `targets` (G, n, n), `about` (M) and `scale` (M): product p is
    scale_p times the entries of maps[subsets_p], and of targets[about_p] where there are targets. The blocks have
    `members` (B, s), `own` (m) and `block` (m): block b is that of product own_b between members[block_b]. The rule has
    nodes, weights and constants.

    With s_k and w_k the nodes and weights, c the constants and T the tridiagonal matrix, the sum is
    Σ_k w_k (tr T − s_k ln det(I + T/s_k)) + c_0 tr T + c_1 tr T².
    """
    nodes, weights, constants = rule
    members, own, _ = blocks
    n = members.shape[1]
    packed, rows, result = _rows(n * (n + 1) // 2), _rows(6 * n).reshape(6, n, LANES), _rows(1)
    columns, diagonal, squares, work = np.empty((LANES, n)), rows[0], rows[1], (rows[2], rows[3], rows[4], rows[5])
    for first in range(0, len(own), LANES):
        _pack(products, blocks, first, columns, packed)
        _tridiagonalise(n, packed, diagonal, squares, work)
        store(result, 0, _sum(n, nodes, weights, constants, diagonal, squares))
        for lane in range(min(LANES, len(own) - first)):
            sums[first + lane] = result[0, lane]
