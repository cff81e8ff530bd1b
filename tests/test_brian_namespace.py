"""`from evsim.brian import *` brings what `from brian2 import *` brings, as far as point neurons go."""

from __future__ import annotations

import builtins
import logging
import re
import runpy
from pathlib import Path

import numpy
import pytest

import evsim
import evsim.brian as brian
from evsim.brian.absent import ACCIDENTAL, REFUSED
from evsim.brian.preferences import ACTING, WITHOUT_EFFECT
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.units import DimensionMismatchError, ms, mV, nA

NAMES = [
    name
    for line in (Path(__file__).parent / "brian_names.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for name in line.split()
]
PLOTS = "figure plot subplot subplots xlabel ylabel title legend xlim ylim show hist savefig imshow colorbar axis text"


@pytest.fixture(autouse=True)
def as_before():
    yield
    brian.restore_initial_state()
    brian.prefs.reset_to_defaults()
    evsim.prefs.threads = 1
    brian.set_device("runtime")


def test_every_name_of_brian_is_there_except_those_that_come_by_accident():
    assert len(NAMES) > 900
    assert set(NAMES) - set(brian.__all__) == ACCIDENTAL
    assert set(brian.__all__) >= set(PLOTS.split())


def test_every_name_in_all_exists():
    assert [name for name in brian.__all__ if not hasattr(brian, name)] == []


def test_names_that_are_missing_on_purpose_are_missing_and_say_why():
    assert [name for name in REFUSED if name in evsim.__all__] == []
    for name in REFUSED:
        absent = getattr(brian, name)
        for use in (absent, lambda absent=absent: absent.parts, lambda absent=absent: isinstance(1, absent)):
            with pytest.raises(EvsimError, match=rf"^{name} of Brian is not part of evsim: \w+"):
                use()


def test_a_class_cannot_be_derived_from_a_name_that_is_missing():
    with pytest.raises(EvsimError, match="Group of Brian is not part of evsim"):

        class Own(brian.Group):
            pass


def test_builtins_are_hidden_where_pylab_hides_them_and_nowhere_else():
    hidden = {name for name in brian.__all__ if getattr(builtins, name, None) is not getattr(brian, name)}
    assert hidden & set(dir(builtins)) == {"all", "any", "divmod", "sum"}


def test_words_of_evsim_are_those_of_evsim():
    for (
        name
    ) in "NeuronGroup Synapses SpikeMonitor TimedArray linked_var run defaultclock check_units mV".split():
        assert getattr(brian, name) is getattr(evsim, name)


def test_numpy_knows_units_where_it_does_not_by_itself():
    assert brian.np is brian.numpy
    assert list(brian.np.arange(0 * ms, 2 * ms, 1 * ms)) == [0 * ms, 1 * ms]
    assert list(brian.arange(3)) == [0, 1, 2]
    assert brian.sum([1 * mV, 2 * mV]) == 3 * mV
    assert brian.mean([1 * mV, 3 * mV]) == 2 * mV
    assert max([1 * mV, 3 * mV]) == brian.max([1 * mV, 3 * mV]) == 3 * mV
    assert list(range(2) * mV) == [0 * mV, 1 * mV]
    assert brian.np.random is numpy.random
    assert brian.trapz([1, 1] * nA, dx=1 * ms) == 1 * nA * ms
    with pytest.raises(DimensionMismatchError):
        brian.exp(1 * mV)


def test_methods_are_names_too():
    assert [brian.exact, brian.rk4, brian.exponential_euler] == ["exact", "rk4", "exponential_euler"]


def test_seed_makes_numpy_repeatable_too():
    brian.seed(4)
    first = brian.rand(3), brian.randn(3)
    brian.seed(4)
    assert numpy.array_equal((brian.rand(3), brian.randn(3)), first)


def test_preferences_of_code_generation_are_accepted():
    brian.prefs.codegen.target = "numpy"
    brian.prefs["codegen.cpp.extra_compile_args_gcc"] = ["-O3"]
    assert brian.prefs.codegen.target == brian.prefs["codegen.target"] == "numpy"
    assert brian.prefs.codegen.cpp.extra_compile_args_gcc == ["-O3"]
    assert {"codegen.target", "timing"} <= set(brian.prefs)
    assert set(WITHOUT_EFFECT) & set(ACTING) == set()


def test_preferences_that_mean_something_act():
    brian.prefs.devices.cpp_standalone.openmp_threads = 2
    assert evsim.prefs.threads == 2
    brian.prefs.timing = "exact"
    assert evsim.prefs.timing == brian.prefs.timing == "exact"
    brian.prefs.core.default_float_dtype = numpy.float64
    with pytest.raises(EvsimValueError, match="evsim computes in float64"):
        brian.prefs.core.default_float_dtype = numpy.float32
    with pytest.raises(EvsimValueError, match="the order at an instant is fixed"):
        brian.prefs.core.network.default_schedule = ["start", "end"]


def test_a_preference_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(
        EvsimError, match=r"prefs has no 'codegen.tarket'; did you mean prefs.codegen.target\?"
    ):
        brian.prefs.codegen.tarket = "numpy"


def test_devices_are_accepted_and_say_that_nothing_changes(caplog):
    with caplog.at_level(logging.INFO, logger="evsim"):
        brian.set_device("cpp_standalone", directory="output", build_on_run=False)
        brian.device.build(directory="output", compile=True, run=True, debug=False)
    assert "set_device('cpp_standalone') changes nothing" in caplog.text
    assert "nothing to build" in caplog.text
    assert brian.get_device().name == "cpp_standalone"
    with pytest.raises(EvsimValueError, match="give 'runtime' or 'cpp_standalone'"):
        brian.set_device("genn")
    with pytest.raises(EvsimTypeError, match=r"device.run\(\): there is no program to start again"):
        brian.device.run(results_directory="results")


def test_the_log_follows_brians_words():
    logger = logging.getLogger("evsim")
    before = logger.level
    brian.BrianLogger.log_level_error()
    assert logger.level == logging.ERROR
    brian.BrianLogger.log_level_debug()
    assert logger.level == logging.DEBUG
    logger.setLevel(before)


def test_the_magic_network_is_an_object_as_in_brian():
    cells = evsim.NeuronGroup(2, "dv/dt = -v/ms : 1")
    assert cells in brian.magic_network.objects
    assert brian.magic_network() is evsim.magic_network()


def test_dimensions_and_types():
    assert brian.get_or_create_dimension(length=1, time=-1) == (evsim.metre / evsim.second).dim
    assert brian.get_or_create_dimension([2, 1, -3, -1, 0, 0, 0]) == evsim.volt.dim
    assert brian.is_scalar_type(3 * mV) is brian.is_scalar_type([1] * mV) is False
    assert brian.is_scalar_type(3.0)
    assert brian.get_unit(mV.dim) == evsim.volt


@pytest.fixture
def canvas():
    figure = brian.figure()
    yield figure
    brian.close(figure)


def test_quantities_are_drawn_in_si_as_in_brian(canvas):
    times, rates = numpy.arange(3.0) * ms, numpy.arange(3.0) * evsim.kHz
    line = brian.plot(times / ms, rates)[0]
    assert line.get_ydata(orig=False).tolist() == [0, 1000, 2000]
    assert brian.plot(times, rates)[0].get_xdata(orig=False) == pytest.approx([0, 1e-3, 2e-3], rel=1e-15)
    brian.xlim(0 * ms, 5 * ms)
    assert brian.xlim() == (0, 0.005)
    brian.axhline(500 * evsim.Hz)
    brian.hist(rates)
    brian.scatter(times, rates)
    canvas.canvas.draw()


SCRIPT = """
from evsim.brian import *

set_device('runtime')
prefs.codegen.target = 'numpy'
start_scope()
seed(3)
N = 5
tau = 10*ms
eqs = Equations('dv/dt = (I0 - v)/tau_m : 1', tau_m=tau) + Equations('I0 : 1')
G = NeuronGroup(N, eqs, threshold='v > 1', reset='v = 0', method=exact)
G.I0 = linspace(1.5, 2.5, N)
M = SpikeMonitor(G)
run(50*ms)
first = array([M.t[M.i == k][0]/ms for k in range(N)])
expected = array(10*log(G.I0/(G.I0 - 1)))
"""


def test_a_script_of_brian_runs_with_another_import_line(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    names = runpy.run_path(str(script))
    # v(t) = I0*(1 - exp(-t/tau)) reaches 1 at tau*log(I0/(I0 - 1))
    assert numpy.allclose(names["first"], names["expected"], rtol=0, atol=1e-11)
    assert names["first"][0] == pytest.approx(10.986122886681098, abs=1e-11)


PAGE = Path(__file__).resolve().parents[1] / "docs" / "brian.md"
BLOCKS = (
    re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL) if PAGE.exists() else []
)


@pytest.mark.parametrize("k", range(len(BLOCKS)))
def test_scripts_of_the_page_run(k, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(BLOCKS[k], encoding="utf-8")
    names = runpy.run_path(str(script))
    if k == 0:  # 20 mV from 25 ms on: 10 mV is reached tau*log(2) later
        assert names["S"].t[0] / ms == pytest.approx(25 + 10 * numpy.log(2), abs=0.1)
    if k == 1:  # x relaxes to 2/3 with the rate 1.5/ms
        assert names["G"].x[0] == pytest.approx(2 / 3 * (1 - numpy.exp(-1.5 * 5)), abs=1e-6)
