"""How models chosen by name become equations: a neuron's own, and what synapses add to their target.

A gate and an output that add up (the sum over synapses obeys the equations of one) become extra variables of
the target group, one set for each Synapses object and named after it: `s_synapses`. A spike adds w times the
jump of the gate. Gates with pulses become two sums, of the synapses in their pulse and of the others. What follows from
states at every instant (the gain of a modulation, the current of a junction) is one `(summed)` variable of the cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evsim.composition.alone import gate_alone
from evsim.composition.attachment import contribution, membrane_of, ports
from evsim.composition.contribution import PULSE_END, Contribution
from evsim.composition.declared import neuron_equations
from evsim.composition.junction import Side, junction
from evsim.composition.modulation import modulation
from evsim.composition.plasticity import (
    checked_plasticities,
    plasticity_equations,
    treatment_of_plasticity,
)
from evsim.composition.treatment import Treatment, treatment_of
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression

__all__ = [
    "PULSE_END",
    "Contribution",
    "Side",
    "Treatment",
    "attach",
    "checked_plasticities",
    "contribution",
    "gate_alone",
    "junction",
    "membrane_of",
    "modulation",
    "neuron_equations",
    "plasticity_equations",
    "ports",
    "treatment_of",
    "treatment_of_plasticity",
]


def attach(target: Equations, contributions: Iterable[Contribution]) -> Equations:
    """Return a group's equations with all contributions: extra variables, and the sum for each input."""
    added = list(contributions)
    terms = {port: [each.term for each in added if each.port == port] for port in ports(target)}
    own = [_summed(v, terms[v.name]) if v.name in terms else v for v in target.values()]
    brought = [variable for each in added for variable in each.equations.values()]
    raised = {
        name: [each.term for each in added if each.port == name] for name in target if name not in terms
    }
    return Equations([*_raised(Equations(own), raised).values(), *brought])


def _raised(equations: Equations, terms: Mapping[str, Sequence[str]]) -> Equations:
    """The equations with sums for parameters that synapses raise."""
    sums = {
        name: Expression.parse(" + ".join([name, *more]), f"parameter {name}")
        for name, more in terms.items()
        if more
    }
    return equations.changed(lambda formula, _: formula.substitute(sums)) if sums else equations


def _summed(variable: Variable, terms: Sequence[str]) -> Variable:
    text = " + ".join(terms) if terms else "0"
    expression = Expression.parse(text, f"input {variable.name}")
    return replace(variable, kind="subexpression", expression=expression, flags=frozenset())
