"""Nonlinear neurons with input off the grid: the compiled engine against thirty digits.

At the default tolerance spike times are good to 1e-6 ms, at a tight one to 1e-9 ms; Hodgkin-Huxley cells to 1e-8 ms.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    defaultclock,
    ms,
    mV,
    nA,
    nF,
    nS,
    pA,
    second,
    start_scope,
    uS,
    verify,
)
from evsim.reference.comparison import Verification

IS_LONG = os.environ.get("EVSIM_LONG_TESTS") == "1"  # ten times the input; takes minutes
CURRENT = "ds/dt = -s/(5*ms) : amp\n"
CONDUCTANCES = """
dge/dt = -ge/(5*ms) : siemens
dgi/dt = -gi/(10*ms) : siemens
I_syn = ge*(0*mV - V) + gi*(-80*mV - V) : amp
"""
CHANNELS = f"""
dV/dt = (g_L*(E_L - V) - g_Na*m**3*h*(V - 50*mV) - g_K*n**4*(V - E_K) + I_syn + I)/C : volt
dm/dt = a_m*(1 - m) - b_m*m : 1
dh/dt = a_h*(1 - h) - b_h*h : 1
dn/dt = a_n*(1 - n) - b_n*n : 1
{CONDUCTANCES}"""
SQUID = """
a_m = 1/exprel(-(V + 40*mV)/(10*mV))/ms : Hz
b_m = 4*exp(-(V + 65*mV)/(18*mV))/ms : Hz
a_h = 0.07*exp(-(V + 65*mV)/(20*mV))/ms : Hz
b_h = 1/(1 + exp(-(V + 35*mV)/(10*mV)))/ms : Hz
a_n = 0.1/exprel(-(V + 55*mV)/(10*mV))/ms : Hz
b_n = 0.125*exp(-(V + 65*mV)/(80*mV))/ms : Hz
"""
TRAUB_MILES = """
a_m = 1.28/ms/exprel((-50*mV - V)/(4*mV)) : Hz
b_m = 1.4/ms/exprel((V + 23*mV)/(5*mV)) : Hz
a_h = 0.128/ms*exp((-46*mV - V)/(18*mV)) : Hz
b_h = 4/ms/(1 + exp((-23*mV - V)/(5*mV))) : Hz
a_n = 0.16/ms/exprel((-48*mV - V)/(5*mV)) : Hz
b_n = 0.5/ms*exp((-53*mV - V)/(40*mV)) : Hz
"""
CELLS: dict[str, dict[str, Any]] = {
    "coba": {
        "model": f"dV/dt = (10*nS*(-60*mV - V) + I_syn)/(0.2*nF) : volt (unless refractory)\n{CONDUCTANCES}",
        "threshold": "V > -50*mV",
        "reset": "V = -60*mV",
        "refractory": 4.9876 * ms,
        "start": -60 * mV,
        "weights": (3 * nS, 4 * nS),
    },
    "eif": {
        "model": f"""
        dV/dt = (-65*mV - V + 3.48*mV*exp((V + 59.9*mV)/(3.48*mV)) + 10*Mohm*(0.3*nA + s))/(10*ms)
            : volt (unless refractory)
        {CURRENT}""",
        "threshold": "V >= -30*mV",
        "reset": "V = -68*mV",
        "refractory": 1.7 * ms,
        "start": -65 * mV,
        "weights": (0.2 * nA,),
    },
    "adex": {
        "model": f"""
        dV/dt = (30*nS*(-70.6*mV - V + 2*mV*exp((V + 50.4*mV)/(2*mV))) - w + 0.3*nA + s)/(281*pF) : volt
        dw/dt = (4*nS*(V + 70.6*mV) - w)/(144*ms) : amp
        {CURRENT}""",
        "threshold": "V > -40.4*mV",
        "reset": "V = -70.6*mV; w += 80.5*pA",
        "start": -70.6 * mV,
        "weights": (0.3 * nA,),
    },
    "qif": {
        "model": f"dV/dt = (0.07/mV*(V + 65*mV)*(V + 50*mV) + 1*Mohm*(4*nA + s))/(10*ms) : volt\n{CURRENT}",
        "threshold": "V >= -30*mV",
        "reset": "V = -68*mV",
        "start": -65 * mV,
        "weights": (4 * nA,),
    },
    "izhikevich": {
        "model": """
        dV/dt = (0.04*V**2 + 5*V + 140 - u + 4 + s)/ms : 1
        du/dt = 0.02*(0.2*V - u)/ms : 1
        ds/dt = -s/(5*ms) : 1
        """,
        "threshold": "V >= 30",
        "reset": "V = -65; u += 8",
        "start": -65.0,
        "weights": (4.0,),
    },
    "hh": {
        "model": CHANNELS + SQUID,
        "threshold": "V > -20*mV",
        "refractory": "V > -20*mV",
        "start": -65 * mV,
        "weights": (30 * nS, 60 * nS),
        "namespace": {
            "C": 1 * nF, "g_L": 0.3 * uS, "E_L": -54.387 * mV, "g_Na": 120 * uS, "g_K": 36 * uS, "E_K": -77 * mV,
            "I": 10 * nA,
        },
    },
    "hh_traub": {
        "model": CHANNELS + TRAUB_MILES,
        "threshold": "V > -20*mV",
        "refractory": "V > -20*mV",
        "start": -60 * mV,
        "weights": (6 * nS, 20 * nS),
        "namespace": {
            "C": 0.2 * nF, "g_L": 0.01 * uS, "E_L": -60 * mV, "g_Na": 20 * uS, "g_K": 6 * uS, "E_K": -90 * mV,
            "I": 300 * pA,
        },
    },
}  # fmt: skip
DEFAULT, TIGHT, TIGHT_OF_CHANNELS = 1e-6, 1e-9, 1e-8  # ms
HAS_CHANNELS = ("hh", "hh_traub")


def compared(name: str, rtol: float | None, dt: float, duration: float, seed: int = 3) -> Verification:
    """A cell with 1000 events per second at real times, with a real delay; a quarter of them inhibit."""
    start_scope()
    defaultclock.dt = dt * ms
    cell = CELLS[name]
    rng = np.random.default_rng(seed)
    duration *= 10 if IS_LONG else 1
    times = np.sort(rng.uniform(0, duration, round(1000 * duration)))
    kinds = (rng.uniform(size=len(times)) < 0.25).astype(int) * (len(cell["weights"]) > 1)
    source = SpikeGeneratorGroup(2, kinds, times * second)
    cells = NeuronGroup(
        1,
        cell["model"],
        threshold=cell["threshold"],
        reset=cell.get("reset"),
        refractory=cell.get("refractory", False),
        method="adaptive",
        method_options={} if rtol is None else {"rtol": rtol},
        namespace=cell.get("namespace"),
    )
    cells.V = cell["start"]
    for gate in "mhn" if name in HAS_CHANNELS else "":
        setattr(cells, gate, f"a_{gate}/(a_{gate} + b_{gate})")
    objects: list[Any] = [cells, source]
    inputs = ("ge", "gi") if len(cell["weights"]) > 1 else ("s",)
    for kind, (variable, weight) in enumerate(zip(inputs, cell["weights"], strict=True)):
        synapses = Synapses(source, cells, on_pre=f"{variable}_post += weight", namespace={"weight": weight})
        synapses.connect(i=kind, j=0)
        synapses.delay = 0.3777 * ms
        objects.append(synapses)
    return verify(Network(*objects), duration * second, digits=30)


def require_right(report: Verification, at_least: int, within: float) -> None:
    """The same spikes in the same order, times (ms) to within a bound."""
    assert report.is_right, report
    assert report.n_spikes >= at_least, report
    assert report.largest_difference < within, report


SPIKES = {"coba": 5, "eif": 6, "adex": 8, "qif": 3, "izhikevich": 4, "hh": 3, "hh_traub": 3}


def seconds(name: str) -> float:
    """Hodgkin-Huxley cells take the reference longest."""
    return 0.03 if name in HAS_CHANNELS else 0.1


@pytest.mark.parametrize("name", CELLS)
def test_spikes_at_the_default_tolerance_are_right_to_a_nanosecond(name: str) -> None:
    require_right(compared(name, None, 0.1, seconds(name)), SPIKES[name], within=DEFAULT)


@pytest.mark.parametrize("name", CELLS)
def test_spikes_at_a_tight_tolerance_are_right_to_a_picosecond_or_ten(name: str) -> None:
    rtol = 1e-12 if name in HAS_CHANNELS else 1e-14
    report = compared(name, rtol, 0.1, seconds(name), seed=4)
    require_right(report, SPIKES[name], within=TIGHT_OF_CHANNELS if name in HAS_CHANNELS else TIGHT)


@pytest.mark.parametrize("name", [name for name in CELLS if name not in HAS_CHANNELS])
@pytest.mark.parametrize("dt", [1.0, 0.01])
def test_the_step_of_the_clock_does_not_matter(name: str, dt: float) -> None:
    require_right(compared(name, None, dt, seconds(name) / 2), 1, within=DEFAULT)


@pytest.mark.parametrize(("rtol", "within"), [(None, DEFAULT), (1e-14, TIGHT)])
def test_a_spike_after_a_slow_passage_is_as_good(rtol: float | None, within: float) -> None:
    """At 182 ms this cell hesitates near its threshold: errors grow a hundredfold until it spikes."""
    report = compared("adex", rtol, 1.0, 0.3, seed=10)
    require_right(report, 18, within)
    assert IS_LONG or (report.worst is not None and report.worst.time == pytest.approx(182.38, abs=0.01))
