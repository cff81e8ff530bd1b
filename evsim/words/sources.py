"""Sources of spikes that have no state: Poisson processes and given spike trains."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.declaration import Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.instants import MOST_STEPS, split
from evsim.units import Quantity, dimension_of, require, unit_named
from evsim.words.activity import CanRest
from evsim.words.clocks import Clock, defaultclock, own_step
from evsim.words.connection.pairs import checked_indices
from evsim.words.frozen import refuse_exported
from evsim.words.neurons import NeuronGroup
from evsim.words.objects import NetworkObject, checked_namespace
from evsim.words.slices import Sliceable, Subgroup, checked_size
from evsim.words.variables.elements import Positions
from evsim.words.variables.storage import Storage
from evsim.words.variables.values import Known, check_finite
from evsim.words.variables.view import is_everything

_HERTZ = dimension_of(unit_named("Hz"))
_SECOND = dimension_of(unit_named("second"))
_PLAIN = Variable("rates", "parameter", None, _HERTZ)


class PoissonGroup(Sliceable, NetworkObject):
    """N independent Poisson processes.

    Parameters
    ----------
    N
        How many.
    rates
        Spikes per time: one value, one per element, or text over `i`, `N` and names around the line; with `t` in it
        or calls of a TimedArray at the time, as in "stimulus(t, i)", the rates follow it in every run. What a
        TimedArray switches is followed exactly; else the rates are those at the start of each step, as in Brian.
    """

    _kind = "poissongroup"
    _has_equations = False

    def __init__(
        self,
        N: int,
        rates: Any,
        dt: Any = None,
        clock: Clock | None = None,
        name: str | None = None,
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        NetworkObject.__init__(self, name)
        self._namespace = checked_namespace(namespace, self.name)
        self._clock = own_step(dt, clock, self.name)
        self._storage = Storage({"rates": _PLAIN}, checked_size(N, self.name))
        self.rates = rates

    @property
    def dt(self) -> Quantity:
        """The step of the group's clock; the processes themselves know no step."""
        return (self._clock or defaultclock).dt

    @property
    def _of_now(self) -> Collection[str]:
        return ("t", "dt")

    def _known_now(self, names: Collection[str], positions: Positions) -> dict[str, Known]:
        known = super()._known_now([name for name in names if name != "dt"], positions)
        if "dt" in names:
            known["dt"] = (self._clock or defaultclock).dt_, _SECOND
        return known

    def _write(self, name: str, value: Any, item: Any) -> None:
        formula = Expression.parse(value, f"{self.name}.{name}") if isinstance(value, str) else None
        if formula is not None and "t" in formula.names:
            self._follow(formula, item)
            return
        variable, values = self._storage.variables["rates"], self._storage.arrays.get("rates")
        if variable.kind == "subexpression" and is_everything(item):
            self._storage.declare(_PLAIN)
        before = None if values is None else values.copy()
        try:
            super()._write(name, value, item)
            _refuse_negative(self._storage.arrays["rates"], self.name)
        except EvsimError:
            self._storage.declare(variable)
            if before is not None:
                self._storage.arrays["rates"] = before
            raise

    def _follow(self, formula: Expression, item: Any) -> None:
        """Have rates that change with time, from the next run on."""
        where = f"{self.name}.rates = {formula.text!r}"
        if not is_everything(item):
            raise EvsimValueError(
                f"{where}: rates that change with time are those of all elements; tell elements apart by i, as in "
                f"'({formula.text})*(i < 5)'"
            )
        if formula.draws:
            raise EvsimValueError(
                f"{where}: random numbers have no place in rates that change with time; draw rates in run_regularly"
            )
        if self._network is not None and self._network._is_running:
            raise EvsimError(
                f"{where}: rates begin to change with time at the start of a run; set them before it"
            )
        self._storage.declare(Variable("rates", "subexpression", formula, _HERTZ))
        self._storage.changed.add("rates")

    def __repr__(self) -> str:
        formula = self._storage.variables["rates"].expression
        rates = f"mean rate {np.mean(self.rates)}" if formula is None else f"rates {formula}"
        return f"<PoissonGroup '{self.name}': {len(self)} processes, {rates}>"


class SpikeGeneratorGroup(Sliceable, NetworkObject):
    """N elements that spike at given times; a time is a real number and need not lie on a grid.

    Parameters
    ----------
    N
        How many elements.
    indices, times
        Element `indices[k]` spikes at `times[k]`, in any order unless `sorted` is True.
    period
        After which all spikes come again, and again; they lie before its end. It is a real number, too.
    sorted
        True promises times in ascending order (then indices), and what is not so is refused.
    """

    _kind = "spikegeneratorgroup"
    _stored = ("_index", "_seconds", "_is_new", "_period", "_horizon")
    _has_equations = False

    def __init__(
        self,
        N: int,
        indices: Any,
        times: Any,
        dt: Any = None,
        clock: Clock | None = None,
        period: Any = None,
        sorted: bool = False,
        name: str | None = None,
    ) -> None:
        NetworkObject.__init__(self, name)
        self._namespace = None
        self._clock = own_step(dt, clock, self.name)
        self._storage = Storage({}, checked_size(N, self.name))
        self._is_new = True
        self._is_longer = False
        self._period, self._horizon = 0.0, 0.0  # without a period all spikes are there
        self.set_spikes(indices, times, period, sorted)

    @property
    def dt(self) -> Quantity:
        """The step of the group's clock; spike times are not rounded to it."""
        return (self._clock or defaultclock).dt

    def set_spikes(self, indices: Any, times: Any, period: Any = None, sorted: bool = False) -> None:
        """Replace the spikes; what lies before the present time is refused."""
        refuse_exported(self, f"the spikes of {self.name} cannot be changed")
        every = 0.0 if period is None else float(require(period, _SECOND, f"period of {self.name}"))
        index = checked_indices(indices, len(self), f"indices of {self.name}")
        seconds = np.atleast_1d(
            np.asarray(require(times, _SECOND, f"times of {self.name}"), dtype=np.float64)
        )
        if index.shape != seconds.shape:
            raise EvsimValueError(
                f"{self.name}: got {index.size} indices and {seconds.size} times; give equally many"
            )
        check_finite(seconds, f"times of {self.name}")
        if every:
            self._check_period(every, seconds)
        else:
            _refuse_past(self.name, seconds, 0.0 if self._network is None else self._network.t_)
        order = np.lexsort((index, seconds))
        if sorted and np.any(order != np.arange(order.size)):
            k = (
                int(
                    np.flatnonzero((np.diff(seconds) < 0) | ((np.diff(seconds) == 0) & (np.diff(index) < 0)))[
                        0
                    ]
                )
                + 1
            )
            raise EvsimValueError(
                f"{self.name}: times are not sorted, entry {k} ({seconds[k]:g} s) comes after {seconds[k - 1]:g} s;"
                " sort them, or leave sorted=True out"
            )
        self._index, self._seconds = index[order], seconds[order]
        self._refuse_twins()
        self._period, self._horizon = every, 0.0
        self._is_new = True

    def _check_period(self, period: float, seconds: NDArray[np.float64]) -> None:
        if not (np.isfinite(period) and period > 0):
            raise EvsimValueError(f"period of {self.name}: got {period:g} s; give a time above zero")
        bad = (seconds < 0) | (seconds >= period)
        if bad.any():
            raise EvsimValueError(
                f"times of {self.name}: got {seconds[bad][0]:g} s; with a period of {period:g} s spikes lie "
                "between 0 and its end"
            )

    def _reach(self, end: float) -> None:
        """Have the spikes of all periods that begin until then, and some more."""
        if self._period and end + self._period > self._horizon:
            self._horizon = max(end + 2 * self._period, 2 * self._horizon)
            self._is_longer = True

    def _refuse_twins(self) -> None:
        twins = np.flatnonzero((np.diff(self._seconds) == 0) & (np.diff(self._index) == 0))
        if twins.size:
            k = int(twins[0])
            raise EvsimValueError(
                f"{self.name}: element {self._index[k]} spikes twice at {self._seconds[k]:g} s; give each spike once"
            )

    def _train(
        self, dt: float, now: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Indices, ticks and offsets."""
        index, seconds = self._index, self._seconds
        if self._period:
            periods = np.arange(int(np.ceil(self._horizon / self._period)))
            seconds = (periods[:, np.newaxis] * self._period + seconds).ravel()
            index = np.tile(index, periods.size)
        else:
            _refuse_past(self.name, seconds, now)
        if np.any(seconds > MOST_STEPS * dt):
            raise EvsimValueError(
                f"{self.name}: a spike at {seconds.max():g} s lies more than 2**53 steps ahead; give times before"
                f" {MOST_STEPS * dt:g} s"
            )
        return (index, *split(seconds, dt))

    def __repr__(self) -> str:
        return f"<SpikeGeneratorGroup '{self.name}': {len(self)} elements, {self._seconds.size} spikes>"


class PoissonInput(CanRest, NetworkObject):
    """Every target neuron receives its own N Poisson processes; each event adds `weight` to `target_var`.

    Parameters
    ----------
    target
        A NeuronGroup or a slice of one.
    target_var
        The variable that each event adds to.
    N, rate
        Number of processes per neuron, and the rate of each.
    weight
        What one event adds: a quantity, or text over names around the call of `run`.
    """

    _kind = "poissoninput"
    _stored = ("_active",)

    def __init__(
        self, target: Any, target_var: str, N: int, rate: Any, weight: Any, name: str | None = None
    ) -> None:
        NetworkObject.__init__(self, name)
        if not isinstance(target, (NeuronGroup, Subgroup)) or not isinstance(target._group, NeuronGroup):
            raise EvsimTypeError(
                f"target of {self.name}: got {target!r}; give a NeuronGroup or a slice of one"
            )
        variable = target._storage.variables.get(target_var)
        if variable is None or variable.kind == "subexpression":
            raise EvsimValueError(
                f"{self.name}: {target._label()} has no variable {target_var!r} that events can change"
            )
        self._target, self._variable = target, variable
        self._n = checked_size(N, self.name)
        self._rate = _single(require(rate, _HERTZ, f"rate of {self.name}"), f"rate of {self.name}")
        if self._rate < 0:
            raise EvsimValueError(f"rate of {self.name}: got {rate}; a rate is 0 or more")
        self._weight = weight
        if not isinstance(weight, str):
            self._weight_value()

    def _weight_value(self) -> float:
        what = f"weight of {self.name}"
        values = self._target._values(self._weight, self._variable, np.zeros(1, dtype=np.int64), 1, what)
        return _single(values, what)

    def _drive(self) -> description.PoissonDrive:
        start, stop = self._target._bounds()
        group, state = self._target._group.name, self._variable.name
        weight = self._weight_value()
        return description.PoissonDrive(self.name, group, start, stop, state, self._n, self._rate, weight)

    def __repr__(self) -> str:
        label = f"{self._target._label()}.{self._variable.name}"
        return f"<PoissonInput '{self.name}': {self._n} processes of {self._rate:g} Hz to {label}>"


def _refuse_negative(rates: NDArray[np.float64], name: str) -> None:
    wrong = rates[rates < 0]
    if wrong.size:
        raise EvsimValueError(f"{name}.rates: got {wrong[0]:g} Hz; a rate is 0 or more")


def _refuse_past(name: str, seconds: NDArray[np.float64], now: float) -> None:
    if np.any(seconds < now - 4 * np.spacing(now)):
        raise EvsimValueError(
            f"{name}: a spike at {seconds.min():g} s is past; the time is {now:g} s, so give times from then on"
        )


def _single(value: Any, what: str) -> float:
    values = np.asarray(value, dtype=np.float64)
    if values.size != 1:
        raise EvsimValueError(f"{what}: got {values.size} values; give one")
    check_finite(values, what)
    return float(values.reshape(()))
