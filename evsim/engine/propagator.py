"""The numbers of a linear kernel: how the states of every neuron change over one window, and how surely.

dx/dt = A x + b. Everything is a Taylor sum of A times the window; the smallest terms are added first, in extended
precision where the machine has it, and propagators are kept less the identity, so that thousands of steps lose no
more digits than one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb, factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.codegen.structure import Layout
from evsim.description import LinearForm, LinearModel, Values

MAX_DEGREE = 24  # of csrc/kernel/linear.h
LONGEST_PIECE = (
    0.5  # in units of the fastest rate: there a Taylor polynomial of degree 16 is exact to rounding
)
LONGEST_FOLD = 0.5  # further back in time an addition would lose digits
LONGEST_BOUND = 4.0  # beyond, every neuron is taken through its events
BOUND_TERMS = 40  # of the exponential series up to there

Matrix = NDArray[Any]  # of np.longdouble: (states, states) or (states, states, neurons)


@dataclass(frozen=True)
class System:
    """A, b and the threshold form of a population with numbers put in, and which of them differ between neurons."""

    a: Matrix
    b: Matrix
    form: Matrix
    form_constant: Matrix
    each: frozenset[str]


@dataclass(frozen=True)
class Propagator:
    """What the kernel needs besides its text. `coefficients` in the order of the layout; `cost[port] = (+, -)`."""

    pieces: int
    degrees: tuple[int, ...]  # for 1/8, 1/4, 1/2 and the whole of a piece
    is_foldable: bool
    coefficients: list[NDArray[np.float64]]
    fold: NDArray[np.float64]
    cost: NDArray[np.float64]


def system_of(model: LinearModel, parameters: Mapping[str, Values]) -> System:
    """Evaluates the model's coefficients; arrays only where values really differ between neurons."""
    size = len(model.states)
    index = {s: k for k, s in enumerate(model.states)}

    def vector(form: LinearForm) -> list[Values]:
        entries: list[Values] = [0.0] * size
        for name, expression in form.coefficients.items():
            entries[index[name]] = expression.evaluate(parameters)
        return entries

    a = [vector(model.rates[s]) for s in model.states]
    b: list[Values] = [model.rates[s].constant.evaluate(parameters) for s in model.states]
    form = vector(model.threshold) if model.threshold else [0.0] * size
    constant = model.threshold.constant.evaluate(parameters) if model.threshold else -1.0
    flat_a = _stack([entry for row in a for entry in row])
    stacked = {
        "A": flat_a.reshape(size, size, *flat_a.shape[1:]),
        "b": _stack(b),
        "form": _stack([*form, constant]),
    }
    each = frozenset(k for k, v in stacked.items() if v.ndim > (2 if k == "A" else 1))
    return System(stacked["A"], stacked["b"], stacked["form"][:-1], stacked["form"][-1:], each)


def fastest_rate(model: LinearModel, parameters: Mapping[str, Values]) -> float:
    """How fast (1/s) any state of the model can grow or fade; 0 without states."""
    return _fastest_rate(system_of(model, parameters).a) if model.states else 0.0


def propagator(system: System, layout: Layout, window: float) -> Propagator:
    """The coefficients of `layout` for steps of `window` seconds."""
    size = system.b.shape[0]
    fastest = _fastest_rate(system.a)
    pieces = 1
    while fastest * window > LONGEST_PIECE * pieces:
        pieces *= 2
    piece = np.longdouble(window) / pieces
    degrees = tuple(_degree(fastest * window / pieces * part, size) for part in (0.125, 0.25, 0.5, 1.0))
    degree = degrees[-1]
    a, b = system.a * piece, system.b * piece
    step, push = _first_piece(a, b, degree)
    for _ in range(pieces.bit_length() - 1):
        push = 2 * push + _times(step, push)
        step = 2 * step + _product(step, step)
    numbers: dict[str, Any] = {"a": a, "b": b, "m": step, "q": push, "t": system.form}
    numbers["k"] = _bend(system, window)
    constant = system.form_constant[0]

    def number(kind: str, row: int, column: int) -> NDArray[np.float64]:
        if kind == "g":
            entry = 1e-14 * np.abs(constant)
        elif kind == "t" and row < 0:
            entry = constant
        else:
            entry = numbers[kind][row, column] if kind in ("a", "m") else numbers[kind][row]
        return np.atleast_1d(np.asarray(entry, dtype=np.float64))

    is_foldable = fastest * window <= LONGEST_FOLD and pieces == 1
    back = _powers(-system.a * np.longdouble(window), degree) if is_foldable else None
    if back is None:
        fold, cost = np.zeros(0), np.zeros((size, 2))
    else:
        cost = _costs(back, system.form)
        # back[k][row, port] -> fold[port, row, k]
        fold = (
            np.stack(back, axis=-1).swapaxes(0, 1).astype(np.float64).ravel()
            if back[0].ndim == 2
            else np.zeros(0)
        )
    coefficients = [number(*c) for c in layout.coefficients]
    return Propagator(pieces, degrees, is_foldable, coefficients, fold, cost)


def _stack(entries: list[Values]) -> Matrix:
    arrays: list[Matrix] = [np.asarray(e, dtype=np.longdouble) for e in entries]
    arrays = [
        a.reshape(-1)[:1].reshape(()) if a.ndim and a.size and (a == a.flat[0]).all() else a for a in arrays
    ]
    return np.stack(np.broadcast_arrays(*arrays)) if arrays else np.zeros(0, dtype=np.longdouble)


def _fastest_rate(a: Matrix) -> float:
    """Spectral radius of |A|: bounds how fast any part of the Taylor series grows, whatever the units."""
    magnitude = np.moveaxis(np.abs(a).astype(np.float64), (0, 1), (-2, -1))
    scale = magnitude.max(initial=0.0)
    if not scale:
        return 0.0
    is_linked = np.asarray(magnitude.reshape(-1, *magnitude.shape[-2:]).any(axis=0))
    return max(_loop_rate(magnitude[..., members, :][..., :, members]) for members in _loops(is_linked))


def _loops(is_linked: NDArray[np.bool_]) -> list[list[int]]:
    """Groups of states that act on each other; a state on its own is a group of one."""
    size = len(is_linked)
    reach = is_linked.copy()
    for k in range(size):
        reach |= reach[:, k : k + 1] & reach[k : k + 1, :]
    groups = {tuple(j for j in range(size) if j == i or (reach[i, j] and reach[j, i])) for i in range(size)}
    return [list(group) for group in sorted(groups)]


def _loop_rate(magnitude: NDArray[np.float64]) -> float:
    """Spectral radius of a group; units are balanced first: eigenvalues do not change, their accuracy does."""
    if magnitude.shape[-1] == 1:
        return float(magnitude.max(initial=0.0))
    return float(np.abs(np.linalg.eigvals(_balanced(magnitude))).max(initial=0.0))


def _balanced(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """D^-1 M D with rows and columns of like size; exact zeros stay."""
    m = matrix.copy()
    size = m.shape[-1]
    for _ in range(8):
        for k in range(size):
            others = [j for j in range(size) if j != k]
            column, row = m[..., others, k].sum(axis=-1), m[..., k, others].sum(axis=-1)
            ok = (column > 0) & (row > 0)
            factor = np.sqrt(np.divide(row, column, out=np.ones_like(row), where=ok))
            m[..., :, k] *= factor[..., None]
            m[..., k, :] /= factor[..., None]
    return m


def _degree(rate: float, size: int) -> int:
    """Degree that leaves less than rounding, with couplings of `size` states in a chain."""
    for degree in range(max(size, 3), MAX_DEGREE + 1):
        left = comb(degree + 1, max(size - 1, 0)) * rate ** max(degree + 2 - size, 1) / factorial(degree + 1)
        if left < 2.0**-57:
            return degree
    return MAX_DEGREE


def _product(a: Matrix, b: Matrix) -> Matrix:
    return np.asarray((a[:, :, None] * b[None, :, :]).sum(axis=1))  # keeps a trailing axis of neurons


def _times(a: Matrix, v: Matrix) -> Matrix:
    if v.ndim == 1 and a.ndim == 3:
        v = v[:, None]
    if a.ndim == 2 and v.ndim == 2:
        a = a[:, :, None]
    return np.asarray((a * v[None]).sum(axis=1))


def _powers(a: Matrix, degree: int) -> list[Matrix]:
    """a^k / k! for k = 0 ... degree."""
    identity = np.zeros_like(a)
    for s in range(a.shape[0]):
        identity[s, s] = 1
    powers = [identity]
    for k in range(1, degree + 1):
        powers.append(_product(powers[-1], a) / k)
    return powers


def _first_piece(a: Matrix, b: Matrix, degree: int) -> tuple[Matrix, Matrix]:
    """exp(a) - 1 and its integral applied to b."""
    powers = _powers(a, degree)
    step = sum(reversed(powers[1:]), np.zeros_like(a))
    integral = sum((p / (k + 1) for k, p in reversed(list(enumerate(powers)))), np.zeros_like(a))
    return step, _times(integral, b)


def _bend(system: System, window: float) -> Matrix:
    """Weight of each state's change over a window in a bound on window**2/8 times the form's second derivative.

    form'' = form . A exp(A t) x'(0), and the change over the window is F x'(0) with F the integral of exp(A t): so
    |form''| <= |form| |A| exp(|A| window) |F^-1| |change|.
    """
    each = system.a.ndim == 3 or system.form.ndim == 2
    a = np.moveaxis(system.a, 2, 0) if system.a.ndim == 3 else system.a
    a = a.astype(np.float64) * window
    slope = np.abs(np.moveaxis(system.form, -1, 0) if system.form.ndim == 2 else system.form).astype(
        np.float64
    )
    if _fastest_rate(system.a) * window > LONGEST_BOUND:
        bend = np.where(_any_link(system.a), 1e30, 0.0)
        return np.repeat(bend[:, None], max(slope.shape[0], a.shape[0]), axis=1) if each else bend
    identity = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    growth, integral, power = identity.copy(), identity.copy(), identity.copy()
    signed = identity.copy()
    for k in range(1, BOUND_TERMS):
        power, signed = power @ np.abs(a) / k, signed @ a / k
        growth, integral = growth + power, integral + signed / (k + 1)
    weight = (slope[..., None, :] @ np.abs(a) @ growth @ np.abs(np.linalg.inv(integral)))[..., 0, :]
    bend = 1.001 * weight / 8
    return np.asarray(bend.T if bend.ndim == 2 else bend, dtype=np.longdouble)


def _any_link(a: Matrix) -> NDArray[np.bool_]:
    """States that act on any state's rate."""
    return np.asarray((a != 0).reshape(a.shape[0], a.shape[1], -1).any(axis=(0, 2)))


def _costs(back: list[Matrix], form: Matrix) -> NDArray[np.float64]:
    """How far an addition folded to the window's start may hide the form: for each port, per unit + and -."""
    degree, size = len(back) - 1, back[0].shape[0]
    costs = np.zeros((size, 2))
    for port in range(size):
        kernel = []
        for power in back:
            column = power[:, port]
            weight = form[:, None] if form.ndim == 1 and column.ndim == 2 else form
            column = column[:, None] if column.ndim == 1 and weight.ndim == 2 else column
            kernel.append((weight * column).sum(axis=0))
        bernstein = [
            sum(kernel[k] * comb(i, k) / comb(degree, k) for k in range(i + 1)) for i in range(degree + 1)
        ]
        highest = max(float(np.max(b)) for b in bernstein)
        lowest = min(float(np.min(b)) for b in bernstein)
        costs[port] = max(-lowest, 0.0), max(highest, 0.0)
    return costs
