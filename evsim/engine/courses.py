"""Rates of Poisson processes that change with time, as pieces of constant rates: so many steps of the clock at once.

Which steps are evaluated together depends on the rates and the clock alone, not on where runs begin and end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.description import Course, PoissonSource, TimedTable
from evsim.engine.core import array, check, lib
from evsim.equations.expression import Expression
from evsim.equations.linear_form import NotLinearError, linear_form
from evsim.equations.nodes import Call, Name, Node, leaves
from evsim.equations.timed_array import TimedArray
from evsim.errors import EvsimValueError
from evsim.instants import split

MOST_RATES = 2**18  # evaluated at once, where one step does not need more
MOST_KEPT = 2**24  # of a whole run, in a program of its own
MOST_STEPS = 2**30  # of the clock at once
MOST_DRAWN = 1e6  # Poisson events of one object in one step

Instant = tuple[int, float]  # step of the clock, seconds after it


@dataclass(frozen=True)
class Switches:
    """The instants (k*dt - shift)/pace, for 0 < k < n, at which a table in a course goes on to its next value."""

    dt: float
    n: int
    shift: float
    pace: float

    def between(self, begin: float, end: float) -> NDArray[np.float64]:
        """Those in a stretch of time, in seconds, and at most one more at either side."""
        edges = sorted((at * self.pace + self.shift) / self.dt for at in (begin, end))
        low, high = max(1, math.floor(edges[0])), min(self.n - 1, math.ceil(edges[1]))
        numbers = np.arange(low, high + 1, dtype=np.float64)
        return (numbers * self.dt - self.shift) / self.pace


class CourseInCore:
    """The course of the rates of one source, brought to the core a stretch of time ahead."""

    def __init__(self, source: PoissonSource, course: Course, dt: float, steps: int) -> None:
        self.source, self.course, self.dt = source, course, dt
        self.columns = source.size if "i" in course.expression.names else 1
        self.switches, self.is_stepped = _switches_of(course)
        often = sum(dt * abs(each.pace) / each.dt for each in self.switches)
        often += dt / course.step if self.is_stepped else 0.0
        most = MOST_RATES / (self.columns * often) if often else math.inf
        self.length = max(1, math.floor(min(MOST_STEPS, most) / steps)) * steps  # of a stretch: whole windows
        self._stretch = -1
        self._wrong: tuple[Instant, str] | None = None

    def load(self, sim: Any, emitter: int, step: int) -> Instant:
        """Give the core the rates from this step of the clock on; until when they are good."""
        stretch = step // self.length
        if stretch != self._stretch:
            self._load(sim, emitter, stretch * self.length, (stretch + 1) * self.length)
            self._stretch = stretch
        return self._wrong[0] if self._wrong else ((stretch + 1) * self.length, 0.0)

    def refuse_end(self) -> None:
        """Raise the error that ends the good rates, where there is one."""
        if self._wrong:
            raise EvsimValueError(self._wrong[1])

    def load_all(self, sim: Any, emitter: int, begin: int, end: Instant) -> None:
        """Give the core all rates from a step of the clock to the end of a run; refuse what is wrong before it."""
        if (end[0] + 1 - begin) * MOST_RATES > MOST_KEPT * self.length:
            raise EvsimValueError(
                f"{self.source.name}: the rates {self.course.expression.text!r} take too many values for a program "
                f"until {end[0] * self.dt:g} s; run it here, or export a shorter run"
            )
        self._load(sim, emitter, begin, end[0] + 1)
        if self._wrong and self._wrong[0] < end:
            self.refuse_end()

    def _load(self, sim: Any, emitter: int, begin: int, end: int) -> None:
        ticks, offsets, at = self._pieces(begin, end)
        rates = self._rates(at)
        self._wrong = self._first_wrong(ticks, offsets, rates)
        step, _keep_step = array(ticks, "int64_t")
        part, keep = array(offsets / self.dt, "double")
        values, _keep = array(rates, "double")
        check(lib.evsim_set_course(sim, emitter, keep.size, step, part, values, self.columns))

    def _pieces(
        self, begin: int, end: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Where pieces begin, from the step `begin` to the step `end`, and the seconds that stand for them."""
        edges = begin * self.dt, end * self.dt
        known: list[NDArray[Any]] = [each.between(*edges) for each in self.switches]
        if self.is_stepped:
            low, high = (at / self.course.step for at in edges)
            known.append(np.arange(math.floor(low), math.ceil(high) + 1) * self.course.step)
        at = np.concatenate([*known, np.zeros(0)])
        ticks, offsets = split(at, self.dt)
        is_full = offsets / self.dt >= 1.0  # an offset that rounds to a whole step
        ticks, offsets = np.where(is_full, ticks + 1, ticks), np.where(is_full, 0.0, offsets)
        order = np.lexsort((offsets, ticks))
        ticks, offsets, at = ticks[order], offsets[order], at[order]
        is_last = np.append((np.diff(ticks) > 0) | (np.diff(offsets) > 0), True)[: at.size]
        before = is_last & ((ticks < begin) | ((ticks == begin) & (offsets == 0)))
        inside = is_last & ~before & (ticks < end)
        first = at[before][-1:] if before.any() else np.array([edges[0]])
        ticks = np.append(np.int64(begin), ticks[inside])
        offsets, at = np.append(0.0, offsets[inside]), np.append(first, at[inside])
        if not self.is_stepped:  # the middle, since a switch itself may round to before it
            begins = ticks * self.dt + offsets
            at = 0.5 * (begins + np.append(begins[1:], edges[1]))
        return ticks, offsets, at

    def _rates(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """A row of rates for each time."""
        elements = np.arange(self.columns, dtype=np.float64)
        values = {**self.course.values, "i": elements, "t": at[:, np.newaxis]}
        try:
            found = self.course.expression.evaluate(values)
        except EvsimValueError as error:
            raise EvsimValueError(f"{self.source.name}.rates: {error}") from None
        return np.require(np.broadcast_to(found, (at.size, self.columns)), np.float64, ["C", "W"])

    def _first_wrong(
        self, ticks: NDArray[np.int64], offsets: NDArray[np.float64], rates: NDArray[np.float64]
    ) -> tuple[Instant, str] | None:
        """The first piece that cannot be drawn, and why; from there on all rates are put to zero."""
        with np.errstate(invalid="ignore"):
            total = rates.sum(axis=1) * (self.source.size / self.columns) * self.dt
        if rates.min() >= 0 and total.max() <= MOST_DRAWN:
            return None
        is_bad = ~(np.isfinite(rates) & (rates >= 0))
        k = int(np.flatnonzero(is_bad.any(axis=1) | ~(total <= MOST_DRAWN))[0])
        text = self._reason(rates[k], is_bad[k], float(total[k]), ticks[k] * self.dt + offsets[k])
        rates[k:] = 0.0
        return (int(ticks[k]), float(offsets[k])), text

    def _reason(
        self, rates: NDArray[np.float64], is_bad: NDArray[np.bool_], total: float, seconds: float
    ) -> str:
        what, when = f"{self.source.name}.rates = {self.course.expression.text!r}", f"{seconds * 1e3:.9g} ms"
        if not is_bad.any():
            return (
                f"{what}: at {when} all rates together make {total:g} events in a step of {self.dt:g} s; at most "
                f"{MOST_DRAWN:g} are drawn, so lower the rates, or give noise with their mean and variance"
            )
        i = int(np.flatnonzero(is_bad)[0])
        who = f"element {i}" if self.columns > 1 else "every element"
        return f"{what} is {rates[i]:g} Hz for {who} at {when}; a rate is finite and 0 or more, as in max(..., 0*Hz)"


def _switches_of(course: Course) -> tuple[list[Switches], bool]:
    """The switches of the tables in a course, and whether it changes with time in other ways too."""
    found: list[Switches] = []

    def without_tables(node: Node) -> bool:
        """Whether time stands in it outside of tables."""
        if isinstance(node, Call) and isinstance(node.meaning, TimedArray):
            switches = _paced(node.meaning.table, node.operands[0], course.values)
            if switches is None or any(map(_has_time, node.operands[1:])):
                return True
            if switches.n:
                found.append(switches)
            return False
        operands = getattr(node, "operands", ())
        inside = [without_tables(each) for each in operands]  # all of them, for their switches
        return node == Name("t") or any(inside)

    is_stepped = without_tables(course.expression.tree)
    return list(dict.fromkeys(found)), is_stepped


def _paced(table: TimedTable, argument: Node, values: Mapping[str, float]) -> Switches | None:
    """The switches of a table whose argument is a constant plus a multiple of the time."""
    if not _has_time(argument):
        return Switches(table.dt, 0, 0.0, 1.0)
    try:
        form = linear_form(argument, {"t"})
    except NotLinearError:
        return None
    parts = [Expression(form.part(state).tree()) for state in ("t", None)]
    if any(each.names - values.keys() for each in parts):
        return None
    pace, shift = (float(each.evaluate(values)) for each in parts)
    if not (pace and math.isfinite(pace) and math.isfinite(shift)):
        return None
    return Switches(table.dt, len(table.values), shift, pace)


def _has_time(node: Node) -> bool:
    return Name("t") in leaves(node)
