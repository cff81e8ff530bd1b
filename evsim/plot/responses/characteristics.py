"""What an output passes at a fully open gate, against the potential of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evsim.composition.attachment import GATE, POTENTIAL, WEIGHT
from evsim.composition.declared import own_equations
from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.plot.responses import page
from evsim.plot.responses.trial import Trial
from evsim.plot.scales import Floats, scale_for
from evsim.plugin import Output
from evsim.units import DIMENSIONLESS, Dimension, dimension_of, nA, si, volt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURRENT = "I"
FROM, TO = -0.1, 0.04  # volt

Curve = tuple[Floats, Floats, Dimension]


def characteristic(trial: Trial) -> Curve | None:
    """Potentials, currents and their dimension; None for an output to which the potential does not matter."""
    output = trial.model
    assert isinstance(output, Output)
    own = own_equations(output)
    text = CURRENT if CURRENT in own else output.written_out(output.current)
    formula = own.expanded(Expression.parse(text, f"current of {output.name}"))
    if POTENTIAL not in formula.names:
        return None
    potentials = np.linspace(FROM, TO, 281)
    known = {
        each.name: (si(output.value(each.name)), dimension_of(output.value(each.name)))
        for each in output.parameters
    }
    weight = (si(1 * nA), dimension_of(nA)) if output.weighs_in_port_unit else (1.0, DIMENSIONLESS)
    known |= {POTENTIAL: (potentials, volt.dimension), GATE: (1.0, DIMENSIONLESS), WEIGHT: weight}
    currents, dimension = evaluate_text(formula, known, None, f"current of {output.name}")
    return potentials, np.broadcast_to(np.asarray(currents, dtype=np.float64), potentials.shape), dimension


def draw_characteristic(ax: Axes, potentials: Floats, currents: Floats, dimension: Dimension) -> None:
    """A panel of its own, with the lines of zero."""
    across, up = scale_for(potentials, volt.dimension), scale_for(currents, dimension)
    ax.axhline(0, color=page.QUIET, linewidth=0.8)
    ax.plot(across.of(potentials), up.of(currents), color=page.CURRENT, linewidth=1.6)
    ax.set_xlabel(across.label("V"))
    ax.set_ylabel(up.label("I"))
    page.note(ax, "current at s = 1 against the potential")
    page.tidy(ax)
