"""A described projection in the core: rows sorted by delay, what each synapse adds, code for the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evsim.codegen.cache import code_address
from evsim.codegen.code import code_source
from evsim.description import Assignment, LinearModel, Projection
from evsim.engine.core import array, check, ffi, lib, view
from evsim.engine.populations import PopulationInCore, first_bad, require_finite
from evsim.engine.windows import Windows
from evsim.errors import EvsimRuntimeError, EvsimValueError

LONGEST_DELAY = 2**31 - 2  # ticks


def is_addition(statement: Assignment, model: LinearModel) -> bool:
    """Whether a statement adds to a state something that no event changes."""
    if statement.where != "neuron" or statement.operation != "add" or statement.target not in model.states:
        return False
    return not any(name.endswith("_post") for name in statement.expression.names)


def written_variables(code: tuple[Assignment, ...]) -> set[str]:
    """Synapse variables that the code changes."""
    return {statement.target for statement in code if statement.where == "synapse"}


def parameters_read(code: tuple[Assignment, ...], model: LinearModel) -> list[str]:
    """Neuron parameters that event code names with `_post`."""
    names = {n.removesuffix("_post") for s in code for n in s.expression.names if n.endswith("_post")}
    return sorted(n for n in names if n not in model.states)


class ProjectionInCore:
    """Keeps the core's copy of one `description.Projection` up to date."""

    def __init__(
        self,
        sim: object,
        projection: Projection,
        emitter: int,
        n_sources: int,
        target: PopulationInCore,
        windows: Windows,
    ) -> None:
        self.sim, self.projection, self.windows, self.target = sim, projection, windows, target
        model = target.population.model
        self._check_indices(n_sources)
        self.is_linear = all(is_addition(s, model) for s in projection.code)
        i, _keep_i = array(projection.i, "uint32_t")
        j, keep = array(projection.j, "uint32_t")
        self.number = check(lib.evsim_add_projection(sim, emitter, target.number, keep.size, n_sources, i, j))
        self.variables = tuple(sorted(projection.variables))
        if self.is_linear:
            states = [model.states.index(s.target) for s in projection.code]
            ports, _keep_ports = array(states, "int32_t")
            check(lib.evsim_set_ports(sim, self.number, len(states), ports))
        else:
            source = code_source(projection.code, model, self.variables, target.layout.parameters)
            code = ffi.cast("void *", code_address(source))
            check(lib.evsim_set_ports(sim, self.number, 0, ffi.NULL))
            check(lib.evsim_set_code(sim, self.number, code, len(self.variables)))
        self._set_delay()
        self._set_variables(set(self.variables))
        projection.changed.clear()

    def take_over(self) -> None:
        """Hands the core what the user changed since the last run."""
        changed = self.projection.changed
        if "delay" in changed:
            self._set_delay()
            self._set_variables(set(self.variables))
        elif changed:
            self._set_variables(changed)
        changed.clear()

    def write_back(self) -> None:
        """Copies the variables that event code changes into the description."""
        for name in written_variables(self.projection.code):
            pointer = lib.evsim_variable(self.sim, self.number, self.variables.index(name))
            self.projection.variables[name] = view(pointer, self.projection.i.size, np.float64).copy()

    def require_finite(self) -> None:
        """Refuses what event code has made of the synapses' variables when it is not finite."""
        p = self.projection
        for name in sorted(written_variables(p.code)):
            bad = ~np.isfinite(np.atleast_1d(p.variables[name]))
            if bad.any():
                raise EvsimRuntimeError(
                    f"{p.name}: in this run its code has made {name} of synapse {int(np.argmax(bad))}"
                    f" {first_bad(np.atleast_1d(p.variables[name]))}; check the code and the values it works on."
                )

    def _check_indices(self, n_sources: int) -> None:
        p = self.projection
        for name, index, size in (("i", p.i, n_sources), ("j", p.j, self.target.population.size)):
            if index.size and (index.min() < 0 or index.max() >= size):
                bad = int(index[(index < 0) | (index >= size)][0])
                raise EvsimValueError(
                    f"{p.name}: {name} = {bad} is out of range; it must be in 0 ... {size - 1}."
                )

    def _set_delay(self) -> None:
        p = self.projection
        seconds = np.atleast_1d(np.asarray(p.delay, dtype=np.float64))
        bad = ~np.isfinite(seconds) | (seconds < 0) | (seconds > LONGEST_DELAY * self.windows.length)
        ticks, offsets = self.windows.split(np.where(bad, 0.0, seconds))
        if bad.any():
            raise EvsimValueError(
                f"{p.name}: the delay of synapse {int(np.argmax(bad))} is {first_bad(seconds, bad)} s;"
                f" it must be finite, not negative and shorter than {LONGEST_DELAY * self.windows.length:g} s."
            )
        if seconds.size and (seconds == seconds[0]).all():
            ticks, offsets = ticks[:1], offsets[:1]
        if not seconds.size:
            ticks, offsets = np.zeros(1, np.int64), np.zeros(1)
        tick, _keep_tick = array(ticks, "int32_t")
        offset, keep = array(offsets, "double")
        check(lib.evsim_set_delay(self.sim, self.number, tick, offset, keep.size))

    def _set_variables(self, changed: set[str]) -> None:
        p = self.projection
        require_finite(p.name, {name: p.variables[name] for name in changed})
        if self.is_linear:
            for port, statement in enumerate(p.code):
                amount = self._each_or_one(
                    np.asarray(statement.expression.evaluate(p.variables), dtype=np.float64)
                )
                require_finite(p.name, {f"what the code adds to {statement.target}": amount})
                pointer, keep = array(amount, "double")
                check(lib.evsim_set_amount(self.sim, self.number, port, pointer, keep.size))
            return
        written = written_variables(p.code)
        for name in changed:
            values = np.asarray(p.variables[name], dtype=np.float64)
            if name in written:
                values = np.broadcast_to(values, p.i.size)  # each synapse changes its own
            pointer, keep = array(values, "double")
            check(
                lib.evsim_set_variable(self.sim, self.number, self.variables.index(name), pointer, keep.size)
            )

    def _each_or_one(self, amount: NDArray[np.float64]) -> NDArray[np.float64]:
        if amount.ndim and amount.size and (amount == amount.flat[0]).all():
            return amount.reshape(-1)[:1]
        return amount.reshape(-1) if amount.size else np.zeros(1)


__all__ = ["ProjectionInCore", "parameters_read"]
