"""`import evsim` is quick, brings nothing heavy with it, and `from evsim import *` gives what it promises."""

from __future__ import annotations

import builtins
import subprocess
import sys

import evsim

MODULES = ("evsim", "numpy, pint")
CPU_SECONDS = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"
LOADED = "import sys, evsim; print(*sys.modules, sep='\\n')"
HEAVY = {"IPython", "matplotlib", "mpmath", "neo", "pandas", "scipy", "sympy", "tqdm"}


def output_of(code: str) -> str:
    """Run a line in a fresh Python."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_import_takes_little_more_than_numpy_and_pint() -> None:
    """0.3 s of CPU are promised on a quiet machine, of which these two take 0.2; `benchmarks.start` measures it."""
    ours, theirs = (min(float(output_of(CPU_SECONDS.format(what))) for _ in range(5)) for what in MODULES)
    assert 0.0 < theirs < ours < 1.6 * theirs


def test_import_leaves_heavy_libraries_alone() -> None:
    loaded = {name.partition(".")[0] for name in output_of(LOADED).split()}
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


def test_every_public_name_exists_once() -> None:
    assert [name for name in evsim.__all__ if not hasattr(evsim, name)] == []
    assert len(set(evsim.__all__)) == len(evsim.__all__) > 0


def test_no_public_name_shadows_a_builtin() -> None:
    assert set(evsim.__all__) & set(dir(builtins)) == set()


def test_the_star_import_brings_the_words_of_a_first_script() -> None:
    words = "NeuronGroup Synapses SpikeMonitor StateMonitor run seed defaultclock ms mV nA nF nS pA second"
    assert set(words.split()) - set(evsim.__all__) == set()
