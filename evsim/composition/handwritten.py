"""A gate whose answer to a spike is C: the event code that says the same, for whatever reads code and does not run it.

The code calls one function for every number that the C changes. The engine runs the C itself, once.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evsim.composition.declared import own_equations
from evsim.description import CompiledCode, ForeignFunction
from evsim.equations.declaration import Variable
from evsim.equations.expression import Expression
from evsim.equations.nodes import Call
from evsim.equations.user_functions import Function
from evsim.errors import EvsimError
from evsim.plugin import Gate, InC
from evsim.units import Dimension, dimension_of, quantity, second, si

if TYPE_CHECKING:
    from evsim.codegen.handwritten import GateTable

SINCE = "since"  # of a synapse: the time since a spike arrived


@dataclass(frozen=True)
class SpikeInC:
    """Event code, the functions that it calls, the variables that a synapse keeps, and the C itself."""

    on_pre: str
    functions: dict[str, Function]
    own: list[Variable]
    values: dict[str, float]
    compiled: CompiledCode


def spike_in_c(gate: Gate, code: InC, names: Mapping[str, str]) -> SpikeInC:
    """What a spike does; `names` are those of the gate's variables and parameters on the target."""
    from evsim.codegen.handwritten import gate_table  # the code generator comes with the first kernel

    table = gate_table(code.module, gate.name)
    check_names(gate, code, table)
    kept = [each.name for each in code.keeps]
    at_target = [f"{names[each]}_post" for each in table.parameters]
    arguments = ", ".join([SINCE, *at_target, *table.own])
    lines = [f"next_{each} = {gate.name}_{each}({arguments})" for each in table.own]
    lines += [f"jump_{each} = {gate.name}_jump_{each}({arguments})" for each in table.jumps]
    lines += [f"{each} = next_{each}" for each in table.own]
    lines += [f"{names[each]}_post += w*jump_{each}" for each in table.jumps]
    since = Variable(
        SINCE, "differential", Expression.number(1.0), dimension_of(second), frozenset({"event-driven"})
    )
    own = [Variable(each.name, "parameter", None, each.dimension) for each in code.keeps]
    return SpikeInC(
        "\n".join([*lines, f"{SINCE} = 0*{SINCE}"]),
        _functions(gate, code, table),
        [*own, since],
        {name: float(si(each.default)) for name, each in zip(kept, code.keeps, strict=True)},
        CompiledCode(
            table.code, (SINCE, *table.own, "w", *at_target), tuple(names[each] for each in table.jumps)
        ),
    )


def check_names(gate: Gate, code: InC, table: GateTable) -> None:
    """Refuse C that reads, keeps or changes what the declaration does not have, and the other way round."""
    states = list(own_equations(gate).of_kind("differential"))
    for text in code.disagreements(table, gate, states):
        raise EvsimError(f"gate {gate.name}: {text}")


def _functions(gate: Gate, code: InC, table: GateTable) -> dict[str, Function]:
    variables = own_equations(gate)
    units = {each.name: each.dimension for each in gate.parameters}
    kept = {each.name: each.dimension for each in code.keeps}
    arguments = {
        SINCE: dimension_of(second), **{each: units[each] for each in table.parameters},
        **{each: kept[each] for each in table.own},
    }  # fmt: skip
    results = {f"{gate.name}_{each}": kept[each] for each in table.own}
    results |= {f"{gate.name}_jump_{each}": variables[each].dimension for each in table.jumps}
    return {
        name: _Result(table, name, k, arguments, dimension)
        for k, (name, dimension) in enumerate(results.items())
    }


class _Result(Function):
    """One of the numbers that the C gives, as a function of all that it takes."""

    def __init__(
        self, table: GateTable, name: str, place: int, arguments: Mapping[str, Dimension], result: Dimension
    ) -> None:
        n = len(table.parameters)

        def evaluate(*values: Any) -> Any:
            since, *rest = (float(si(each)) for each in values)
            own, jump = table.arrive(since, rest[:n], rest[n:])
            return quantity([*own, *jump][place], result)

        evaluate.__name__ = name
        kind = inspect.Parameter.POSITIONAL_ONLY
        names = [f"x{k}" for k in range(len(arguments))]  # a variable may be called like a parameter
        signature = inspect.Signature([inspect.Parameter(each, kind) for each in names])
        evaluate.__signature__ = signature  # type: ignore[attr-defined]
        super().__init__(evaluate, arg_units=list(arguments.values()), return_unit=result)
        self.c = ""  # it is C, and compiled

    def action(self, call: Call, here: str) -> ForeignFunction:
        """What the reference works with; no kernel calls it."""
        return ForeignFunction(len(self.parameters), "", self._of_numbers)


__all__ = ["SINCE", "SpikeInC", "check_names", "spike_in_c"]
