"""Statements over the variables of elements, evaluated with numpy for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.assignments import nearest, refuse_condition
from evsim.equations.check import check_synapse_code
from evsim.equations.expression import Expression
from evsim.equations.functions import NUMPY
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.resolve import resolve_functions, resolve_names
from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimError, EvsimNameError, EvsimValueError
from evsim.units import Dimension
from evsim.words.variables.storage import is_shared
from evsim.words.variables.sums import refuse_write
from evsim.words.variables.values import check_finite

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+=": np.add,
    "-=": np.subtract,
    "*=": np.multiply,
    "/=": np.divide,
}
_OF_TIME = ("t", "dt", "lastspike", "not_refractory")


class ElementCode:
    """Statements for the elements of a group, of a slice of one, or of synapses."""

    def __init__(self, code: Any, elements: Any, where: str) -> None:
        self.where = where
        self._statements = parse_statements(code, where)
        self.text = str(code)
        if not self._statements:
            raise EvsimValueError(f"{where}: there is no statement in {code!r}; write one, as in 'v = 0*mV'")
        self._local = self._local_names(elements)
        for statement in self._statements:
            if statement.target not in self._local:
                self._check_target(statement, elements)
        self._expanded: list[tuple[Statement, Expression]] = []
        self._constants: dict[str, tuple[float, Dimension]] = {}
        self._draws: _Draws | None = None
        self._step = 0.0

    def _local_names(self, elements: Any) -> set[str]:
        """Names that are no variables, are set first, and are read by the statements after it."""
        known = {*elements._storage.variables, *elements._implicit(), *_OF_TIME}
        found: set[str] = set()
        for k, each in enumerate(self._statements):
            is_read = any(each.target in later.expression.names for later in self._statements[k + 1 :])
            if each.operator == "=" and each.target not in known and is_read:
                found.add(each.target)
        return found

    def _check_target(self, statement: Statement, elements: Any) -> None:
        variables, name = elements._storage.variables, statement.target
        where = f"{self.where}, {str(statement)!r}"
        if name in variables:
            refuse_condition(statement, variables[name].type, where)
        if name not in variables:
            raise EvsimNameError(
                f"{where}: {elements._label()} has no variable {name}{nearest(name, list(variables))}; "
                "code writes the variables of its own group"
            )
        if variables[name].kind == "subexpression":
            raise EvsimError(f"{where}: {name} is given by its equation; write what stands there")
        if "constant" in variables[name].flags:
            raise EvsimError(
                f"{where}: {name} is declared (constant); leave the flag out to change it in a run"
            )
        if "linked" in variables[name].flags:
            raise EvsimError(f"{where}: {name} reads another group's variable; write that one")
        if "input" in variables[name].flags:
            raise EvsimError(f"{where}: {name} sums what synapses deliver; write another variable")
        if name == "delay":
            raise EvsimError(f"{where}: delays stay as they are during a run; set them between runs")

    def prepare(
        self, elements: Any, namespace: Any, scope: Mapping[str, Any], key: tuple[int, int], step: float
    ) -> None:
        """Before a run: names found, units checked. `key` is for random numbers, `step` is what `dt` means."""
        self._step = step
        equations = getattr(elements._storage, "variables", {})
        expanded = getattr(getattr(elements, "_group", elements), "_equations", None)
        formulas = [
            each.expression if expanded is None else expanded.expanded(each.expression)
            for each in self._statements
        ]
        foreign = {name for formula in formulas for name in formula.foreign}
        meanings = resolve_functions(foreign, namespace or elements._namespace, scope, self.where)
        self._expanded = [
            (statement.bound(meanings, self.where), formula.bound(meanings, self.where))
            for statement, formula in zip(self._statements, formulas, strict=True)
        ]
        names = {name for _, expression in self._expanded for name in expression.names}
        own = {*equations, *elements._implicit(), *_OF_TIME}
        self._refuse_unset(own)
        names -= self._local
        self._constants = dict(
            resolve_names(names - own, namespace or elements._namespace, scope, self.where)
        )
        self._check_units(elements, names)
        self._check_history(elements, names)
        self._check_shared(elements)
        for statement, _ in self._expanded:
            if statement.target in self._local:
                continue
            refuse_write(
                f"{self.where}, {str(statement)!r}: {statement.target}", statement.target, elements._storage
            )
        is_drawing = any(expression.draws for _, expression in self._expanded)
        self._draws = _Draws(key, elements._count()) if is_drawing else None

    def _refuse_unset(self, known: set[str]) -> None:
        """A local value is set before it is read, and is no other thing before."""
        unset = set(self._local)
        for statement, expression in self._expanded:
            for name in sorted(unset & expression.names):
                raise EvsimNameError(
                    f"{self.where}, {str(statement)!r}: {name} is set only after it is read{nearest(name, list(known))}"
                )
            unset.discard(statement.target)

    def _check_units(self, elements: Any, names: set[str]) -> None:
        dimensions = {name: dimension for name, (_, dimension) in self._constants.items()}
        dimensions |= {name: KNOWN_NAMES[name] for name in _OF_TIME}
        implicit = [name for name in elements._implicit() if name in names]
        dimensions |= {name: each[1] for name, each in elements._known(implicit, slice(None)).items()}
        dimensions |= {name: each.dimension for name, each in elements._storage.variables.items()}
        statements = [statement for statement, _ in self._expanded]
        check_synapse_code(statements, dimensions, self._local, self.where)

    def _check_history(self, elements: Any, names: set[str]) -> None:
        for name in names & {"lastspike", "not_refractory"}:
            if not hasattr(getattr(elements, "_group", None), name):
                raise EvsimNameError(f"{self.where}: {elements._label()} has no {name}; neurons have it")

    def _check_shared(self, elements: Any) -> None:
        variables = elements._storage.variables
        for statement, expression in self._expanded:
            if statement.target in self._local or not is_shared(variables[statement.target]):
                continue
            each = [n for n in expression.names if n in variables and not is_shared(variables[n])]
            if each or "i" in expression.names or expression.draws:
                raise EvsimError(
                    f"{self.where}, {str(statement)!r}: {statement.target} is shared by all elements; "
                    "give it a value that is the same for all"
                )

    def run(self, elements: Any, seconds: float, number: int) -> None:
        """Run the statements; `number` counts the instants and keys the random numbers."""
        draws = self._draws
        if draws is not None:
            draws.begin(number)
        local: dict[str, Any] = {}
        for statement, expression in self._expanded:
            values = {**self._values(elements, expression, seconds), **local}
            found = expression.evaluate(values, NUMPY if draws is None else draws.table)
            if statement.target not in self._local:
                self._write(elements, statement, found)
            elif statement.operator == "=":
                local[statement.target] = found
            else:
                local[statement.target] = _OPERATIONS[statement.operator](local[statement.target], found)

    def _values(self, elements: Any, expression: Expression, seconds: float) -> dict[str, Any]:
        values: dict[str, Any] = {}
        own: list[str] = []
        for name in expression.names - self._local:
            if name in self._constants:
                values[name] = self._constants[name][0]
            elif name not in _OF_TIME:
                own.append(name)
            elif name == "t":
                values[name] = seconds
            elif name == "dt":
                values[name] = self._step
            elif name == "lastspike":
                values[name] = _of_group(elements, name)
            else:
                values[name] = _of_group(elements, name).astype(np.float64)
        values.update((name, value) for name, (value, _) in elements._known(own, slice(None)).items())
        return values

    def _write(self, elements: Any, statement: Statement, found: Any) -> None:
        storage, name = elements._storage, statement.target
        variable = storage.variables[name]
        start, stop = (0, 1) if is_shared(variable) else elements._bounds()
        present = storage.arrays[name][start:stop]
        if statement.operator != "=":
            found = _OPERATIONS[statement.operator](present, found)
        new = np.broadcast_to(np.asarray(found, dtype=np.float64), present.shape)
        if "unless refractory" in variable.flags:
            new = np.where(_of_group(elements, "not_refractory"), new, present)
        if np.array_equal(new, present):
            return
        check_finite(new, f"{self.where}, {str(statement)!r}: {name}")
        _check_kind(new, variable, f"{self.where}, {str(statement)!r}: {name}")
        present[...] = new
        storage.changed.add(name)


class _Draws:
    """Random numbers that depend on the code and the instant only, wherever a run was cut before."""

    def __init__(self, key: tuple[int, int], n: int) -> None:
        self._stream = np.random.Philox(key=np.array(key, dtype=np.uint64))
        self._state = self._stream.state
        self._n = n
        generator = np.random.Generator(self._stream)
        self.table: dict[str, Callable[..., Any]] = {
            **NUMPY,
            "rand": lambda: generator.random(self._n),
            "randn": lambda: generator.standard_normal(self._n),
            "poisson": lambda mean: generator.poisson(mean, self._n).astype(np.float64),
        }

    def begin(self, number: int) -> None:
        """Take the stream of this instant."""
        self._state["state"]["counter"][:] = (0, 0, 0, number)
        self._stream.state = self._state


def _of_group(elements: Any, name: str) -> NDArray[Any]:
    """A property of the whole group for these elements."""
    start, stop = elements._bounds()
    return np.asarray(getattr(elements._group, name))[start:stop]


def _check_kind(values: NDArray[np.float64], variable: Any, what: str) -> None:
    if variable.type == "boolean" and not np.all((values == 0) | (values == 1)):
        raise EvsimValueError(f"{what} is boolean; give True or False")
    if variable.type == "integer" and not np.all(values == np.rint(values)):
        raise EvsimValueError(f"{what} is an integer; give whole numbers")
