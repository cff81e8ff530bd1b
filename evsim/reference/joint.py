"""Cells that links join, as one system: every state of every cell in one Taylor series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import mpmath as mp
import numpy as np

from evsim.description import Functions, GeneralModel, Link
from evsim.equations.expression import Expression
from evsim.equations.nodes import Node, Number, Operation
from evsim.equations.user_functions import engine_functions
from evsim.errors import EvsimValueError
from evsim.reference.calls import as_number, callable_table
from evsim.reference.cell import Cell
from evsim.reference.exact import Exact
from evsim.reference.general import GeneralMotion
from evsim.reference.taylor import Stepper

_OF_CELL = ("lastspike", "not_refractory")


class JointCell(Cell):
    """A cell whose equations depend on others; `joint` is their system, which has its time."""

    joint: Joint

    @property
    def mates(self) -> Iterable[Cell]:
        """All other cells of the system."""
        return (each for each in self.joint.cells if each is not self)

    @property
    def motion(self) -> View:
        """What it sees of the solution of all."""
        return View(self, self.joint.motion)

    def forget_motion(self) -> None:
        """The solution of all is another one from now on."""
        if hasattr(self, "joint"):
            self.joint.forget_motion()

    def advance(self, time: Exact) -> None:
        """Move all cells on to `time`."""
        self.joint.advance(time)

    def stand(self, time: Exact, states: Mapping[str, Exact]) -> None:
        """Take over the time and the states that the system has come to."""
        self._patience = 2 * mp.fsub(time, self.time)
        self.values.update(states)
        self.time, self._is_let_go = time, False

    def input(self, name: str) -> Exact:
        """What links add up to now."""
        return self.joint.input(self, name)


class View:
    """The motion of one cell in the solution of all."""

    def __init__(self, cell: JointCell, motion: GeneralMotion) -> None:
        self._cell, self._motion = cell, motion

    def states_at(self, time: Exact) -> dict[str, Exact]:
        """Every state of the cell at a time that is not before the start."""
        found = self._motion.states_at(time)
        return {name: found[_own(self._cell, name)] for name in self._cell.model.states}

    def is_over(self, also_at_start: bool) -> bool:
        """Whether the threshold condition holds from the start on, or also at the start only."""
        return self._motion.track(_own(self._cell, "threshold")).begins_true(also_at_start)

    def next_crossing(self, patience: Exact) -> tuple[Exact, bool]:
        """A later time, and whether the threshold condition becomes true then or was false so far."""
        track = self._motion.track(_own(self._cell, "threshold"))
        place = track.first(True)
        if place is not None:
            self._cell.joint.conditioning[self._cell.address] = track.conditioning(place)
        return self._motion.time_of(place)

    def is_held(self) -> bool:
        """Whether the refractory condition holds from the start on."""
        return self._motion.track(_own(self._cell, "refractory")).begins_true(also_at_start=False)

    def next_end(self) -> tuple[Exact, bool]:
        """A later time, and whether the refractory condition becomes false then or was true so far."""
        return self._motion.time_of(self._motion.track(_own(self._cell, "refractory")).first(False))

    def conditioning(self) -> float:
        """By how many seconds one rounding of a double in the threshold moves the crossing at the start."""
        return self._cell.joint.conditioning[self._cell.address]


class Joint:
    """The system of some populations and the links between them."""

    def __init__(self, populations: Mapping[str, list[JointCell]], links: Sequence[Link], dt: float) -> None:
        self.name = " and ".join(populations)
        self.cells = [cell for each in populations.values() for cell in each]
        self.conditioning: dict[tuple[int, int], float] = {}
        self.last_conditioning = float("inf")
        self._populations, self._links, self._dt = populations, links, dt
        self._steppers: dict[frozenset[tuple[int, int]], Stepper] = {}
        self._motion: GeneralMotion | None = None
        self._functions = self._all_functions()
        self._sums = self._linked()
        for cell in self.cells:
            cell.joint = self

    @property
    def motion(self) -> GeneralMotion:
        """The solution from now on, as long as nothing happens to any cell."""
        if self._motion is None:
            values = self._values()
            stepper = self._stepper()
            stepper.bind(values)
            states = {
                _own(cell, name): cell.values[name] for cell in self.cells for name in cell.model.states
            }
            self._motion = GeneralMotion(self, stepper, states, self.cells[0].time)  # type: ignore[arg-type]
        return self._motion

    def forget_motion(self) -> None:
        """Something has happened to one of the cells."""
        self._motion = None

    def advance(self, time: Exact) -> None:
        """Move all cells on to `time`."""
        if time == self.cells[0].time:
            return
        found = self.motion.states_at(time)
        for cell in self.cells:
            cell.stand(time, {name: found[_own(cell, name)] for name in cell.model.states})
        self._motion = None

    def input(self, cell: JointCell, name: str) -> Exact:
        """What links add up to for a cell now."""
        table = callable_table(self._functions, self._dt)
        formula = Expression(self._sums[_own(cell, name)])
        return as_number(formula.evaluate({**self._values(), "t": cell.time}, functions=table))

    def _values(self) -> dict[str, Exact]:
        """All that stands for a number in the formulas."""
        values: dict[str, Exact] = {}
        for cell in self.cells:
            known = {**cell.surroundings}
            known.pop("t")
            values |= {_own(cell, name): value for name, value in known.items()}
        for link in self._links:
            for name, value in link.variables.items():
                each = np.broadcast_to(value, link.i.size)
                values |= {f"{link.name}[{k}].{name}": mp.mpf(float(v)) for k, v in enumerate(each)}
        return values

    def _stepper(self) -> Stepper:
        resting = frozenset(cell.address for cell in self.cells if cell.is_refractory)
        if resting not in self._steppers:
            rates: dict[str, Expression] = {}
            conditions: dict[str, Expression] = {}
            for cell in self.cells:
                self._add(cell, rates, conditions)
            self._steppers[resting] = Stepper(rates, conditions, self._functions, self._dt)
        return self._steppers[resting]

    def _add(self, cell: JointCell, rates: dict[str, Expression], conditions: dict[str, Expression]) -> None:
        model = _general(cell)
        for name, rate in model.rates.items():
            if not (cell.is_refractory and name in model.clamped):
                rates[_own(cell, name)] = self._whole(cell, rate)
        hold = model.refractory
        if cell.is_refractory and hold is not None and hold.is_condition:
            conditions[_own(cell, "refractory")] = self._whole(cell, hold)
        if not cell.is_refractory and model.threshold is not None:
            conditions[_own(cell, "threshold")] = self._whole(cell, model.threshold)

    def _whole(self, cell: JointCell, formula: Expression) -> Expression:
        """A formula of a cell with the names of the system, and sums put in."""
        model = _general(cell)
        own = {name: _own(cell, name) for name in formula.names - {"t", *model.inputs}}
        sums = {name: Expression(self._sums[_own(cell, name)]) for name in formula.names & {*model.inputs}}
        return formula.rename(own).substitute(sums)

    def _linked(self) -> dict[str, Node]:
        """What each input of each cell is, as a formula of the system."""
        terms: dict[str, list[Node]] = {
            _own(cell, name): [] for cell in self.cells for name in _general(cell).inputs
        }
        for link in self._links:
            for k, (i, j) in enumerate(zip(link.i, link.j, strict=True)):
                target = self._populations[link.target][int(j)]
                terms[_own(target, link.variable)].append(self._term(link, k, int(i), target))
        return {name: _sum(each) for name, each in terms.items()}

    def _term(self, link: Link, k: int, i: int, target: JointCell) -> Node:
        source = self._populations[link.source][i]
        named = {f"{name}_pre": _own(source, name) for name in source.values}
        named |= {f"{name}_post": _own(target, name) for name in target.values}
        if link.own:
            own = self._populations[link.own][k]
            named |= {name: _own(own, name) for name in own.model.states}
        named |= {name: f"{link.name}[{k}].{name}" for name in link.variables}
        names = link.expression.names - {"t"}
        return link.expression.rename({name: named[name] for name in names}).tree

    def _all_functions(self) -> Functions:
        found: Functions = {}
        own = [_general(cell).functions for each in self._populations.values() for cell in each[:1]]
        for functions in [*own, *(engine_functions([link.expression], link.name) for link in self._links)]:
            for name, each in functions.items():
                if found.setdefault(name, each) is not each:
                    raise EvsimValueError(
                        f"{self.name}: the reference engine solves them together, and {name} is one function in "
                        "some and another one in others; give them different names."
                    )
        return found


def joints_of(
    populations: Mapping[str, list[JointCell]], links: Sequence[Link], dt: float
) -> Iterator[Joint]:
    """The systems that links make of populations."""
    group = {name: name for name in populations}

    def root(name: str) -> str:
        return name if group[name] == name else root(group[name])

    for link in links:
        for end in (link.source, link.own or link.target):
            group[root(end)] = root(link.target)
    for name in populations:
        if root(name) == name:
            members = {each: cells for each, cells in populations.items() if root(each) == name}
            yield Joint(members, [link for link in links if link.target in members], dt)


def linked_names(models: Mapping[str, Any], links: Sequence[Link]) -> set[str]:
    """Populations that are solved together with others, or have inputs of links."""
    named = {name for link in links for name in (link.source, link.target, link.own) if name}
    return named | {name for name, model in models.items() if getattr(model, "inputs", ())}


def _own(cell: Cell, name: str) -> str:
    return f"{cell.name}.{name}"


def _general(cell: JointCell) -> GeneralModel:
    assert isinstance(cell.model, GeneralModel)
    return cell.model


def _sum(terms: Sequence[Node]) -> Node:
    """A balanced sum."""
    if len(terms) < 2:
        return terms[0] if terms else Number(0.0)
    middle = len(terms) // 2
    return Operation("+", (_sum(terms[:middle]), _sum(terms[middle:])))
