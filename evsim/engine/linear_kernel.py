"""The kernel of a linear population in the core: its text, and the numbers of its propagator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evsim.codegen.kernel import kernel_source
from evsim.codegen.structure import Layout
from evsim.description import LinearForm, LinearModel, Population
from evsim.engine.core import array, check, lib
from evsim.engine.propagator import System, propagator, system_of
from evsim.engine.windows import Windows
from evsim.equations.expression import Expression


class LinearKernel:
    """Text and numbers of one population's kernel."""

    def __init__(self, population: Population, model: LinearModel, parameters: tuple[str, ...]) -> None:
        self.population, self.model, self.parameters = population, model, parameters
        self.each: frozenset[str] = frozenset()
        self._system: System
        self.layout: Layout

    def source(self) -> str | None:
        """The kernel's text for the present values; None: the text that it has fits them."""
        is_first = not hasattr(self, "layout")
        self._system = system_of(self.model, self.population.parameters)
        if not is_first and self._system.each <= self.each:
            return None
        self.each |= self._system.each
        source, self.layout = kernel_source(self.model, self.each, self.parameters)
        return source

    def push(self, sim: Any, number: int, windows: Windows) -> None:
        """Hands the core the numbers of the present values."""
        population = self.population
        numbers = propagator(self._system, self.layout, windows.length)
        for k, values in enumerate(numbers.coefficients):
            full = values
            if self.layout.is_each(self.layout.coefficients[k]) and values.size == 1:
                full = np.repeat(values, population.size)
            pointer, _keep = array(full, "double")
            check(lib.evsim_set_coefficient(sim, number, k, pointer, full.size))
        fold, _keep_fold = array(numbers.fold, "double")
        cost, _keep_cost = array(numbers.cost, "double")
        coupled = self.layout.is_coupled and bool(np.any(np.asarray(population.refractory) > 0))
        code = lib.evsim_set_propagator(
            sim, number, numbers.pieces, numbers.degrees, numbers.is_foldable, coupled,
            fold, numbers.fold.size, cost,
        )  # fmt: skip
        check(code)


def idle(states: LinearModel) -> LinearModel:
    """The model of a group that has no states, with one that stands still: kernels have at least one."""
    still = LinearForm({}, Expression.number(0.0))
    return replace(states, states=("_still",), rates={"_still": still})


__all__ = ["LinearKernel", "idle"]
