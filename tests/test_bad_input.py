"""What a user can get wrong: each error names the object, the value and the repair in one line, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.errors import (
    EvsimAttributeError,
    EvsimError,
    EvsimNameError,
    EvsimRuntimeError,
    EvsimTypeError,
    EvsimValueError,
)
from evsim.models import current, exponential, lif

LEAKY = "dv/dt = -v/(10*ms) : 1"
MANY = (
    "dv/dt = -v/tau : 1\ntau : second\nw : volt\nk : integer\nb : boolean\nsh : volt (shared)\nsub = 2*v : 1"
)
NAN, INF = float("nan"), float("inf")

nan_time, infinite_time, two_times, a_text = NAN * ms, INF * ms, [1, 2] * ms, "10*ms"


def cells(n: Any = 3, model: Any = LEAKY, **options: Any) -> NeuronGroup:
    return NeuronGroup(n, model, **{"threshold": "v > 1", "reset": "v = 0", **options})


def many(name: str, value: Any, item: Any = None) -> NeuronGroup:
    """Three neurons with variables of all kinds, one of which is set."""
    group = cells(model=MANY)
    group.tau = 10 * ms
    if item is None:
        setattr(group, name, value)
    else:
        getattr(group, name)[item] = value
    return group


def wires(on_pre: Any = "v_post += 0.1", model: Any = None, **options: Any) -> list[Any]:
    group = cells()
    synapses = Synapses(group, group, model, on_pre=on_pre, **options)
    synapses.connect()
    return [group, synapses]


def weights(value: Any, on_pre: str = "v_post += w", model: str = "w : 1") -> list[Any]:
    made = wires(on_pre, model)
    made[1].w = value
    return made


def delays(value: Any, item: Any = None) -> list[Any]:
    made = wires()
    if item is None:
        made[1].delay = value
    else:
        made[1].delay[item] = value
    return made


def connected(*arguments: Any, **options: Any) -> list[Any]:
    group = cells()
    synapses = Synapses(group, group, on_pre="v_post += 0.1")
    synapses.connect(*arguments, **options)
    return [group, synapses]


def driven(variable: str = "v", n: Any = 3, rate: Any = 5 * Hz, weight: Any = 0.1) -> list[Any]:
    group = cells()
    return [group, PoissonInput(group, variable, n, rate, weight)]


def watched(*arguments: Any, **options: Any) -> list[Any]:
    group = cells()
    return [group, StateMonitor(group, *arguments, **options)]


def gated(**values: Any) -> list[Any]:
    group = NeuronGroup(2, lif)
    synapses = Synapses(group, group, exponential, output=current)
    synapses.connect()
    for name, value in values.items():
        setattr(synapses, name, value)
    return [group, synapses]


def lasting(duration: Any, **options: Any) -> None:
    group = cells()
    run(duration, **options)
    assert len(group) == 3


def check_message(error: EvsimError, words: tuple[str, ...]) -> None:
    """One line, which a person can read, with all these words."""
    message = str(error)
    assert "\n" not in message
    assert message == message.strip()
    assert 15 < len(message) < 400
    assert "object at 0x" not in message
    assert "np.float64" not in message
    for word in words:
        assert word in message, message


Case = tuple[str, Callable[[], object], type[Exception], tuple[str, ...]]

UNITS: list[Case] = [
    ("right side", lambda: cells(model="dv/dt = -v : 1"), TypeError, ("neurongroup", "dv/dt", "'-v'", "Hz")),
    (
        "terms",
        lambda: cells(model="dv/dt = (1*mV - v)/(10*ms) : 1"),
        TypeError,
        ("neurongroup", "'1*mV'", "V"),
    ),
    (
        "no such unit",
        lambda: cells(model="dv/dt = -v/(10*ms) : vlt"),
        NameError,
        ("neurongroup", "vlt", "volt"),
    ),
    (
        "threshold",
        lambda: cells(threshold="v > 1*mV"),
        TypeError,
        ("threshold of neurongroup", "'1*mV'", "V"),
    ),
    ("reset", lambda: cells(reset="v = 1*mV"), TypeError, ("reset of neurongroup", "v is in 1", "'1*mV'")),
    (
        "on_pre",
        lambda: wires("v_post += 1*mV"),
        TypeError,
        ("on_pre of synapses", "v_post is in 1", "'1*mV'"),
    ),
    ("weight", lambda: wires("v_post += w", "w : volt"), TypeError, ("on_pre of synapses", "'w' is in V")),
    ("refractory number", lambda: cells(refractory=5), TypeError, ("refractory", "neurongroup", "5", "s")),
    ("refractory", lambda: cells(refractory=5 * mV), TypeError, ("refractory", "neurongroup", "5. mV", "s")),
    ("refractory text", lambda: cells(refractory="5*mV"), TypeError, ("refractory", "'5*mV'", "5*ms")),
    ("delay number", lambda: wires(delay=3), TypeError, ("synapses.delay", "3", "s")),
    ("delay", lambda: wires(delay=3 * mV), TypeError, ("synapses.delay", "3. mV", "s")),
    ("delays text", lambda: delays("rand()*mV"), TypeError, ("synapses.delay", "rand()*mV", "s")),
    ("rates", lambda: PoissonGroup(3, 5 * mV), TypeError, ("poissongroup.rates", "5. mV", "Hz")),
    ("rates number", lambda: PoissonGroup(3, 5), TypeError, ("poissongroup.rates", "5", "Hz")),
    ("rates text", lambda: PoissonGroup(3, "i*mV"), TypeError, ("poissongroup.rates", "i*mV", "Hz")),
    ("input rate", lambda: driven(rate=5), TypeError, ("rate of poissoninput", "5", "Hz")),
    ("input weight", lambda: driven(weight=1 * mV), TypeError, ("weight of poissoninput", "1. mV")),
    ("input weight text", lambda: driven(weight="3*mV"), TypeError, ("weight of poissoninput", "'3*mV'")),
    (
        "spike times",
        lambda: SpikeGeneratorGroup(1, [0], [1]),
        TypeError,
        ("times of spikegeneratorgroup", "s"),
    ),
    ("duration number", lambda: lasting(70), TypeError, ("duration of run()", "70", "s")),
    ("duration", lambda: lasting(70 * mV), TypeError, ("duration of run()", "70. mV", "s")),
    ("duration text", lambda: lasting("70*ms"), TypeError, ("duration of run()", "70*ms", "s")),
    ("no duration", lambda: lasting(None), TypeError, ("duration of run()", "None", "s")),
    ("assignment", lambda: many("tau", 5 * mV), TypeError, ("neurongroup.tau", "5. mV", "s")),
    ("assignment number", lambda: many("tau", 5), TypeError, ("neurongroup.tau", "5", "s")),
    ("assignment text", lambda: many("tau", "5*mV"), TypeError, ("neurongroup.tau", "'5*mV'", "V and s")),
    ("assignment item", lambda: many("tau", 5 * mV, 1), TypeError, ("neurongroup.tau", "5. mV", "s")),
    ("assignment mixed", lambda: many("tau", [5 * ms, 6 * mV, 7 * ms]), TypeError, ("5. ms", "6. mV")),
    ("index", lambda: many("v", 1, "w > 1"), TypeError, ("index of neurongroup", "'w'", "V")),
    ("synapse variable", lambda: weights(3 * mV), TypeError, ("synapses.w", "3. mV")),
    ("synapse variable text", lambda: weights("i*mV"), TypeError, ("synapses.w", "i*mV")),
    ("condition", lambda: connected("i > 1*mV"), TypeError, ("connect() of synapses", "'1*mV'")),
    (
        "probability",
        lambda: connected(p="i*mV"),
        TypeError,
        ("connect() of synapses", "p = 'i*mV'", "plain number"),
    ),
    (
        "count",
        lambda: connected(n="i*mV"),
        TypeError,
        ("connect() of synapses", "n = 'i*mV'", "plain number"),
    ),
    ("sampling step", lambda: watched("v", record=True, dt=3), TypeError, ("statemonitor", "3", "s")),
    ("clock", lambda: setattr(defaultclock, "dt", 0.1), TypeError, ("defaultclock.dt", "0.1", "s")),
    ("model", lambda: lif(C_m=3), TypeError, ("C_m", "lif", "3", "F")),
    ("model weight", lambda: gated(w=3 * mV), TypeError, ("synapses.w", "3. mV", "A")),
    ("sum", lambda: 1 * mV + 1 * nA, TypeError, ("1. mV", "1. nA")),
]

NAMES: list[Case] = [
    ("equations", lambda: cells(model="dv/dt = -v/taum : 1"), NameError, ("neurongroup", "taum", "declare")),
    ("threshold", lambda: cells(threshold="v > v_th"), NameError, ("neurongroup", "v_th", "declare")),
    (
        "reset",
        lambda: cells(reset="u = 1"),
        NameError,
        ("reset of neurongroup", "u cannot be changed", "not declared", "define"),
    ),
    ("reset value", lambda: cells(reset="v = v_r"), NameError, ("neurongroup", "v_r", "declare")),
    ("refractory", lambda: cells(refractory="t_r"), NameError, ("refractory", "neurongroup", "t_r", "declare")),
    ("on_pre", lambda: wires("v_post += ww"), NameError, ("synapses", "ww", "declare")),
    ("target variable", lambda: wires("u_post += 1"), NameError, ("on_pre of synapses", "u_post", "v_post")),
    ("assigned text", lambda: many("tau", "taau"), NameError, ("neurongroup.tau", "taau", "define")),
    ("index", lambda: many("v", 1, "ww > 1"), NameError, ("index of neurongroup", "ww", "declare")),
    ("variable", lambda: many("vv", 3), AttributeError, ("neurongroup", "'vv'", "did you mean 'v'")),
    ("synapse variable", lambda: setattr(wires()[1], "weight", 3), AttributeError, ("synapses", "'weight'", "declare")),
    ("delay", lambda: delays("dd*ms"), NameError, ("synapses.delay", "dd", "define")),
    ("rates", lambda: PoissonGroup(2, "r_r"), NameError, ("poissongroup.rates", "r_r", "define")),
    ("input weight", lambda: driven(weight="ww"), NameError, ("weight of poissoninput", "ww", "define")),
    ("input variable", lambda: driven("u"), ValueError, ("poissoninput", "'u'", "neurongroup")),
    ("condition", lambda: connected("kk > 1"), NameError, ("connect() of synapses", "kk", "define")),
    ("function", lambda: many("v", "sine(1)"), NameError, ("neurongroup.v", "sine", "sin")),
    ("monitor", lambda: watched("u", record=True), ValueError, ("statemonitor", "'u'", "it has v")),
    ("model parameter", lambda: lif(Cm=3 * nF), NameError, ("lif", "'Cm'", "did you mean C_m")),
    ("port", lambda: Synapses(NeuronGroup(1, lif), target="I_s", model=exponential, output=current), NameError,
     ("synapses", "'I_s'", "I_syn")),
]  # fmt: skip

LENGTHS: list[Case] = [
    ("assignment", lambda: many("tau", [5, 6] * ms), ValueError, ("neurongroup.tau", "2 values", "or 3")),
    ("table", lambda: many("tau", [[5, 6, 7]] * ms), ValueError, ("neurongroup.tau", "(1, 3)", "or 3")),
    (
        "part",
        lambda: many("tau", [5, 6, 7] * ms, slice(1, 3)),
        ValueError,
        ("neurongroup.tau", "3 values", "or 2"),
    ),
    ("shared", lambda: many("sh", [1, 2, 3] * mV), ValueError, ("neurongroup.sh", "shared", "one value")),
    ("refractory", lambda: cells(refractory=[1, 2] * ms), ValueError, ("refractory", "2 values", "or 3")),
    ("delays", lambda: delays([1, 2] * ms), ValueError, ("synapses.delay", "2 values", "or 9")),
    ("weights", lambda: weights([1, 2, 3]), ValueError, ("synapses.w", "3 values", "or 9")),
    ("rates", lambda: PoissonGroup(3, [1, 2] * Hz), ValueError, ("poissongroup.rates", "2 values", "or 3")),
    (
        "times",
        lambda: SpikeGeneratorGroup(2, [0, 1], [1] * ms),
        ValueError,
        ("2 indices", "1 times", "equally"),
    ),
    ("pairs", lambda: connected(i=[0, 1], j=[0, 1, 2]), ValueError, ("i has 2", "j has 3", "equally")),
    ("constant", lambda: cells(model="dv/dt = -v/two_times : 1"), TypeError, ("two_times", "declare")),
    ("mask", lambda: many("v", 1, np.array([True, False])), TypeError, ("neurongroup", "True", "index")),
]

NUMBERS: list[Case] = [
    ("delay negative", lambda: wires(delay=-3 * ms), ValueError, ("synapses.delay", "-0.003 s", "0 or more")),
    ("delay nan", lambda: wires(delay=NAN * ms), ValueError, ("synapses.delay", "nan", "finite")),
    ("delay infinite", lambda: wires(delay=INF * ms), ValueError, ("synapses.delay", "inf", "finite")),
    ("delay endless", lambda: wires(delay=1e30 * second), ValueError, ("synapses", "1e+30", "shorter than")),
    (
        "delays negative",
        lambda: delays(np.r_[np.ones(8), -1] * ms),
        ValueError,
        ("synapses.delay", "-0.001 s"),
    ),
    (
        "delays nan",
        lambda: delays(np.r_[np.ones(8), NAN] * ms),
        ValueError,
        ("synapses.delay", "nan at element 8"),
    ),
    ("delay of one", lambda: delays(-1 * ms, 4), ValueError, ("synapses.delay", "-0.001 s", "0 or more")),
    (
        "delays text",
        lambda: delays("-1*ms - rand()*ms"),
        ValueError,
        ("synapses.delay", "-0.001", "0 or more"),
    ),
    (
        "refractory negative",
        lambda: cells(refractory=-5 * ms),
        ValueError,
        ("refractory", "-0.005 s", "0 or more"),
    ),
    ("refractory nan", lambda: cells(refractory=NAN * ms), ValueError, ("refractory", "nan", "finite")),
    ("refractory infinite", lambda: cells(refractory=INF * ms), ValueError, ("refractory", "inf", "finite")),
    (
        "refractory endless",
        lambda: cells(refractory=1e9 * second),
        ValueError,
        ("neurongroup", "1e+09 s", "shorter"),
    ),
    ("parameter nan", lambda: many("w", NAN * mV), ValueError, ("neurongroup.w", "nan", "finite")),
    (
        "parameter infinite",
        lambda: many("w", [1, 2, INF] * mV),
        ValueError,
        ("neurongroup.w", "inf at element 2"),
    ),
    (
        "state nan",
        lambda: many("v", [0, NAN, 0]),
        ValueError,
        ("neurongroup.v", "nan at element 1", "finite"),
    ),
    ("state text", lambda: many("v", "log(-1.0*i)"), ValueError, ("neurongroup.v", "at element 0", "finite")),
    (
        "zero constant of time",
        lambda: many("tau", 0 * ms),
        ValueError,
        ("neurongroup", "neuron 0", "tau = 0 s"),
    ),
    (
        "constant nan",
        lambda: cells(model="dv/dt = -v/nan_time : 1"),
        ValueError,
        ("nan_time", "nan", "finite"),
    ),
    (
        "constant infinite",
        lambda: cells(model="dv/dt = -v/infinite_time : 1"),
        ValueError,
        ("infinite_time", "finite"),
    ),
    (
        "constant text",
        lambda: cells(model="dv/dt = -v/a_text : 1"),
        TypeError,
        ("a_text", "'10*ms'", "number"),
    ),
    ("weight nan", lambda: weights(NAN), ValueError, ("synapses.w", "nan", "finite")),
    (
        "weights infinite",
        lambda: weights(np.r_[np.zeros(8), INF]),
        ValueError,
        ("synapses.w", "inf at element 8"),
    ),
    ("weight overflow", lambda: weights(1e300, "v_post += w*w"), ValueError, ("synapses", "inf", "finite")),
    (
        "rate negative",
        lambda: PoissonGroup(3, -5 * Hz),
        ValueError,
        ("poissongroup.rates", "-5 Hz", "0 or more"),
    ),
    ("rate nan", lambda: PoissonGroup(3, NAN * Hz), ValueError, ("poissongroup.rates", "nan", "finite")),
    (
        "rate infinite",
        lambda: PoissonGroup(3, [1, 2, INF] * Hz),
        ValueError,
        ("poissongroup.rates", "inf at element 2"),
    ),
    (
        "rate beyond all",
        lambda: PoissonGroup(3, 1e30 * Hz),
        ValueError,
        ("poissongroup", "3e+30 Hz", "lower"),
    ),
    (
        "input rate negative",
        lambda: driven(rate=-5 * Hz),
        ValueError,
        ("rate of poissoninput", "-5. Hz", "0 or more"),
    ),
    (
        "input rate infinite",
        lambda: driven(rate=INF * Hz),
        ValueError,
        ("rate of poissoninput", "inf", "finite"),
    ),
    (
        "input rate beyond all",
        lambda: driven(rate=1e30 * Hz),
        ValueError,
        ("poissoninput", "3e+30 Hz", "lower"),
    ),
    ("input weight nan", lambda: driven(weight=NAN), ValueError, ("weight of poissoninput", "nan", "finite")),
    ("input count", lambda: driven(n=2.5), TypeError, ("poissoninput", "2.5", "whole number")),
    ("model nan", lambda: lif(C_m=NAN * nF), ValueError, ("C_m", "lif", "nan", "finite")),
    (
        "model zero",
        lambda: NeuronGroup(1, lif(C_m=0 * nF)),
        ValueError,
        ("neurongroup", "C_m = 0 F", "before run()"),
    ),
    (
        "gate zero",
        lambda: gated(tau=0 * ms),
        ValueError,
        ("neurongroup", "tau_synapses = 0 s", "before run()"),
    ),
    (
        "duration negative",
        lambda: lasting(-70 * ms),
        ValueError,
        ("duration of run()", "-70. ms", "0 or more"),
    ),
    ("duration nan", lambda: lasting(NAN * ms), ValueError, ("duration of run()", "nan", "finite")),
    ("duration infinite", lambda: lasting(INF * ms), ValueError, ("duration of run()", "inf", "finite")),
    (
        "duration endless",
        lambda: lasting(1e30 * second),
        ValueError,
        ("duration of run()", "at most 2**53 steps"),
    ),
    (
        "step zero",
        lambda: setattr(defaultclock, "dt", 0 * ms),
        ValueError,
        ("defaultclock.dt", "0. s", "above zero"),
    ),
    (
        "sampling step",
        lambda: watched("v", record=True, dt=0 * ms),
        ValueError,
        ("statemonitor", "above zero"),
    ),
    ("integer", lambda: many("k", 1.5), TypeError, ("neurongroup.k", "integer", "whole numbers")),
    ("boolean", lambda: many("b", 2), TypeError, ("neurongroup.b", "boolean", "True or False")),
    ("nothing", lambda: many("v", None), TypeError, ("neurongroup.v", "None", "numbers")),
    ("complex", lambda: many("v", 1j), TypeError, ("neurongroup.v", "1j", "numbers")),
    ("seed", lambda: seed(-1), ValueError, ("seed", "-1", "from 0")),
]

TRAINS: list[Case] = [
    ("before the start", lambda: train([0], [-1]), ValueError, ("spikegeneratorgroup", "-0.001 s", "past")),
    (
        "unsorted",
        lambda: train([0, 1, 0], [1, 3, 2], sorted=True),
        ValueError,
        ("not sorted", "entry 2", "0.002 s"),
    ),
    ("twice", lambda: train([1, 1], [2, 2]), ValueError, ("element 1", "twice", "0.002 s", "once")),
    ("nan", lambda: train([0], [NAN]), ValueError, ("times of spikegeneratorgroup", "nan", "finite")),
    ("infinite", lambda: train([0, 0], [1, INF]), ValueError, ("inf at element 1", "finite")),
    ("beyond all", lambda: train([0], [1e30]), ValueError, ("spikegeneratorgroup", "1e+27 s", "2**53 steps")),
    ("index", lambda: train([2], [1]), ValueError, ("indices of spikegeneratorgroup", "2", "0 to 1")),
    (
        "negative index",
        lambda: train([-1], [1]),
        ValueError,
        ("indices of spikegeneratorgroup", "-1", "0 to 1"),
    ),
    (
        "broken index",
        lambda: train([0, 0.5], [1, 2]),
        TypeError,
        ("spikegeneratorgroup", "holds 0.5", "whole"),
    ),
]

INDICES: list[Case] = [
    ("element", lambda: many("v", 1, 5), ValueError, ("neurongroup", "5", "0 to 2")),
    ("from the end", lambda: many("v", 1, -4), ValueError, ("neurongroup", "-4", "0 to 2")),
    ("list", lambda: many("v", 1, [0, 9]), ValueError, ("neurongroup", "9", "3 elements")),
    ("broken", lambda: many("v", 1, 1.5), TypeError, ("neurongroup", "1.5", "integer")),
    ("reading", lambda: cells().v[7], ValueError, ("neurongroup", "7", "0 to 2")),
    ("slice", lambda: cells()[2:9], ValueError, ("neurongroup", "9", "0 to 2")),
    ("empty slice", lambda: cells()[2:2], ValueError, ("neurongroup[2:2]", "no elements", "0 to 2")),
    ("slice with gaps", lambda: cells()[::2], TypeError, ("neurongroup", "without step")),
    ("recorded", lambda: watched("v", record=[5]), ValueError, ("record of statemonitor", "5", "0 to 2")),
    (
        "recorded spikes",
        lambda: SpikeMonitor(cells(), record=[7]),
        ValueError,
        ("record of spikemonitor", "7", "0 to 2"),
    ),
    ("no record", lambda: watched("v"), TypeError, ("statemonitor", "record=True")),
    ("synapse", lambda: weights(1)[1].w[9], ValueError, ("synapses", "9", "0 to 8")),
]

SIZES: list[Case] = [
    ("zero", lambda: cells(0), ValueError, ("neurongroup", "N is 0", "1 or more")),
    ("negative", lambda: cells(-1), ValueError, ("neurongroup", "N is -1", "1 or more")),
    ("broken", lambda: cells(2.5), TypeError, ("neurongroup", "2.5", "whole number")),
    ("text", lambda: cells("3"), TypeError, ("neurongroup", "'3'", "whole number")),
    ("none", lambda: cells(None), TypeError, ("neurongroup", "None", "whole number")),
    ("nan", lambda: cells(NAN), TypeError, ("neurongroup", "nan", "whole number")),
    ("true", lambda: cells(True), TypeError, ("neurongroup", "True", "whole number")),
    ("unit", lambda: cells(3 * mV), TypeError, ("N of neurongroup", "3. mV")),
    ("too many", lambda: cells(10**15), ValueError, ("neurongroup", "1000000000000000", "fewer")),
    ("sources", lambda: PoissonGroup(0, 5 * Hz), ValueError, ("poissongroup", "N is 0", "1 or more")),
    ("trains", lambda: SpikeGeneratorGroup(0, [], [] * ms), ValueError, ("spikegeneratorgroup", "N is 0")),
]

CONNECT: list[Case] = [
    (
        "condition and indices",
        lambda: connected("i != j", i=[0], j=[0]),
        TypeError,
        ("a condition and i or j", "one"),
    ),
    ("only i", lambda: connected(i=[0]), TypeError, ("connect() of synapses", "both i and j")),
    ("two texts", lambda: connected(i="j", j="i"), TypeError, ("both i and j", "generator")),
    ("source out of range", lambda: connected(i=[0, 5], j=[0, 1]), ValueError, ("i holds 5", "0 to 2")),
    ("target out of range", lambda: connected(i=[0, 1], j=[0, 3]), ValueError, ("j holds 3", "0 to 2")),
    ("negative", lambda: connected(i=[0, -1], j=[0, 1]), ValueError, ("i holds -1", "0 to 2")),
    ("broken index", lambda: connected(i=[0, 0.5], j=[0, 1]), TypeError, ("i holds 0.5", "whole numbers")),
    (
        "probability",
        lambda: connected(p=1.5),
        ValueError,
        ("connect() of synapses", "1.5", "between 0 and 1"),
    ),
    ("probability nan", lambda: connected(p=NAN), ValueError, ("p is nan", "between 0 and 1")),
    ("probability text", lambda: connected(p="2*i"), ValueError, ("p is 2.0", "between 0 and 1")),
    ("condition number", lambda: connected(5), TypeError, ("condition is 5", "'i != j'")),
    ("condition list", lambda: connected([0, 1]), TypeError, ("condition is [0, 1]", "'i != j'")),
    ("no condition", lambda: connected("i + j"), TypeError, ("'i + j' is not a condition", "'i != j'")),
    ("syntax", lambda: connected("i >"), ValueError, ("connect() of synapses", "'i >'")),
    ("count negative", lambda: connected(n=-1), ValueError, ("n is -1", "whole number")),
    ("count broken", lambda: connected(n="i*0.5"), ValueError, ("'i*0.5'", "whole number")),
    (
        "generator",
        lambda: connected(j="k for k in range(i, i+3)"),
        ValueError,
        ("gives 3 for i=1", "skip_if_invalid"),
    ),
    ("generator syntax", lambda: connected(j="k for k in"), ValueError, ("'k for k in'", "range(")),
    (
        "no generator",
        lambda: connected(j="__import__('os')"),
        NameError,
        ("connect() of synapses", "__import__"),
    ),
    (
        "never",
        lambda: Synapses(*[cells()] * 2, on_pre="v_post += 1"),
        ValueError,
        ("synapses.connect()", "before run()"),
    ),
    (
        "weight before",
        lambda: setattr(Synapses(cells(), model="w : 1"), "w", 3),
        ValueError,
        ("synapses.w", "connect()"),
    ),
    ("source", lambda: Synapses(3, cells()), TypeError, ("source of synapses", "3", "NeuronGroup")),
    ("target", lambda: Synapses(cells(), 5), TypeError, ("target of synapses", "5", "NeuronGroup")),
]

TEXTS: list[Case] = [
    (
        "no unit",
        lambda: cells(model="dv/dt = -v/(10*ms)"),
        ValueError,
        ("neurongroup", "no unit", "' : volt'"),
    ),
    ("no equation", lambda: cells(model="hello world"), ValueError, ("neurongroup", "'hello world'")),
    (
        "bracket",
        lambda: cells(model="dv/dt = -v/(10*ms : 1"),
        ValueError,
        ("neurongroup", "dv/dt", "never closed"),
    ),
    ("twice", lambda: cells(model="v : 1\nv : 1"), ValueError, ("neurongroup", "v is declared twice")),
    (
        "flag",
        lambda: cells(model="dv/dt = -v/ms : 1 (unless refracory)"),
        ValueError,
        ("refracory", "unless refractory"),
    ),
    ("ring", lambda: cells(model="a = b : 1\nb = a : 1\nv : 1"), ValueError, ("a -> b -> a", "break")),
    (
        "not linear",
        lambda: cells(model="dv/dt = v**2/ms : 1", method="exact"),
        ValueError,
        ("neurongroup", "'v**2'", "linear"),
    ),
    ("no model", lambda: cells(model=None), TypeError, ("neurongroup", "None", "text")),
    ("threshold", lambda: cells(threshold="v"), ValueError, ("threshold of neurongroup", "'v'", "compare")),
    ("threshold number", lambda: cells(threshold=3), TypeError, ("threshold of neurongroup", "3", "text")),
    ("threshold syntax", lambda: cells(threshold="v >"), ValueError, ("threshold of neurongroup", "'v >'")),
    (
        "noise solved exactly",
        lambda: cells(model="dv/dt = -v/ms + xi/ms**0.5 : 1", method="exact"),
        ValueError,
        ("neurongroup", "xi is noise"),
    ),
    (
        "tolerance",
        lambda: cells(method="adaptive", method_options={"rtol": -1}),
        ValueError,
        ("neurongroup", "rtol is -1", "above 0"),
    ),
    (
        "option",
        lambda: cells(method="adaptive", method_options={"rtl": 1e-6}),
        ValueError,
        ("neurongroup", "'rtl'", "rtol"),
    ),
    (
        "reset",
        lambda: cells(reset="v == 1"),
        ValueError,
        ("reset of neurongroup", "'v == 1'", "name = expression"),
    ),
    (
        "reset alone",
        lambda: NeuronGroup(1, LEAKY, reset="v = 0"),
        ValueError,
        ("neurongroup", "reset", "no threshold"),
    ),
    (
        "refractory alone",
        lambda: NeuronGroup(1, LEAKY, refractory=1 * ms),
        ValueError,
        ("refractory", "no threshold"),
    ),
    (
        "on_pre",
        lambda: wires("v_post + 1"),
        ValueError,
        ("on_pre of synapses", "'v_post + 1'", "name = expression"),
    ),
    ("on_pre number", lambda: wires(3), TypeError, ("synapses", "on_pre is 3", "text")),
    (
        "on_pre of the source",
        lambda: wires("w_pre += 1"),
        NameError,
        ("on_pre of synapses", "w_pre", "source"),
    ),
    ("subexpression", lambda: many("sub", 3), AttributeError, ("neurongroup.sub", "2*v")),
    ("code", lambda: many("v", "import os"), ValueError, ("neurongroup.v", "'import os'")),
    ("attack", lambda: many("v", "().__class__"), ValueError, ("neurongroup.v", "__class__")),
    ("method", lambda: cells(method="foo"), ValueError, ("neurongroup", "'foo'", "exact")),
    ("name", lambda: cells(name="a b"), ValueError, ("'a b'", "letters")),
    ("namespace", lambda: cells(namespace=5), TypeError, ("namespace of neurongroup", "5", "dict")),
    (
        "namespace of run",
        lambda: lasting(1 * ms, namespace=3),
        TypeError,
        ("namespace of run()", "3", "dict"),
    ),
    ("threads", lambda: lasting(1 * ms, threads="2"), TypeError, ("threads of run()", "'2'", "whole number")),
    (
        "monitor of nothing",
        lambda: watched(5, record=True),
        TypeError,
        ("variables of statemonitor", "5", "names"),
    ),
    (
        "monitor",
        lambda: StateMonitor(3, "v", record=True),
        TypeError,
        ("source of statemonitor", "3", "NeuronGroup"),
    ),
    ("no spikes", lambda: SpikeMonitor(NeuronGroup(1, LEAKY)), ValueError, ("spikemonitor", "no threshold")),
    (
        "gate alone",
        lambda: Synapses(NeuronGroup(1, lif), model=exponential),
        TypeError,
        ("synapses", "output=current"),
    ),
    (
        "no port",
        lambda: Synapses(cells(), model=exponential, output=current),
        NameError,
        ("synapses", "(input)"),
    ),
    (
        "input set",
        lambda: setattr(NeuronGroup(1, lif), "I_syn", 1 * nA),
        AttributeError,
        ("neurongroup.I_syn", "weights"),
    ),
]


def train(indices: Any, times: Any, **options: Any) -> SpikeGeneratorGroup:
    """Two elements; times in ms."""
    return SpikeGeneratorGroup(2, indices, times * ms, **options)


def of(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("action", "kind", "words"), [case[1:] for case in cases], ids=[case[0] for case in cases]
    )


def refuse(action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]) -> None:
    """The action, or at the latest a run of what it made, is refused; a new script then runs."""
    with pytest.raises(EvsimError) as caught:
        made = action()
        run(1 * ms)
        assert made is not None
    assert isinstance(caught.value, kind)
    check_message(caught.value, words)
    start_scope()
    group = cells(1)
    group.v = 0.5
    run(10 * ms)
    assert group.v[0] == pytest.approx(0.5 / np.e, rel=1e-13)


@of(UNITS)
def test_units_that_do_not_fit(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


@of(UNITS)
def test_wrong_units_are_one_kind_of_error(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    with pytest.raises((DimensionMismatchError, EvsimNameError)):
        made = action()
        run(1 * ms)
        assert made is None


@of(NAMES)
def test_names_that_nobody_declared(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


@of(LENGTHS)
def test_wrong_lengths(action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]) -> None:
    refuse(action, kind, words)


@of(NUMBERS)
def test_numbers_that_cannot_be(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


@of(TRAINS)
def test_wrong_spike_times(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


@of(INDICES)
def test_indices_out_of_range(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


@of(SIZES)
def test_sizes_that_no_group_has(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


@of(CONNECT)
def test_connections_that_contradict(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


@of(TEXTS)
def test_texts_that_say_nothing(
    action: Callable[[], object], kind: type[Exception], words: tuple[str, ...]
) -> None:
    refuse(action, kind, words)


# Corrected, and run


def test_a_refused_value_leaves_the_old_ones() -> None:
    group = many("w", [1, 2, 3] * mV)
    group.v = [0.1, 0.2, 0.3]
    attempts: list[tuple[str, Any]] = [
        ("w", NAN * mV),
        ("w", [1, NAN, 3] * mV),
        ("w", [7, 8] * mV),
        ("w", 5 * nA),
        ("w", "nowhere*mV"),
        ("v", [0, INF, 0]),
    ]
    for name, value in attempts:
        with pytest.raises(EvsimError):
            setattr(group, name, value)
    assert group.w[:] / mV == pytest.approx([1, 2, 3], rel=1e-15)
    assert group.v[:].tolist() == [0.1, 0.2, 0.3]
    run(10 * ms)
    assert group.v[:] == pytest.approx(np.array([0.1, 0.2, 0.3]) / np.e, rel=1e-13)


def test_a_name_that_was_missing_is_defined_and_the_network_runs() -> None:
    group = cells(1, "dv/dt = rate_of_it : 1")
    spikes = SpikeMonitor(group)
    group.v = 0.5
    with pytest.raises(EvsimNameError, match="rate_of_it is not defined"):
        run(4 * ms)
    rate_of_it = 3 * mV
    with pytest.raises(DimensionMismatchError, match="neurongroup"):
        run(4 * ms)
    rate_of_it = 200 * Hz
    run(4 * ms)
    assert rate_of_it == 200 * Hz
    assert group.v[0] == pytest.approx(0.3, rel=1e-12)
    assert spikes.t / ms == pytest.approx([2.5], rel=1e-13)


def test_delays_are_corrected_and_the_network_runs() -> None:
    given, target = train([0, 1], [1, 2]), NeuronGroup(2, "v : 1")
    synapses = Synapses(given, target, on_pre="v_post += 1")
    synapses.connect(i=[0, 1], j=[0, 1])
    for wrong in ([1, -1] * ms, [1, NAN] * ms, [1, 2, 3] * ms, 3 * mV, "-i*ms"):
        with pytest.raises(EvsimError, match=r"synapses\.delay"):
            synapses.delay = wrong
    assert np.all(synapses.delay / ms == 0)
    synapses.delay = [1.5, 0.25] * ms
    run(2.4 * ms)
    assert target.v[:].tolist() == [0, 1]
    with pytest.raises(EvsimError, match=r"synapses\.delay"):
        synapses.delay[1] = -1 * ms
    run(0.2 * ms)
    assert target.v[:].tolist() == [1, 1]


def test_connections_are_corrected_and_the_network_runs() -> None:
    given, target = train([0, 1], [1, 2]), NeuronGroup(2, "v : 1")
    synapses = Synapses(given, target, on_pre="v_post += 1")
    with pytest.raises(EvsimError, match="no synapses"):
        run(3 * ms)
    for wrong in ({"i": [0, 2], "j": [0, 1]}, {"p": 2}, {"condition": "i != k"}, {"n": -1}):
        with pytest.raises(EvsimError, match=r"connect\(\) of synapses"):
            synapses.connect(**wrong)
    assert len(synapses) == 0
    synapses.connect(i=[0, 1], j=[0, 0])
    run(3 * ms)
    assert target.v[:].tolist() == [2, 0]


def test_an_error_in_one_object_of_several_loses_nothing_of_the_others() -> None:
    first, second_ = cells(1, name="first"), cells(1, model="dv/dt = -v/tau_2 : 1", name="second")
    first.v, second_.v = 0.5, 0.25
    spikes = SpikeMonitor(first)
    with pytest.raises(EvsimNameError, match="second: tau_2"):
        run(10 * ms)
    assert (first.v[0], second_.v[0], magic_network().t_) == (0.5, 0.25, 0)
    run(10 * ms, namespace={"tau_2": 5 * ms})
    assert (first.v[0], second_.v[0]) == pytest.approx((0.5 / np.e, 0.25 / np.e**2), rel=1e-12)
    assert spikes.num_spikes == 0


def test_parameters_that_became_wrong_between_runs_are_refused_and_corrected() -> None:
    group = many("w", 1 * mV)
    group.v = 0.8
    run(10 * ms)
    group.tau[1] = 0 * ms
    with pytest.raises(
        EvsimValueError, match=r"neurongroup: dv/dt = -v/tau is not finite for neuron 1.*tau = 0 s"
    ):
        run(10 * ms)
    assert group.v[:] == pytest.approx([0.8 / np.e] * 3, rel=1e-13)
    group.tau[1] = 20 * ms
    run(10 * ms)
    assert group.v[:] == pytest.approx([0.8 / np.e**2, 0.8 / np.e**1.5, 0.8 / np.e**2], rel=1e-12)
    assert magic_network().t / ms == pytest.approx(20)


def test_values_that_were_equal_may_differ_in_a_later_run() -> None:
    group = NeuronGroup(3, "dv/dt = (level - v)/(10*ms) : 1\nlevel : 1", threshold="v > 1", reset="v = 0")
    group.level = 0.5
    spikes = SpikeMonitor(group)
    run(10 * ms)
    before = 0.5 * (1 - 1 / np.e)
    group.level = [0, 0.5, 2]
    run(6 * ms)
    fade = np.exp(-0.6)
    reached = 10 * np.log((2 - before) / (2 - 1))
    assert spikes.i.tolist() == [2]
    assert spikes.t / ms == pytest.approx([10 + reached], rel=1e-12)
    after = 2 * (1 - np.exp(-(6 - reached) / 10))
    assert group.v[:] == pytest.approx([before * fade, 0.5 + (before - 0.5) * fade, after], rel=1e-12)


@pytest.mark.parametrize("name", ["C_m", "I_stim", "V_th", "E_L"])
def test_every_parameter_of_a_model_may_differ_in_a_later_run(name: str) -> None:
    """What differs from the start gives what differs from the second run on."""
    found = []
    for is_late in (False, True):
        start_scope()
        group = NeuronGroup(4, lif(I_stim=0.5 * nA))
        spikes = SpikeMonitor(group)
        other = getattr(group, name)[0] * np.array([1, 1.05, 1.1, 0.95])
        if not is_late:
            setattr(group, name, getattr(group, name)[0] * np.ones(4))
            getattr(group, name)[3] = getattr(group, name)[0] * (1 + 1e-15)
        run(50 * ms)
        setattr(group, name, other)
        run(150 * ms)
        order = np.lexsort(
            (spikes.t / ms, spikes.i)
        )  # the last digit of a value may decide which of two comes first
        found.append((spikes.i[order], (spikes.t / ms)[order]))
    assert found[0][0].size > 10
    assert len({found[0][1][found[0][0] == k][-1] for k in range(4)}) > 1
    assert np.array_equal(found[0][0], found[1][0])
    assert np.allclose(found[0][1], found[1][1], rtol=1e-11, atol=0)


def test_a_past_spike_is_refused_when_given_late() -> None:
    first = train([0], [1])
    spikes = SpikeMonitor(first)
    run(5 * ms)
    with pytest.raises(EvsimValueError, match=r"spikegeneratorgroup: a spike at 0\.003 s is past.*0\.005 s"):
        first.set_spikes([0], [3] * ms)
    late = train([0, 1], [3, 7])
    with pytest.raises(EvsimValueError, match=r"spikegeneratorgroup_1: a spike at 0\.003 s is past"):
        run(5 * ms)
    late.set_spikes([0, 1], [5, 7] * ms)
    late_spikes = SpikeMonitor(late)
    first.set_spikes([0], [6] * ms)
    run(5 * ms)
    assert spikes.t / ms == pytest.approx([1, 6], rel=1e-14)
    assert late_spikes.t / ms == pytest.approx([5, 7], rel=1e-14)


# While it runs


def check_kept(spikes: SpikeMonitor, expected: list[float]) -> None:
    """After a run that failed: the spikes before the window in which it did, each once."""
    assert len(expected) - 1 <= spikes.num_spikes <= len(expected)
    assert spikes.t / ms == pytest.approx(expected[: spikes.num_spikes], rel=1e-12)


def test_a_threshold_that_holds_after_the_reset_is_named_with_neuron_and_time() -> None:
    group = NeuronGroup(3, "dv/dt = slope : 1\nslope : Hz", threshold="v > 1", reset="v = 2")
    group.slope = [10, 400, 20] * Hz
    other = cells(1, "dv/dt = 1000*Hz : 1")
    spikes = SpikeMonitor(other)
    with pytest.raises(EvsimRuntimeError) as caught:
        run(10 * ms)
    check_message(caught.value, ("neurongroup[1]", "2.5 ms", "refractory", "reset"))
    assert isinstance(caught.value, RuntimeError)
    check_kept(spikes, [1, 2])
    assert magic_network().t / ms == pytest.approx(2.5, rel=1e-15)
    with pytest.raises(
        EvsimRuntimeError, match=r"neurongroup\[1\]: at 2\.5 ms the threshold condition still holds"
    ):
        run(1 * ms)


@pytest.mark.parametrize("period", [None, 0 * ms])
@pytest.mark.parametrize(("threshold", "reset"), [("v >= 1", "v = 1"), ("v >= 1", None), ("v < 1", "v = 0")])
def test_a_threshold_that_is_true_for_ever(threshold: str, reset: str | None, period: object) -> None:
    group = NeuronGroup(1, "dv/dt = 1000*Hz : 1", threshold=threshold, reset=reset, refractory=period)
    when = "0 ms" if threshold == "v < 1" else "1 ms"
    with pytest.raises(EvsimRuntimeError, match=rf"neurongroup\[0\]: at {when}.*for ever.*set refractory"):
        run(3 * ms)
    start_scope()
    group = NeuronGroup(1, "dv/dt = 1000*Hz : 1", threshold=threshold, reset=reset, refractory=0.75 * ms)
    spikes = SpikeMonitor(group)
    run(3 * ms)
    assert spikes.num_spikes >= 2
    assert np.all(np.diff(spikes.t / ms) > 0.75 - 1e-12)


def test_a_state_that_overflows_is_named_with_neuron_and_time() -> None:
    group = NeuronGroup(3, "dv/dt = v/(0.01*ms) : 1", threshold="v < -1", reset="v = 0")
    group.v = [0, 0, 1]
    other = cells(1, "dv/dt = 1000*Hz : 1")
    spikes = SpikeMonitor(other)
    with pytest.raises(EvsimRuntimeError) as caught:
        run(100 * ms)
    check_message(caught.value, ("neurongroup[2]", "infinite or NaN", "parameters"))
    when = float(str(caught.value).split(" at ")[1].split(" ms")[0])
    assert when == pytest.approx(0.01 * np.log(np.finfo(float).max), abs=0.1)
    assert magic_network().t / ms == pytest.approx(when, abs=0.2)
    check_kept(spikes, [1, 2, 3, 4, 5, 6, 7])


@pytest.mark.parametrize("delay", [0, 0.03, 1])
def test_deliveries_that_overflow_are_named(delay: float) -> None:
    given, target = train([0, 1], [2.5, 2.5]), NeuronGroup(2, LEAKY)
    synapses = Synapses(given, target, "w : 1", on_pre="v_post += w", delay=delay * ms)
    synapses.connect(i=[0, 1], j=[1, 1])
    synapses.w = 1e308
    with pytest.raises(
        EvsimRuntimeError, match=r"^neurongroup\[1\]: its state became infinite or NaN at [23]"
    ):
        run(10 * ms)


def test_code_of_synapses_that_divides_by_zero_is_named() -> None:
    given, target = train([0, 1], [2.5, 3.5]), NeuronGroup(2, "y : 1")
    synapses = Synapses(given, target, "w : 1", on_pre="y_post = 1/w")
    synapses.connect(i=[0, 1], j=[0, 1])
    synapses.w = [1, 0]
    run(3 * ms)
    assert target.y[:].tolist() == [1, 0]
    with pytest.raises(EvsimRuntimeError, match=r"^neurongroup\[1\]: its state became infinite or NaN at 3"):
        run(3 * ms)


def test_variables_of_synapses_that_overflow_are_named() -> None:
    given, target = train([0, 1, 1], [1, 1, 2]), NeuronGroup(2, "y : 1")
    synapses = Synapses(given, target, "w : 1", on_pre="w = w*1e200")
    synapses.connect(i=[0, 1], j=[0, 1])
    synapses.w = 1
    with pytest.raises(
        EvsimRuntimeError, match=r"^synapses: at 2 ms its code has made w of synapse 1 infinite or NaN; check"
    ):
        run(3 * ms)
    assert len(target) == 2


# Whose is it


def test_objects_belong_to_one_network() -> None:
    group = cells()
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(1 * ms)
    for others in ([group], [group, spikes], [spikes]):
        with pytest.raises(EvsimValueError) as caught:
            Network(*others).run(1 * ms)
        check_message(caught.value, ("has run in another network", "new object"))


def test_what_a_network_needs_is_named_and_can_be_added() -> None:
    given, target = train([0], [1]), NeuronGroup(1, "v : 1")
    synapses = Synapses(given, target, on_pre="v_post += 1")
    synapses.connect(i=0, j=0)
    net = Network(synapses, target)
    with pytest.raises(
        EvsimValueError, match="source of synapses, spikegeneratorgroup, is not part of the network; add it"
    ):
        net.run(2 * ms)
    net.add(given)
    net.run(2 * ms)
    assert target.v[0] == 1


def test_what_can_no_longer_change_says_so() -> None:
    group, synapses = wires()
    group.v = 0.5
    run(1 * ms)
    with pytest.raises(
        EvsimError, match=r"connect\(\) of synapses: synapses has run already; make new Synapses"
    ):
        synapses.connect(i=0, j=0)
    defaultclock.dt = 0.2 * ms
    with pytest.raises(EvsimError, match="set it back, or begin again"):
        run(1 * ms)
    defaultclock.dt = 0.1 * ms
    run(9 * ms)
    assert group.v[:] == pytest.approx([0.5 / np.e] * 3, rel=1e-13)


def test_every_error_of_evsim_is_also_one_of_python() -> None:
    for kind, built_in in [
        (EvsimValueError, ValueError),
        (EvsimTypeError, TypeError),
        (EvsimNameError, NameError),
        (EvsimAttributeError, AttributeError),
        (EvsimRuntimeError, RuntimeError),
        (DimensionMismatchError, TypeError),
    ]:
        assert issubclass(kind, EvsimError)
        assert issubclass(kind, built_in)
