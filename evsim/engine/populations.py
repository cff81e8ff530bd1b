"""A described population in the core: its kernel, its numbers, its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.codegen.cache import kernel_address
from evsim.description import GeneralModel, LinearModel, Population, TimedTable, Values
from evsim.engine.core import array, check, ffi, lib, view
from evsim.engine.general_kernel import GeneralKernel
from evsim.engine.linear_kernel import LinearKernel, idle
from evsim.engine.propagator import fastest_rate
from evsim.engine.windows import FADING, Windows
from evsim.errors import EvsimValueError

LONGEST = 2**31 - 2  # windows of a refractory period


class PopulationInCore:
    """Keeps the core's copy of one `description.Population` up to date."""

    def __init__(
        self,
        sim: object,
        population: Population,
        windows: Windows,
        parameters: tuple[str, ...],
        is_linked: bool = False,
        model: GeneralModel | None = None,
    ) -> None:
        self.sim, self.population, self.windows = sim, population, windows
        self.model = model or population.model  # with the inputs that the core has
        require_finite(population.name, population.parameters)
        self.kernel = _kernel_of(population, self.model, parameters, is_linked)
        source = self.kernel.source()
        assert source is not None
        kernel = ffi.cast("void *", kernel_address(source))
        self.number = check(lib.evsim_add_population(sim, population.size, kernel))
        self.emitter = check(lib.evsim_population_emitter(sim, self.number))
        self.kernel.push(sim, self.number, windows)
        self._set_parameters()
        self._set_refractory()
        self._push_states(population.model.states)
        population.changed.clear()

    def emitter_of(self, event: str) -> int:
        """The number under which the core knows the neurons' spikes, or a custom event of theirs."""
        if event == "spike":
            return self.emitter
        model = self.population.model
        names = [each.name for each in model.events] if isinstance(model, GeneralModel) else []
        return check(lib.evsim_event_emitter(self.sim, self.number, names.index(event)))

    def take_over(self) -> None:
        """Hands the core what the user changed since the last run."""
        changed, population = self.population.changed, self.population
        if not changed:
            return
        require_finite(population.name, population.parameters)
        states = [s for s in population.model.states if s in changed]
        self._push_states(tuple(states))
        if changed - set(states):
            source = self.kernel.source()
            if source is not None:  # what was one number for all neurons differs between them now
                kernel = ffi.cast("void *", kernel_address(source))
                check(lib.evsim_set_kernel(self.sim, self.number, kernel))
            self.kernel.push(self.sim, self.number, self.windows)
            self._set_parameters()
            self._set_refractory()
        changed.clear()

    def write_back(self) -> None:
        """Copies the core's state into the description."""
        for k, name in enumerate(self.population.model.states):
            known = self.population.state[name]  # of a shared variable one value
            known[:] = self._state(k)[: known.size]

    def last_spikes(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Tick and offset of each neuron's latest spike, and whether there was one."""
        size = self.population.size
        tick = view(lib.evsim_last_tick(self.sim, self.number), size, np.int64).copy()
        offset = view(lib.evsim_last_offset(self.sim, self.number), size, np.float64).copy()
        return tick, offset, tick >= 0

    def _state(self, k: int) -> NDArray[np.float64]:
        return view(lib.evsim_state(self.sim, self.number, k), self.population.size, np.float64)

    def _push_states(self, names: tuple[str, ...]) -> None:
        require_finite(self.population.name, {s: self.population.state[s] for s in names})
        for k, name in enumerate(self.population.model.states):
            if name in names:
                self._state(k)[:] = self.population.state[name]
                lib.evsim_touch(self.sim)

    def _set_parameters(self) -> None:
        for k, name in enumerate(self.kernel.layout.parameters):
            values, keep = array(self.population.parameters[name], "double")
            check(lib.evsim_set_parameter(self.sim, self.number, k, values, keep.size))

    def _set_refractory(self) -> None:
        seconds = np.atleast_1d(np.asarray(self.population.refractory, dtype=np.float64))
        if not (np.isfinite(seconds).all() and (seconds >= 0).all()):
            raise EvsimValueError(
                f"{self.population.name}: refractory is {first_bad(seconds, seconds < 0)} s;"
                " it must be finite and not negative."
            )
        if (seconds > LONGEST * self.windows.length).any():
            raise EvsimValueError(
                f"{self.population.name}: refractory is {seconds.max():g} s;"
                f" it must be shorter than {LONGEST * self.windows.length:g} s."
            )
        ticks, offsets = self.windows.split(seconds)
        tick, _keep_tick = array(ticks, "int32_t")
        offset, keep = array(offsets, "double")
        check(lib.evsim_set_refractory(self.sim, self.number, tick, offset, keep.size))


def _kernel_of(
    population: Population, model: LinearModel | GeneralModel, parameters: tuple[str, ...], is_linked: bool
) -> LinearKernel | GeneralKernel:
    if isinstance(model, GeneralModel):
        return GeneralKernel(population, model, parameters, is_linked)
    return LinearKernel(population, model if model.states else idle(model), parameters)


def rate_of(population: Population, dt: float) -> float:
    """The rate (1/s) that windows must not be long for; integration of fixed step goes in steps of the clock."""
    if isinstance(population.model, GeneralModel):
        return 0.0 if population.model.method == "adaptive" else FADING / dt
    return fastest_rate(population.model, population.parameters)


def set_table(function: Callable[..., int], sim: Any, number: int, place: int, table: TimedTable) -> None:
    """Hands a function of time over, by the function of the core that takes it."""
    rows = table.values.reshape(len(table.values), -1)
    values, _keep = array(rows, "double")
    check(function(sim, number, place, table.dt, rows.shape[0], rows.shape[1], values))


def require_finite(owner: str, values: Mapping[str, Values]) -> None:
    """Refuses NaN and infinite values by name."""
    for name, value in values.items():
        numbers = np.asarray(value)
        if not np.isfinite(numbers).all():
            where = "" if numbers.ndim == 0 else f" at element {int(np.argmin(np.isfinite(numbers)))}"
            raise EvsimValueError(
                f"{owner}: {name} is {first_bad(numbers)}{where}; give it a finite value before the run."
            )


def first_bad(numbers: NDArray[np.float64], bad: NDArray[np.bool_] | None = None) -> float:
    """The first value that is not finite or marked bad."""
    wrong = ~np.isfinite(numbers) if bad is None else ~np.isfinite(numbers) | bad
    return float(np.atleast_1d(numbers)[np.argmax(np.atleast_1d(wrong))])


__all__ = ["PopulationInCore", "first_bad", "rate_of", "require_finite", "set_table"]
