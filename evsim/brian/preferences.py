"""Brian's preferences: those that evsim has act, those about code generation are accepted, others are refused."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import numpy as np

import evsim
from evsim.errors import EvsimAttributeError, EvsimValueError

SCHEDULE = ["start", "groups", "thresholds", "synapses", "resets", "end"]

WITHOUT_EFFECT: dict[str, Any] = {
    "GSL.directory": None,
    "codegen.target": "auto",
    "codegen.string_expression_target": "numpy",
    "codegen.loop_invariant_optimisations": True,
    "codegen.max_cache_dir_size": 1000,
    "codegen.cpp.compiler": "",
    "codegen.cpp.define_macros": [],
    "codegen.cpp.extra_compile_args": None,
    "codegen.cpp.extra_compile_args_gcc": [],
    "codegen.cpp.extra_compile_args_msvc": [],
    "codegen.cpp.extra_link_args": [],
    "codegen.cpp.headers": [],
    "codegen.cpp.include_dirs": [],
    "codegen.cpp.libraries": [],
    "codegen.cpp.library_dirs": [],
    "codegen.cpp.msvc_architecture": "",
    "codegen.cpp.msvc_vars_location": "",
    "codegen.cpp.runtime_library_dirs": [],
    "codegen.generators.cpp.flush_denormals": False,
    "codegen.generators.cpp.restrict_keyword": "__restrict",
    "codegen.runtime.cython.cache_dir": None,
    "codegen.runtime.cython.delete_source_files": True,
    "codegen.runtime.cython.multiprocess_safe": True,
    "codegen.runtime.numpy.discard_units": False,
    "core.default_integer_dtype": np.int32,
    "core.outdated_dependency_error": True,
    "core.stop_on_keyboard_interrupt": True,
    "devices.cpp_standalone.extra_make_args_unix": ["-j"],
    "devices.cpp_standalone.extra_make_args_windows": [],
    "devices.cpp_standalone.make_cmd_unix": "make",
    "devices.cpp_standalone.openmp_spatialneuron_strategy": None,
    "devices.cpp_standalone.run_cmd_unix": "./main",
    "devices.cpp_standalone.run_environment_variables": {},
    "logging.console_log_level": "INFO",
    "logging.delete_log_on_exit": True,
    "logging.display_brian_error_message": True,
    "logging.file_log": True,
    "logging.file_log_level": "DEBUG",
    "logging.file_log_max_size": 10000000,
    "logging.save_script": True,
    "logging.std_redirection": True,
    "logging.std_redirection_to_file": True,
}
"""Results do not depend on these."""


def _check_precision(value: Any) -> None:
    if np.dtype(value) != np.float64:
        raise EvsimValueError(f"prefs.core.default_float_dtype: got {value!r}; evsim computes in float64")


def _check_schedule(value: Any) -> None:
    if list(value) != SCHEDULE:
        raise EvsimValueError(
            f"prefs.core.network.default_schedule: got {value!r}; the order at an instant is fixed, leave the line out"
        )


def _check_refractoriness(value: Any) -> None:
    if value:
        raise EvsimValueError(
            "prefs.legacy.refractory_timing: evsim ends refractory periods when they end; set False"
        )


def _set_threads(value: Any) -> None:
    evsim.prefs.threads = max(int(value), 1)


ACTING: dict[str, tuple[Any, Callable[[Any], None]]] = {
    "core.default_float_dtype": (np.float64, _check_precision),
    "core.network.default_schedule": (SCHEDULE, _check_schedule),
    "legacy.refractory_timing": (False, _check_refractoriness),
    "devices.cpp_standalone.openmp_threads": (0, _set_threads),
}
_OWN = ("threads", "timing", "engine")


class BrianPreferences(MutableMapping[str, Any]):
    """`prefs.codegen.target` and `prefs["codegen.target"]`; `threads`, `timing` and `engine` are evsim's own."""

    _values: dict[str, Any]

    def __init__(self) -> None:
        object.__setattr__(self, "_values", {})
        self.reset_to_defaults()

    def __getitem__(self, key: str) -> Any:
        if key in _OWN:
            return getattr(evsim.prefs, key)
        if key not in self._values:
            raise _unknown(key)
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if key in _OWN:
            setattr(evsim.prefs, key, value)
        elif key not in self._values:
            raise _unknown(key)
        else:
            if key in ACTING:
                ACTING[key][1](value)
            self._values[key] = value

    def __delitem__(self, key: str) -> None:
        raise EvsimAttributeError(f"prefs[{key!r}] cannot be deleted; set it to another value")

    def __iter__(self) -> Iterator[str]:
        return iter((*_OWN, *self._values))

    def __len__(self) -> int:
        return len(self._values) + len(_OWN)

    def __getattr__(self, name: str) -> Any:
        return _read(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def reset_to_defaults(self) -> None:
        """Brian's values again; evsim's own preferences stay."""
        self._values.update(WITHOUT_EFFECT)
        self._values.update({key: value for key, (value, _) in ACTING.items()})

    def read_preference_file(self, file: Any) -> None:
        """Refused: a script says what it needs."""
        raise EvsimValueError(
            "prefs.read_preference_file: evsim reads no files of preferences; set them in the script"
        )

    load_preferences = read_preference_file

    def __repr__(self) -> str:
        return f"<preferences of Brian, accepted; evsim's own: {evsim.prefs!r}>"


class _Branch:
    """Preferences that begin alike: `prefs.codegen.cpp`."""

    def __init__(self, prefs: BrianPreferences, stem: str) -> None:
        object.__setattr__(self, "_prefs", prefs)
        object.__setattr__(self, "_stem", stem)

    def __getattr__(self, name: str) -> Any:
        return _read(self._prefs, f"{self._stem}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._prefs[f"{self._stem}.{name}"] = value

    def __repr__(self) -> str:
        return f"<preferences of Brian under {self._stem}>"


def _read(prefs: BrianPreferences, key: str) -> Any:
    if key.startswith("_"):
        raise AttributeError(key)
    if any(known.startswith(f"{key}.") for known in prefs):
        return _Branch(prefs, key)
    return prefs[key]


def _unknown(key: str) -> EvsimAttributeError:
    known = [*_OWN, *WITHOUT_EFFECT, *ACTING]
    close = difflib.get_close_matches(key, known, 1)
    advice = f"did you mean prefs.{close[0]}?" if close else f"there are {', '.join(known)}"
    return EvsimAttributeError(f"prefs has no '{key}'; {advice}")
