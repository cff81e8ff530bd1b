"""Current output: the gate times the weight is injected; the sign of the weight makes it excite or inhibit.

The weight carries the unit of the current, 1 nA by default into a port in ampere.
"""

from __future__ import annotations

from evsim.plugin import Output

current = Output(
    current="w*s",
    weighs_in_port_unit=True,
    references=["Dayan, Abbott 2001, Theoretical Neuroscience, section 5.8"],
)
