"""What a simulation asks of the core, kept as a list of calls that another program can make again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.codegen.cache import text_at
from evsim.codegen.project import Argument, Arrays, Call, Scratch, Stored, Table
from evsim.engine.core import arguments_of, ffi, view

# These change nothing in the core, or are made by the program itself.
_NOT_KEPT = {
    "evsim_new", "evsim_free", "evsim_error_text", "evsim_kernel_numbers",
    "evsim_population_emitter", "evsim_event_emitter", "evsim_last_tick", "evsim_last_offset",
    "evsim_present", "evsim_variable", "evsim_seen", "evsim_spike_count", "evsim_spikes",
    "evsim_sample_count", "evsim_samples", "evsim_now", "evsim_failure", "evsim_archive_size",
    "evsim_archive_save", "evsim_peek", "evsim_projection_bytes", "evsim_refractory",
    "evsim_is_broken", "evsim_members",
}  # fmt: skip
# The core keeps looking at arrays that it is given here.
_LOOKS_AT = {"evsim_add_rows", "evsim_set_amount"}
_TYPES = {
    "double": np.float64,
    "int32_t": np.int32,
    "int64_t": np.int64,
    "uint32_t": np.uint32,
    "uint8_t": np.uint8,
}


class Recording:
    """A listener that keeps calls; arrays go to a file at once.

    Parameters
    ----------
    names
        For functions that add a part: the names of these parts in their order.
    """

    def __init__(self, arrays: Arrays, names: Mapping[str, list[str]]) -> None:
        self.calls: list[Call] = []
        self.texts: list[tuple[str, str]] = []  # each with the function that returns its table
        self._arrays = arrays
        self._names = {function: iter(each) for function, each in names.items()}
        self._names["evsim_add_rows"] = self._names["evsim_add_projection"]
        self._sizes: list[int] = []  # of populations
        self._is_lasting = False
        self._state: tuple[int, int, Any] = (
            0,
            0,
            None,
        )  # that was asked for last: where the caller may write

    def __call__(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        """Keep a call."""
        if name == "evsim_state":
            self._state = arguments[1], arguments[2], result
        elif name == "evsim_touch":
            self._keep_state()
        elif name not in _NOT_KEPT:
            self._keep(name, arguments, returns_code=result is not None)

    def _keep(self, name: str, arguments: tuple[Any, ...], returns_code: bool) -> None:
        if name == "evsim_add_population":
            self._sizes.append(int(arguments[1]))
        self._is_lasting = name in _LOOKS_AT
        kept = tuple(self._argument(k, v) for k, v in zip(arguments_of(name)[1:], arguments[1:], strict=True))
        about = next(self._names.get(name, iter(())), "")
        self.calls.append(Call(name, kept, returns_code, about))

    def _keep_state(self) -> None:
        """The caller has written to a state: the values become a call of their own."""
        population, state, pointer = self._state
        values = view(pointer, self._sizes[population], np.float64)
        self.calls.append(Call("copy_state", (population, state, self._arrays.add(values), values.size)))

    def _argument(self, kind: Any, value: Any) -> Argument:
        if kind.kind == "primitive":
            return float(value) if kind.cname == "double" else int(value)
        if kind.cname == "void *":
            return self._address(value)
        return self._array(kind, value)

    def _address(self, value: Any) -> Argument:
        """A table of generated C, or memory."""
        if value == ffi.NULL:
            return None
        if ffi.typeof(value).kind == "array":
            return self._stored(value, "uint8_t")
        text = text_at(int(ffi.cast("uintptr_t", value)))
        if text not in self.texts:
            self.texts.append(text)
        return Table(self.texts.index(text))

    def _array(self, kind: Any, value: Any) -> Argument:
        item = kind.item.cname
        if isinstance(value, list | tuple):
            return self._arrays.add(np.array(value, dtype=_TYPES[item]))
        if ffi.typeof(value).kind == "pointer":
            return Scratch(item)
        return self._stored(value, item)

    def _stored(self, value: Any, item: str) -> Stored:
        values: NDArray[Any] = view(value, len(value), _TYPES[item])
        return self._arrays.add(values, self._is_lasting)


__all__ = ["Recording"]
