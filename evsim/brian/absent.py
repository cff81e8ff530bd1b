"""Names of Brian that evsim does not have, with the reason, as data; using one raises an error that says it."""

from __future__ import annotations

from typing import Any, NoReturn

from evsim.errors import EvsimError

_POINT = "evsim has point neurons only; use a NeuronGroup for each compartment, or Brian for whole cells"
_INSIDE = "it belongs to the inside of Brian; use the objects and functions that scripts use"
_GSL = 'give method="adaptive", with tolerances in method_options'
_METHOD = "methods are given by name, as in method='rk4'"

REFUSED: dict[str, str] = {
    **dict.fromkeys(("Cylinder", "Morphology", "Section", "Soma", "SpatialNeuron"), _POINT),
    **dict.fromkeys(
        (
            "BrianObject", "BrianPreference", "CodeRunner", "CythonCodeObject", "DEFAULT_CONSTANTS",
            "DEFAULT_FUNCTIONS", "DEFAULT_UNITS", "Expression", "Group", "ImportExport", "Nameable",
            "NumpyCodeObject", "SpikeSource", "Statements", "Trackable", "VariableOwner", "get_local_namespace",
        ),
        _INSIDE,
    ),
    **dict.fromkeys(("gsl_rk2", "gsl_rk4", "gsl_rk8pd", "gsl_rkck", "gsl_rkf45"), _GSL),
    **dict.fromkeys(("ExplicitStateUpdater", "StateUpdateMethod", "independent"), _METHOD),
    "BinomialFunction": "draw the numbers with numpy's random.binomial and set them as a parameter",
    "check_cache": "the command `evsim` shows evsim's cache of kernels",
    "clear_cache": "kernels stay in evsim's cache; remove its folder to compile them again",
    "register_new_unit": "print in a unit of your choice with in_unit(x, unit)",
}  # fmt: skip
"""Names that stand for an error: nothing in evsim does what they do."""

ACCIDENTAL = frozenset(
    "codegen core devices equations groups importexport input memory monitors numpy_ only parsing signal "
    "spatialneuron stateupdaters std_silent synapses test tests utils".split()
)
"""Modules of Brian and of Python that its star import brings along; they would hide names such as `input`."""


class Absent:
    """A name of Brian without meaning here; any use raises an error."""

    def __init__(self, name: str, reason: str) -> None:
        object.__setattr__(self, "_what", (name, reason))

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        name, reason = object.__getattribute__(self, "_what")
        raise EvsimError(f"{name} of Brian is not part of evsim: {reason}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)  # as inspection by doctest, pickle and others expects
        self._refuse()

    def __repr__(self) -> str:
        return f"<{object.__getattribute__(self, '_what')[0]} of Brian, not part of evsim>"

    __call__ = __setattr__ = __getitem__ = __iter__ = __len__ = __mro_entries__ = __instancecheck__ = _refuse
