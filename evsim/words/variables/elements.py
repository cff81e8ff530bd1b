"""Elements of a group whose variables are attributes, set from numbers with units or from text."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.declaration import Variable
from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimAttributeError, EvsimError, EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, DimensionMismatchError, quantity, require
from evsim.words.frozen import refuse_exported
from evsim.words.variables.linked import LinkedVariable, refuse_unlinked
from evsim.words.variables.states import HasSettableStates
from evsim.words.variables.storage import Storage, is_shared
from evsim.words.variables.sums import present_sum, refuse_write, summing
from evsim.words.variables.values import Known, TextValues, check_finite, number_values
from evsim.words.variables.view import VariableView, is_everything, values_of

_FIXED = ("N", "i", "j", "t", "dt", "lastspike", "not_refractory")

Positions = slice | int | NDArray[np.int64]


class Elements(HasSettableStates):
    """Elements start..stop-1 of a group, whose variables are attributes."""

    _storage: Storage
    _namespace: Mapping[str, Any] | None
    _has_equations = True  # in which a user may declare more variables

    def _bounds(self) -> tuple[int, int]:
        """Start and stop in the whole group."""
        return 0, self._storage.size

    def _count(self) -> int:
        start, stop = self._bounds()
        return stop - start

    def _label(self) -> str:
        return str(getattr(self, "name", type(self).__name__))

    def _variable(self, name: str) -> Variable:
        return self._storage.variables[name]

    def _implicit(self) -> Collection[str]:
        """Names, besides variables, that text for these elements may use."""
        return ("i", "N")

    def _known(self, names: Collection[str], positions: Positions) -> dict[str, Known]:
        """Of these names, values at positions (which count from start) and units."""
        known: dict[str, Known] = {}
        start, stop = self._bounds()
        for name in names:
            if name in self._storage.variables:
                values = self._present(name)
                known[name] = (values[positions] if values.ndim else values), self._variable(name).dimension
            elif name == "i":
                known[name] = np.arange(stop - start, dtype=np.float64)[positions], DIMENSIONLESS
            elif name == "N":
                known[name] = float(stop - start), DIMENSIONLESS
        return known

    def _present(self, name: str) -> NDArray[np.float64]:
        """Present values of a variable for these elements; a shared one has no axis."""
        variable = self._variable(name)
        if variable.kind == "subexpression":
            return self._subexpression(variable)
        start, stop = self._bounds()
        if "linked" in variable.flags:
            return self._linked(variable)[start:stop]
        total = present_sum(self._storage, name) if name in self._storage.sums else None
        if total is not None:
            return total[start:stop]
        values = self._storage.arrays[name]
        return values.reshape(()) if is_shared(variable) else values[start:stop]

    def _linked(self, variable: Variable) -> NDArray[np.float64]:
        """What a linked variable reads at present, for the whole group."""
        link = self._storage.links.get(variable.name)
        if link is None:
            raise refuse_unlinked(variable, f"{self._label()}.{variable.name}")
        values: NDArray[np.float64] = link.values(self._storage.size)
        return values

    def _subexpression(self, variable: Variable) -> NDArray[np.float64]:
        assert variable.expression is not None
        text = self._text(variable.expression.text, f"{self._label()}.{variable.name}", self._of_now)
        return text.evaluate(self._known_now(text.own, slice(None)), self._count())

    def _text(self, text: str, where: str, more: Collection[str] = ()) -> TextValues:
        known = {*self._storage.variables, *self._implicit(), *more}
        return TextValues(text, known, self._namespace, where)

    @property
    def _of_now(self) -> Collection[str]:
        """Names of the present instant, for text that is evaluated at it and no more."""
        return ("t",) if self._has_equations else ()

    def _known_now(self, names: Collection[str], positions: Positions) -> dict[str, Known]:
        """As `_known`, with the present time."""
        known = self._known([name for name in names if name != "t"], positions)
        if "t" in names:
            network = getattr(getattr(self, "_group", self), "_network", None)
            known["t"] = 0.0 if network is None else network.t_, KNOWN_NAMES["t"]
        return known

    def _positions(self, item: Any) -> Positions:
        """Where an index, slice, mask or condition text points to, counted from start."""
        n = self._count()
        if isinstance(item, str):
            text = self._text(item, f"index of {self._label()}", self._of_now)
            chosen = text.evaluate(self._known_now(text.own, slice(None)), n)
            text.dimension(self._known_now(text.own, slice(None)))
            return np.flatnonzero(chosen)
        if isinstance(item, (slice, int, np.integer)):
            return item if isinstance(item, slice) else _checked_index(int(item), n, self._label())
        index = np.asarray(item)
        if index.dtype == bool and index.shape == (n,):
            return np.flatnonzero(index)
        if index.dtype.kind in "iu" or index.size == 0:
            wrong = index[(index < -n) | (index >= n)]
            if wrong.size == 0:
                return index.astype(np.int64)
            raise EvsimValueError(
                f"{self._label()}: index {wrong.flat[0]} is out of range; there are {n} elements"
            )
        raise EvsimTypeError(
            f"{self._label()}: {item!r} is no index; give an integer, slice, list or condition text"
        )

    def _write(self, name: str, value: Any, item: Any) -> None:
        variable = self._variable(name)
        what = f"{self._label()}.{name}"
        refuse_exported(self, f"{what} cannot be changed")
        if variable.kind == "subexpression":
            raise EvsimAttributeError(
                f"{what} is given by its equation, {variable.expression}; set what stands there"
            )
        if isinstance(value, LinkedVariable) or "linked" in variable.flags:
            self._link(variable, value, item, what)
            return
        refuse_write(what, name, self._storage)
        if "input" in variable.flags:
            raise EvsimAttributeError(
                f"{what} sums what synapses deliver and cannot be set; set their weights, or add a parameter"
            )
        if is_shared(variable) and name in self._storage.expandable and not self._is_for_all(value, item):
            self._expanded(name, value, item)
            return
        if is_shared(variable):
            values = self._shared_value(value, variable, item, what)
        else:
            positions = self._positions(item)
            n = np.arange(self._count())[positions].size
            values = self._values(value, variable, positions, n, what)
        _check_kind(values, variable, what)
        if is_shared(variable):
            self._storage.arrays[name][:] = values
        else:
            start, stop = self._bounds()
            self._storage.arrays[name][start:stop][positions] = values
        self._storage.changed.add(name)

    def _link(self, variable: Variable, value: Any, item: Any, what: str) -> None:
        """Let a variable read another group's from now on."""
        if "linked" not in variable.flags:
            unit = variable.dimension.unit_name or "1"
            raise EvsimTypeError(
                f"{what} is not declared as linked; write '{variable.name} : {unit} (linked)'"
            )
        if not isinstance(value, LinkedVariable):
            raise EvsimTypeError(
                f'{what} is linked; set what it reads, or link it with linked_var(other, "x")'
            )
        if not is_everything(item) or self._count() != self._storage.size:
            raise EvsimTypeError(
                f"{what} is linked as a whole; give index= to linked_var for single elements"
            )
        self._storage.links[variable.name] = value.checked(variable, self._storage.size, what)
        self._storage.changed.add(variable.name)

    def _is_for_all(self, value: Any, item: Any) -> bool:
        """Whether all elements of the whole group get one value."""
        is_whole = self._count() == self._storage.size and is_everything(item)
        return is_whole and not isinstance(value, str) and np.ndim(values_of(value)) == 0

    def _expanded(self, name: str, value: Any, item: Any) -> None:
        """Write different values into a shared variable, which stays shared if they are refused."""
        before = self._storage.variables[name], self._storage.arrays[name]
        self._storage.expand(name)
        try:
            self._write(name, value, item)
        except EvsimError:
            self._storage.variables[name], self._storage.arrays[name] = before
            raise

    def _shared_value(self, value: Any, variable: Variable, item: Any, what: str) -> NDArray[np.float64]:
        if not is_everything(item):
            raise EvsimTypeError(f"{what} is shared by all elements; set it without an index")
        if not isinstance(value, str) and np.ndim(values_of(value)):
            raise EvsimValueError(f"{what} is shared by all elements; give one value, not an array")
        return self._values(value, variable, np.zeros(1, dtype=np.int64), 1, what)

    def _values(
        self, value: Any, variable: Variable, positions: Positions, n: int, what: str
    ) -> NDArray[np.float64]:
        value = values_of(value)
        if isinstance(value, str):
            values = self._text_values(value, variable, positions, n, what)
        else:
            values = number_values(value, variable.dimension, n, what)
        return values[0] if isinstance(positions, int) else values

    def _text_values(
        self, value: str, variable: Variable, positions: Positions, n: int, what: str
    ) -> NDArray[np.float64]:
        text = self._text(value, what, self._of_now)
        own = self._known_now(text.own, np.array([positions]) if isinstance(positions, int) else positions)
        found = text.dimension(own)
        if found != variable.dimension and not _is_plain_zero(text):
            raise DimensionMismatchError(f"{what} = {value!r} does not fit", found, variable.dimension)
        values = text.evaluate(own, n)
        check_finite(values, what)
        return np.asarray(values, dtype=np.float64)

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> list[str]:
        storage = self._storage
        stored = [name for name in storage.variables if name in storage.arrays and not summing(storage, name)]
        derived = [name for name in storage.variables if name not in stored]
        fixed = [name for name in _FIXED if name in self._properties()]
        return [*stored, *(derived if subexpressions else []), *(fixed if read_only_variables else [])]

    def _state(self, name: str) -> Any:
        if name in self._storage.variables:
            return VariableView.over(self._present(name), self, name)
        return getattr(self, name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        variables = self._storage.variables
        if name in variables:
            return self._state(name)
        if name.endswith("_") and name[:-1] in variables:
            return np.array(self._present(name[:-1]))
        raise EvsimAttributeError(self._unknown(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        elif isinstance(getattr(type(self), name, None), property):
            self._set_property(name, value)
        elif name in self._storage.variables:
            if not (isinstance(value, VariableView) and value._elements is self and value._name == name):
                self._write(name, value, slice(None))
        elif name.endswith("_") and name[:-1] in self._storage.variables:
            self._write(name[:-1], self._si(value, name[:-1]), slice(None))
        else:
            raise EvsimAttributeError(self._unknown(name, value))

    def _si(self, value: Any, name: str) -> Any:
        """Plain SI numbers as a quantity in the unit of a variable."""
        values = require(value, DIMENSIONLESS, f"{self._label()}.{name}_")
        return quantity(np.asarray(values, dtype=np.float64), self._variable(name).dimension)

    def _set_property(self, name: str, value: Any) -> None:
        attribute = getattr(type(self), name)
        if attribute.fset is None:
            raise EvsimAttributeError(f"{self._label()}.{name} cannot be set")
        attribute.fset(self, value)

    def _unknown(self, name: str, value: Any = None) -> str:
        close = difflib.get_close_matches(name, [*self._storage.variables, *self._properties()], 1)
        guess = f"did you mean '{close[0]}'? Or " if close else ""
        unit = getattr(getattr(value, "dimension", DIMENSIONLESS), "unit_name", "") or "1"
        if not self._has_equations:
            names = ", ".join([*self._storage.variables, *self._properties()])
            known = f"did you mean '{close[0]}'?" if close else f"it has {names}"
            return f"{self._label()} has no variable '{name}'; {known}"
        return f"{self._label()} has no variable '{name}'; {guess}declare it in the equations, as in '{name} : {unit}'"

    def _properties(self) -> list[str]:
        public = [name for name in dir(type(self)) if not name.startswith("_")]
        return [name for name in public if isinstance(getattr(type(self), name), property)]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._storage.variables]


def refuse_clashes(names: Collection[str], owner: type, label: str, more: Collection[str] = ()) -> None:
    """Refuse variables whose name already means something on the object that has them as attributes."""
    taken = {name for name in dir(owner) if not name.startswith("_")} | {"name", *more}
    for name in names:
        if name in taken or name.startswith("_"):
            raise EvsimValueError(
                f"{label}: '{name}' cannot be declared, {label}.{name} has a meaning; choose another name"
            )


def _checked_index(index: int, n: int, label: str) -> Any:
    if not -n <= index < n:
        raise EvsimValueError(f"{label}: index {index} is out of range; there are {n} elements, 0 to {n - 1}")
    return index


def _check_kind(values: NDArray[np.float64], variable: Variable, what: str) -> None:
    kind = variable.type
    if kind == "boolean" and not np.all((values == 0) | (values == 1)):
        raise EvsimTypeError(f"{what} is boolean; give True or False")
    if kind == "integer" and not np.all(values == np.rint(values)):
        raise EvsimTypeError(f"{what} is an integer; give whole numbers")


def _is_plain_zero(text: TextValues) -> bool:
    return text.expression.text in ("0", "0.0")
