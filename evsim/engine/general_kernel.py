"""The kernel of a general population in the core: its text, the values of its numbers, its functions of time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.codegen.general import GeneralLayout, general_source
from evsim.description import GeneralModel, Population, TimedTable
from evsim.engine.core import array, check, lib
from evsim.engine.windows import Windows
from evsim.equations.expression import Expression
from evsim.equations.linear_form import linear_form
from evsim.errors import EvsimValueError


class GeneralKernel:
    """Text and numbers of one population's kernel."""

    def __init__(
        self, population: Population, model: GeneralModel, parameters: tuple[str, ...], is_linked: bool
    ) -> None:
        self.population, self.model, self.parameters = population, model, parameters
        self.is_linked = is_linked
        self.each: frozenset[str] = frozenset()
        self.layout: GeneralLayout

    def source(self) -> str | None:
        """The kernel's text for the present values; None: the text that it has fits them."""
        each = frozenset(
            name for name in self.model.parameters if np.ndim(self.population.parameters[name]) > 0
        )
        if hasattr(self, "layout") and each <= self.each:
            return None
        self.each |= each
        source, self.layout = general_source(self.model, self.each, self.parameters, is_linked=self.is_linked)
        return source

    def push(self, sim: Any, number: int, windows: Windows) -> None:
        """Hands the core the numbers of the present values."""
        for k in range(len(self.layout.coefficients)):
            pointer, keep = array(self._values(k), "double")
            check(lib.evsim_set_coefficient(sim, number, k, pointer, keep.size))
        n_states = len(self.model.states)
        cost, _keep_cost = array(np.zeros(2 * n_states), "double")
        nothing, _keep = array(np.zeros(1), "double")
        check(lib.evsim_set_propagator(sim, number, 1, [1, 1, 1, 1], 0, 0, nothing, 0, cost))
        is_adaptive = self.model.method == "adaptive"
        options = [self.model.options.get("rtol", 0.0) if is_adaptive else self._longest_step(windows.dt)]
        options += [self.model.options.get(f"atol {name}", 0.0) for name in self.model.states]
        options.append(self.model.options.get("rtol", 0.0))  # of steps that are common to several populations
        values, keep_options = array(options, "double")
        check(lib.evsim_set_options(sim, number, values, keep_options.size))
        self._push_tables(sim, number)

    def _longest_step(self, dt: float) -> float:
        """The step of the group's clock; for a linear system with noise, what its series converge fast over."""
        if self.model.method != "ornstein_uhlenbeck":
            return self.population.dt or dt
        states = self.model.states
        sizes = np.zeros((len(states), len(states)))
        for row, name in enumerate(states):
            form = linear_form(self.model.rates[name].tree, set(states))
            for column, part in form.coefficients.items():
                expression = Expression(part.tree())
                values = expression.evaluate({n: self.population.parameters[n] for n in expression.names})
                sizes[row, states.index(column)] = np.max(np.abs(values))
        fastest = float(np.max(np.abs(np.linalg.eigvals(sizes))))
        return 1.0 / fastest if fastest else np.inf

    def _push_tables(self, sim: Any, number: int) -> None:
        tables = self.layout.tables
        check(lib.evsim_set_tables(sim, number, len(tables)))
        for k, name in enumerate(tables):
            table = self.model.functions[name]
            assert isinstance(table, TimedTable)
            rows = table.values.reshape(len(table.values), -1)
            values, _keep = array(rows, "double")
            check(lib.evsim_set_table(sim, number, k, table.dt, rows.shape[0], rows.shape[1], values))

    def _values(self, k: int) -> NDArray[np.float64]:
        expression = self.layout.coefficients[k]
        values = {name: self.population.parameters[name] for name in expression.names}
        found = np.atleast_1d(np.asarray(expression.evaluate(values), dtype=np.float64))
        if not np.isfinite(found).all():
            neuron = int(np.argmin(np.isfinite(found)))
            shown = ", ".join(
                f"{name} = {np.broadcast_to(value, found.shape)[neuron]:g}" for name, value in values.items()
            )
            raise EvsimValueError(
                f"{self.population.name}: {expression.text} is {found[neuron]} for neuron {neuron}, where {shown} (SI);"
                " set these values before run()."
            )
        is_each = k in self.layout.each and found.size == 1
        return np.repeat(found, self.population.size) if is_each else found


__all__ = ["GeneralKernel"]
