"""Functions of the user in equations: Python that becomes a formula, and C that comes with it.

The C is the user's own source, handed over as such by `implementation`; no text of equations leads here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from evsim.description import ForeignFunction, Functions
from evsim.equations.c_source import checked_source, renamed_source
from evsim.equations.dimensions import is_zero
from evsim.equations.expression import Expression
from evsim.equations.functions import MPMATH, NUMPY
from evsim.equations.nodes import Call, Name, Node, is_condition, leaves
from evsim.equations.timed_array import TimedArray
from evsim.equations.tracing import Traced, TracingError, parameters_of, put_in, traced, traced_call
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.units import (
    DIMENSIONLESS,
    Dimension,
    DimensionMismatchError,
    dimension_of,
    quantity,
    si,
    unit_named,
)

_C_TARGETS = ("c", "cpp")
_OTHER_TARGETS = ("numpy", "cython", "weave", "cuda")
_REMEDY = (
    'write it with operators and numpy\'s functions, or give it C with @implementation("c", "double ...")'
)


class Function:
    """A Python function with what equations must know of it; it can be called as before.

    Parameters
    ----------
    pyfunc
        The Python function, with units declared by `check_units`, or not at all.
    c
        C source that defines `double name(double, ...)`.
    arg_units, return_unit
        Units instead of those of `check_units`.
    """

    def __init__(
        self,
        pyfunc: Callable[..., Any],
        c: str | None = None,
        *,
        arg_units: Sequence[Any] | None = None,
        return_unit: Any = None,
    ) -> None:
        if not callable(pyfunc):
            raise EvsimTypeError(f"Function({pyfunc!r}): give a Python function.")
        functools.update_wrapper(self, pyfunc)
        self.pyfunc = pyfunc
        self.name: str = getattr(pyfunc, "__name__", "function")
        self.inner: Callable[..., Any] = inspect.unwrap(pyfunc)
        self.parameters = parameters_of(self.inner)
        self.units: Mapping[str, Any] = getattr(pyfunc, "units_of_arguments", {})
        if arg_units is not None:
            self.units = {**dict(zip(self.parameters, arg_units, strict=True)), "result": return_unit}
        self.c = None if c is None else checked_source(c, self.name, len(self.parameters))
        while self.c is None and hasattr(
            pyfunc, "__wrapped__"
        ):  # @check_units may stand above @implementation
            self.c = pyfunc.c if isinstance(pyfunc, Function) else None
            pyfunc = pyfunc.__wrapped__

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self.c is not None and any(isinstance(each, Traced) for each in arguments):
            return traced_call(self.name, arguments, self)
        return self.pyfunc(*arguments, **options)

    def __repr__(self) -> str:
        return f"<Function {self.name}({', '.join(self.parameters)}){' in C' if self.c else ''}>"

    @functools.cached_property
    def _formula(self) -> Traced | TracingError:
        """Its body in terms of its parameters, each with `_` at its end, or what stands against that."""
        try:
            return traced(self.inner, [f"{each}_" for each in self.parameters])
        except TracingError as error:
            return error
        except Exception as error:  # whatever the user's code raises
            return TracingError(f"it raises {type(error).__name__}: {error}")

    # what a call in equations means

    @property
    def is_condition(self) -> bool:
        """Whether its formula is true or false; a function in C gives a number."""
        return self.c is None and isinstance(self._formula, Traced) and is_condition(self._formula.plain)

    def check_count(self, count: int, here: str) -> None:
        """Refuse a number of arguments that the function does not take."""
        if count != len(self.parameters):
            raise EvsimValueError(
                f"{here}: {self.name}({', '.join(self.parameters)}) takes {len(self.parameters)} arguments, "
                f"not {count}."
            )

    def dimension(self, operands: tuple[Node, ...], found: Sequence[Dimension], here: str) -> Dimension:
        """The unit of the result, after a look at those of the arguments."""
        given = dict(zip(self.parameters, found, strict=True))
        for operand, (name, own) in zip(operands, given.items(), strict=True):
            expected = self._declared(name, given)
            if expected is not None and own != expected and not is_zero(operand):
                raise DimensionMismatchError(
                    f"{here}: argument {name} of {self.name} does not fit", own, expected
                )
            given[name] = own if expected is None else expected
        declared = self._declared("result", given)
        if isinstance(self._formula, TracingError):
            if declared is None and self.c is None:
                raise self._no_formula(self._formula, here)
            if declared is None:
                raise EvsimTypeError(
                    f"{here}: the unit of {self.name} is not known; declare it with @check_units(..., result=unit)."
                )
            return declared
        body = self._dimension_of_body(self._formula, given, here)
        if declared is not None and declared != body and not is_zero(self._formula.checked):
            raise DimensionMismatchError(
                f"{here}: {self.name} does not return what it declares", body, declared
            )
        return body if declared is None else declared

    def _declared(self, name: str, given: Mapping[str, Dimension]) -> Dimension | None:
        unit = self.units.get(name)
        if unit is None:
            return None
        if isinstance(unit, str):
            return given[unit]
        if isinstance(unit, type):  # bool
            return DIMENSIONLESS
        if callable(unit) and not isinstance(unit, np.ndarray):
            unit = unit(*given.values())
        return unit if isinstance(unit, Dimension) else dimension_of(unit)

    def _dimension_of_body(self, body: Traced, given: Mapping[str, Dimension], here: str) -> Dimension:
        known = {f"{name}_": own for name, own in given.items()}
        for leaf in leaves(body.checked):
            if isinstance(leaf, Name) and leaf.name not in known:
                known[leaf.name] = dimension_of(unit_named(leaf.name))
        return Expression(body.checked).dimension(known, f"{here}, in the function {self.name}")

    def evaluate(self, table: Mapping[str, Callable[..., Any]], arguments: Sequence[Any]) -> Any:
        """The SI value for SI arguments."""
        if not isinstance(self._formula, TracingError):
            values = {f"{name}_": each for name, each in zip(self.parameters, arguments, strict=True)}
            return Expression(self._formula.plain).evaluate(values, table)
        if all(isinstance(each, float | np.ndarray | np.generic) for each in arguments):
            return self._from_python([np.asarray(each, dtype=np.float64) for each in arguments])
        return table["number"](float(self._from_python([np.asarray(float(each)) for each in arguments])))

    def _from_python(self, values: Sequence[Any]) -> Any:
        """What Python gives for SI values, element by element: the function may decide with `if`."""
        given: dict[str, Dimension] = {}
        for name in self.parameters:
            given[name] = self._declared(name, given) or DIMENSIONLESS
        arrays = np.broadcast_arrays(*values)
        result = np.empty(arrays[0].shape if arrays else ())
        for k in np.ndindex(result.shape):
            single = (quantity(each[k].item(), own) for each, own in zip(arrays, given.values(), strict=True))
            try:
                result[k] = float(si(self.pyfunc(*single)))
            except EvsimError:
                raise
            except Exception as error:
                raise EvsimValueError(
                    f"the function {self.name} cannot be evaluated in Python: {type(error).__name__}: {error}"
                ) from None
        return result[()]

    def inlined(self, operands: tuple[Node, ...], here: str) -> Node | None:
        """The body with the arguments put in; None for a function in C."""
        if self.c is not None:
            return None
        if isinstance(self._formula, TracingError):
            raise self._no_formula(self._formula, here)
        return put_in(
            self._formula.plain,
            {f"{name}_": each for name, each in zip(self.parameters, operands, strict=True)},
        )

    def _no_formula(self, reason: TracingError, here: str) -> EvsimTypeError:
        return EvsimTypeError(f"{here}: {self.name} cannot become a formula, since {reason}; {_REMEDY}.")

    def action(self, call: Call, here: str) -> ForeignFunction:
        """What an engine works with: C that goes by the name of the call."""
        assert self.c is not None
        source = renamed_source(self.c, self.name, call.function)
        return ForeignFunction(len(self.parameters), source, self._of_numbers)

    def _of_numbers(self, *arguments: Any) -> Any:
        is_double = all(isinstance(each, float | int | np.ndarray | np.generic) for each in arguments)
        return self.evaluate(NUMPY if is_double else MPMATH, arguments)


def implementation(target: str, code: str | None = None, **options: Any) -> Callable[[Any], Function]:
    """A decorator that gives a function its C: `double name(double x) { return ...; }`.

    Parameters
    ----------
    target
        "c" or "cpp" (the same here: C that is also C++). Code for other targets is set aside.
    code
        The source, which defines a function of doubles with the name of the Python function.
    """
    if target not in (*_C_TARGETS, *_OTHER_TARGETS):
        raise EvsimValueError(f"implementation: there is no target {target!r}; give 'c' with the code.")

    def decorated(function: Any) -> Function:
        made = function if isinstance(function, Function) else Function(function)
        if target in _C_TARGETS:
            made.c = checked_source(code, made.name, len(made.parameters))
        return made

    return decorated


def meaning_of(value: Any) -> TimedArray | Function | None:
    """What a value from the user's namespace means when it is called in equations, if anything."""
    if isinstance(value, TimedArray | Function):
        return value
    is_own = inspect.isfunction(value) and _is_of_user(value)
    return Function(value) if is_own else None


def engine_functions(expressions: Iterable[Expression], where: str) -> Functions:
    """The tables and C functions that inlined formulas call, by name."""
    found: dict[str, Any] = {}
    names: dict[Any, str] = {}
    for expression in expressions:
        for leaf in leaves(expression.tree):
            if isinstance(leaf, Call) and leaf.meaning is not None and leaf.function not in found:
                found[leaf.function] = leaf.meaning.action(leaf, f"{where}: in {expression.text!r}")
                other = names.setdefault(leaf.meaning, leaf.function)
                if other != leaf.function and isinstance(leaf.meaning, Function):
                    raise EvsimValueError(
                        f"{where}: {other} and {leaf.function} are two names of one function in C; use one of them."
                    )
    return found


def _is_of_user(function: Callable[..., Any]) -> bool:
    """Whether Python's own library and numpy can be ruled out as the author."""
    import sys

    module = getattr(inspect.unwrap(function), "__module__", None) or "__main__"
    stem = module.partition(".")[0]
    return stem == "__main__" or stem not in {*sys.stdlib_module_names, "numpy", "matplotlib", "evsim"}
