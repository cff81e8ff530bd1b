"""The neurons in evsim, compiled or in arbitrary precision."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from benchmarks.accuracy.cells import CELLS, Cell, events
from benchmarks.measure import cpu_seconds

ev: Any = import_module("evsim")  # the units are names that no type checker sees

CONDUCTANCES = "dge/dt = -ge/(5*ms) : siemens\ndgi/dt = -gi/(10*ms) : siemens\n"
SYNAPTIC = "ge*(0*mV - V) + gi*(-80*mV - V) + I"
CHANNELS = f"""
dV/dt = (g_L*(E_L - V) - g_Na*m**3*h*(V - 50*mV) - g_K*n**4*(V - E_K) + {SYNAPTIC})/C : volt
dm/dt = a_m*(1 - m) - b_m*m : 1
dh/dt = a_h*(1 - h) - b_h*h : 1
dn/dt = a_n*(1 - n) - b_n*n : 1
{CONDUCTANCES}"""
EQUATIONS = {
    "conductances": f"dV/dt = (g*(E - V) + {SYNAPTIC})/C : volt (unless refractory)\n{CONDUCTANCES}",
    "exponential": """
        dV/dt = (g*(E - V) + g*D*exp((V - V_T)/D) - w + s + I)/C : volt (unless refractory)
        dw/dt = (a*(V - E) - w)/tau_w : amp
        ds/dt = -s/(5*ms) : amp
        """,
    "quadratic": """
        dV/dt = (p2*V**2 + p1*V + p0 - w + s + I)/(C*ms) : 1
        dw/dt = a*(b*V - w)/ms : 1
        ds/dt = -s/(5*ms) : 1
        """,
    "squid": CHANNELS
    + """
        a_m = 1/exprel(-(V + 40*mV)/(10*mV))/ms : Hz
        b_m = 4*exp(-(V + 65*mV)/(18*mV))/ms : Hz
        a_h = 0.07*exp(-(V + 65*mV)/(20*mV))/ms : Hz
        b_h = 1/(1 + exp(-(V + 35*mV)/(10*mV)))/ms : Hz
        a_n = 0.1/exprel(-(V + 55*mV)/(10*mV))/ms : Hz
        b_n = 0.125*exp(-(V + 65*mV)/(80*mV))/ms : Hz
        """,
    "traub": CHANNELS
    + """
        a_m = 1.28/ms/exprel((-50*mV - V)/(4*mV)) : Hz
        b_m = 1.4/ms/exprel((V + 23*mV)/(5*mV)) : Hz
        a_h = 0.128/ms*exp((-46*mV - V)/(18*mV)) : Hz
        b_h = 4/ms/(1 + exp((-23*mV - V)/(5*mV))) : Hz
        a_n = 0.16/ms/exprel((-48*mV - V)/(5*mV)) : Hz
        b_n = 0.5/ms*exp((-53*mV - V)/(40*mV)) : Hz
        """,
}
RESET = {"exponential": "V = reset; w += b", "quadratic": "V = reset; w += d", "conductances": "V = reset"}
CHANNEL_VALUES = {
    "squid": {"C": 1.0, "g_L": 0.3, "E_L": -54.387, "g_Na": 120.0, "g_K": 36.0, "E_K": -77.0},
    "traub": {"C": 0.2, "g_L": 0.01, "E_L": -60.0, "g_Na": 20.0, "g_K": 6.0, "E_K": -90.0},
}
UNITS = {"C": "nF", "a": "uS", "b": "nA", "I": "nA", "tau_w": "ms", "t_ref": "ms"}
UNITS |= dict.fromkeys(("g", "g_L", "g_Na", "g_K"), "uS")
SETTINGS = {"default": {}, "tight": {"rtol": 1e-14}, "fast": {"rtol": 1e-8}}


def namespace(cell: Cell) -> dict[str, Any]:
    """The values of a cell with their units; the quadratic family has none."""
    if cell.family == "quadratic":
        return dict(cell.values)
    values = cell.values | CHANNEL_VALUES.get(cell.family, {})
    return {name: value * getattr(ev, UNITS.get(name, "mV")) for name, value in values.items()}


def network(cell: Cell, n: int, duration: float, options: dict[str, float]) -> tuple[Any, Any]:
    """Build n copies of a cell, each with the same events; return the network and its monitor."""
    values = namespace(cell)
    has_channels = cell.family in CHANNEL_VALUES
    cells = ev.NeuronGroup(
        n,
        EQUATIONS[cell.family],
        threshold="V >= th",
        reset=None if has_channels else RESET[cell.family],
        refractory="V >= th" if has_channels else values.get("t_ref", 0 * ev.ms),
        method="adaptive",
        method_options=options,
        namespace=values,
    )
    cells.V = values["start"]
    for gate in "mhn" if has_channels else "":
        setattr(cells, gate, f"a_{gate}/(a_{gate} + b_{gate})")
    if cell.family == "quadratic":
        cells.w = "b*V"
    train = events(cell, duration)
    source = ev.SpikeGeneratorGroup(2, [kind for _, kind in train], [time for time, _ in train] * ev.ms)
    objects = [cells, source]
    inputs = ("ge", "gi") if len(cell.weights) > 1 else ("s",)
    for kind, (name, weight) in enumerate(zip(inputs, cell.weights, strict=True)):
        unit = 1.0 if cell.family == "quadratic" else ev.nA if name == "s" else ev.uS
        synapses = ev.Synapses(
            source, cells, on_pre=f"{name}_post += w_in", namespace={"w_in": weight * unit}
        )
        synapses.connect(i=kind, j=list(range(n)))
        objects.append(synapses)
    monitor = ev.SpikeMonitor(cells)
    return ev.Network(*objects, monitor), monitor


def run(name: str, setting: str, duration: float, n: int) -> tuple[list[float], float]:
    """Run a cell on one thread; return the spikes of the first (ms) and CPU seconds per neuron."""
    ev.prefs.threads = 1
    options = dict(SETTINGS[setting])
    if setting == "tight" and CELLS[name].family in CHANNEL_VALUES:
        options["rtol"] = 1e-12
    net, monitor = network(CELLS[name], n, duration, options)
    net.run(0 * ev.ms)
    cpu = cpu_seconds(lambda: net.run(duration * ev.second))
    return times(monitor), cpu / n


def truth(name: str, duration: float, of: float) -> list[float]:
    """Run a cell for a part `duration` of a run `of` so many seconds with thirty digits; return its spikes (ms)."""
    ev.prefs.engine = "reference"
    try:
        net, monitor = network(CELLS[name], 1, of, {})
        net.run(duration * ev.second)
    finally:
        ev.prefs.engine = "compiled"
    return times(monitor)


def times(monitor: Any) -> list[float]:
    """The spikes of the first cell (ms)."""
    return [1e3 * float(t) for t, i in zip(monitor.t_, monitor.i, strict=True) if i == 0]
