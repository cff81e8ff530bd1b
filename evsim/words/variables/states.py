"""The variables of an object by name, all at once: `get_states` and `set_states`."""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.units import Quantity
from evsim.words.variables.view import VariableView

FORMATS = ("dict", "pandas")


class HasStates(ABC):
    """Something whose values can be had by name."""

    @abstractmethod
    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> list[str]:
        """What `get_states` gives unless it is asked for certain names."""

    def _state(self, name: str) -> Any:
        """The present value of one of them."""
        return getattr(self, name)

    def get_states(
        self,
        vars: Collection[str] | str | None = None,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = False,
        level: int = 0,
    ) -> Any:
        """Present values by name.

        Parameters
        ----------
        vars
            Which; all that can be set unless given.
        units
            False for plain numbers in SI.
        format
            "dict", or "pandas" for a DataFrame (without units).
        subexpressions, read_only_variables
            Also what follows from others; also indices, times and the like.
        """
        check_format(format, units, f"get_states of {getattr(self, 'name', 'this')}")
        names = self._state_names(subexpressions, read_only_variables) if vars is None else vars
        names = [names] if isinstance(names, str) else names
        values = {name: _value(self._state(name), units) for name in names}
        return values if format == "dict" else _frame(values)


class HasSettableStates(HasStates):
    """Something whose values can be set by name too."""

    def set_states(
        self, values: Mapping[str, Any] | Any, units: bool = True, format: str = "dict", level: int = 0
    ) -> None:
        """Set variables by name, as `get_states` gives them; all fit, or nothing changes."""
        what = f"set_states of {getattr(self, 'name', 'this')}"
        check_format(format, units, what)
        if format == "pandas":
            values = {str(name): np.asarray(column) for name, column in values.items()}
        if not isinstance(values, Mapping):
            raise EvsimTypeError(f"{what}: got {values!r}; give a dict of values by name")
        before = self.get_states([name for name in values if name in self._state_names(False, False)])
        try:
            for name, value in values.items():
                setattr(self, name if units else f"{name}_", value)
        except (EvsimError, TypeError, ValueError):
            for name, value in before.items():
                setattr(self, name, value)
            raise


def check_format(format: str, units: bool, what: str) -> None:
    """A known format that can be made."""
    if format not in FORMATS:
        raise EvsimValueError(f"{what}: format is {format!r}; give 'dict' or 'pandas'")
    if format == "pandas" and units:
        raise EvsimTypeError(f"{what}: a DataFrame has no units; give units=False for numbers in SI")
    if format == "pandas" and importlib.util.find_spec("pandas") is None:
        raise EvsimValueError(f"{what}: pandas is not installed; install it, or give format='dict'")


def _value(value: Any, units: bool) -> Any:
    value = value[:] if isinstance(value, VariableView) else value
    if isinstance(value, Quantity):
        return value if units else np.asarray(value)[()]
    return value.copy() if isinstance(value, np.ndarray) else value


def _frame(values: dict[str, Any]) -> Any:
    pandas = importlib.import_module("pandas")
    columns: dict[str, Any] = {}
    for name, value in values.items():
        if np.ndim(value) == 2:  # a row per element, as monitors have
            columns |= {f"{name}_{k}": row for k, row in enumerate(value)}
        else:
            columns[name] = value
    sizes = {np.size(value) for value in columns.values() if np.ndim(value)}
    if len(sizes) > 1:
        shown = ", ".join(f"{name}: {np.size(value)}" for name, value in columns.items())
        raise EvsimValueError(
            f"a DataFrame has columns of one length, but there are {shown}; ask for some of them"
        )
    return pandas.DataFrame(columns, index=None if sizes else [0])
