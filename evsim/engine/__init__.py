"""The compiled engine; the only place that touches the compiled core."""

from evsim.engine.simulation import Simulation

__all__ = ["Simulation"]
