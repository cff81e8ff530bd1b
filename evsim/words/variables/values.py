"""Text to values: an expression over known names and the constants around the user's call, for n elements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.equations.known import VARYING
from evsim.equations.resolve import resolve_functions, resolve_names
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.units import Dimension, require
from evsim.words.randomness import next_generator
from evsim.words.surroundings import names_around_call

Known = tuple[float | NDArray[np.float64], Dimension]


class TextValues:
    """One expression, its names found once, to be evaluated for one block of elements after the other.

    Parameters
    ----------
    known
        Names that belong to the elements; `own` are those of them in the text. All others are constants of
        the namespace or of the code around the user's call.
    """

    def __init__(
        self, text: str, known: Collection[str], namespace: Mapping[str, Any] | None, where: str
    ) -> None:
        self.where = where
        parsed = Expression.parse(text, where)
        self.expression = parsed
        if parsed.foreign:
            meanings = resolve_functions(parsed.foreign, namespace, names_around_call(), where, known)
            self.expression = parsed.bound(meanings, where)
        self.own = self.expression.names & set(known)
        outside = self.expression.names - self.own
        for name in sorted(outside & VARYING.keys()):
            raise EvsimError(
                f"{where}: {name} {VARYING[name]}, and {text!r} is evaluated once; leave {name} out"
            )
        self.constants: Mapping[str, Known] = (
            resolve_names(outside, namespace, names_around_call(), where) if outside else {}
        )
        self._generator = next_generator() if self.expression.draws else None

    def dimension(self, own: Mapping[str, Known]) -> Dimension:
        """The unit of the value; units that do not fit are refused."""
        known = {**self.constants, **own}
        return self.expression.dimension({name: each[1] for name, each in known.items()}, self.where)

    def evaluate(self, own: Mapping[str, Known], n: int) -> NDArray[np.float64]:
        """Values in SI for n elements."""
        values, _ = evaluate_text(self.expression, {**self.constants, **own}, self._draws(n), self.where)
        return np.broadcast_to(np.asarray(values), (n,))

    def _draws(self, n: int) -> dict[str, Callable[..., Any]]:
        generator = self._generator
        if generator is None:
            return {}
        return {
            "rand": lambda: generator.random(n),
            "randn": lambda: generator.standard_normal(n),
            "poisson": lambda mean: generator.poisson(mean, n).astype(np.float64),
        }


def number_values(value: Any, dimension: Dimension, n: int, what: str) -> NDArray[np.float64]:
    """A number, list, array or quantity as n finite SI values."""
    numbers = _as_floats(require(value, dimension, what), value, what)
    if numbers.ndim > 1 or (numbers.ndim == 1 and numbers.size != n):
        got = f"{numbers.size} values" if numbers.ndim == 1 else f"an array of shape {numbers.shape}"
        raise EvsimValueError(f"{what}: got {got} for {n} elements; give one value, or {n}")
    check_finite(numbers, what)
    return np.broadcast_to(numbers, (n,))


def check_finite(values: NDArray[np.float64], what: str) -> None:
    """Refuse NaN and infinity, naming the first element that has it."""
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        place = f" at element {wrong[0]}" if values.ndim else ""
        raise EvsimValueError(f"{what}: got {np.ravel(values)[wrong[0]]}{place}; give finite values")


def _as_floats(plain: Any, value: Any, what: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(plain)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise EvsimTypeError(
            f"{what}: got {_short(value)}; give numbers with their unit, or text with an expression"
        )
    return array.astype(np.float64)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
