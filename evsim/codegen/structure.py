"""What of a linear model its kernel's text depends on: which entries are not zero, and which differ between neurons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evsim.description import Assignment, LinearModel

Coefficient = tuple[str, int, int]  # (kind, row, column); see `Layout`


@dataclass(frozen=True)
class Layout:
    """Where a kernel expects its numbers.

    Kinds: `a`, `b` the system in units of one piece; `m`, `q` one window's propagator less the identity; `t` the
    threshold form, row -1 its constant; `k` the weight of a state's change in the bound on the form's curvature;
    `g` the guard against rounding. `is_each` tells which kinds have one value per neuron.
    """

    states: tuple[str, ...]
    parameters: tuple[str, ...]
    coefficients: tuple[Coefficient, ...]
    each: frozenset[str]
    is_coupled: bool  # a state that goes on while refractory depends on one that stands still

    def is_each(self, coefficient: Coefficient) -> bool:
        return coefficient[0] in self.each


@dataclass(frozen=True)
class Structure:
    """Which entries of the system are not zero."""

    n: int
    a: frozenset[tuple[int, int]]
    b: frozenset[int]
    form: frozenset[int]

    @property
    def reach(self) -> frozenset[tuple[int, int]]:
        """(row, column) where `column` acts on `row` along one step or more."""
        closure = set(self.a)
        while True:
            longer = {(r, c) for r, k in closure for k2, c in self.a if k == k2} - closure
            if not longer:
                return frozenset(closure)
            closure |= longer

    def rows_from(self, port: int) -> list[int]:
        """States that an addition to `port` changes, a window length later."""
        return [r for r in range(self.n) if r == port or (r, port) in self.reach]

    @property
    def driven(self) -> list[int]:
        """States whose change over a window has a constant part."""
        return [r for r in range(self.n) if r in self.b or any((r, c) in self.reach for c in self.b)]

    @property
    def bending(self) -> list[int]:
        """States that the threshold form's slope depends on."""
        return [c for c in range(self.n) if any((r, c) in self.reach for r in self.form)]


def structure_of(model: LinearModel) -> Structure:
    """Which entries of a model's system are not structurally zero."""
    index = {s: k for k, s in enumerate(model.states)}
    a = {(index[s], index[c]) for s, form in model.rates.items() for c in form.coefficients}
    b = {index[s] for s, form in model.rates.items() if form.constant.text not in ("0", "0.0")}
    threshold = model.threshold.coefficients if model.threshold else ()
    return Structure(len(model.states), frozenset(a), frozenset(b), frozenset(index[s] for s in threshold))


def layout_of(model: LinearModel, each: Iterable[str], parameters: tuple[str, ...] = ()) -> Layout:
    """`each`: which of `A`, `b`, `form` differ between neurons; `parameters`: what synapses read besides the reset."""
    structure, varied = structure_of(model), set(each)
    kinds = set()
    if "A" in varied:
        kinds |= {"a", "m", "k", "q"}
    if "b" in varied:
        kinds |= {"b", "q"}
    if "form" in varied:
        kinds |= {"t", "k", "g"}
    clamped = {k for k, s in enumerate(model.states) if s in model.clamped}
    coupled = any(r not in clamped and c in clamped for r, c in structure.reach)
    coefficients: list[Coefficient] = [("a", r, c) for r, c in sorted(structure.a)]
    coefficients += [("b", r, 0) for r in sorted(structure.b)]
    coefficients += [("m", r, c) for r, c in sorted(structure.reach)]
    coefficients += [("q", r, 0) for r in structure.driven]
    if model.threshold:
        coefficients += [("t", s, 0) for s in sorted(structure.form)] + [("t", -1, 0)]
        coefficients += [("k", s, 0) for s in structure.bending] + [("g", 0, 0)]
    named = dict.fromkeys((*_parameters_of(model.reset, model.parameters), *parameters))
    return Layout(model.states, tuple(named), tuple(coefficients), frozenset(kinds), coupled)


def _parameters_of(code: tuple[Assignment, ...], parameters: tuple[str, ...]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for statement in code:
        for name in sorted(statement.expression.names):
            if name in parameters:
                names.setdefault(name)
    return tuple(names)
