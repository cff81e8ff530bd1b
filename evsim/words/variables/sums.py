"""Variables that synapses add up at every instant, `x_post = ... (summed)`: their checks, and their values now."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.assignments import nearest
from evsim.equations.declaration import Variable
from evsim.errors import EvsimAttributeError, EvsimTypeError, EvsimValueError
from evsim.units import DimensionMismatchError
from evsim.words.variables.storage import Storage

_EXAMPLE = "as in 'x_post = w*x_pre : 1 (summed)'"


def end_of(variable: Variable, where: str) -> tuple[str, str]:
    """The variable that is summed and the end it belongs to, "pre" or "post"."""
    bare, _, end = variable.name.rpartition("_")
    if end not in ("pre", "post") or not bare:
        raise EvsimValueError(
            f"{where}: '{variable}' is (summed) and must name a variable of the neurons at one end, {_EXAMPLE}"
        )
    return bare, end


def check_sum(variable: Variable, group: Any, where: str, has_equations: bool) -> None:
    """The variable must be there at that end, as a parameter of the same unit that may change."""
    bare, _ = end_of(variable, where)
    if not has_equations:
        raise EvsimTypeError(f"{where}: {group.name} has no equations, so nothing can be summed there")
    known = group._storage.variables
    if bare not in known:
        raise EvsimAttributeError(
            f"{where}: {variable.name} is (summed), but {group.name} has no variable {bare}{nearest(bare, list(known))}"
        )
    own = known[bare]
    unit = variable.dimension.unit_name or "1"
    if own.kind != "parameter" or own.type != "float":
        raise EvsimValueError(
            f"{where}: {variable.name} is (summed), but {group.name} has '{own}'; declare it there as '{bare} : {unit}'"
        )
    for flag in ("constant", "shared", "linked", "input"):
        if flag in own.flags:
            raise EvsimValueError(
                f"{where}: {variable.name} is (summed), but {group.name} declares {bare} ({flag}); remove that flag"
            )
    if own.dimension != variable.dimension:
        raise DimensionMismatchError(
            f"{where}: {variable.name} is summed in one unit and {group.name} declares {bare} in another",
            variable.dimension,
            own.dimension,
        )


def enter_sum(storage: Storage, name: str, synapses: Any) -> None:
    """From now on these synapses add up the variable."""
    known = storage.sums.setdefault(name, [])
    if not any(entry() is synapses for entry in known):
        known.append(weakref.ref(synapses))


def summing(storage: Storage, name: str) -> list[Any]:
    """The synapses that add up a variable: those that have run, or else all."""
    living = [synapses for entry in storage.sums.get(name, ()) if (synapses := entry()) is not None]
    return [each for each in living if each._network is not None] or living


def present_sum(storage: Storage, name: str) -> NDArray[np.float64] | None:
    """What all of them add up to now, for each element of the group; None if there are none."""
    found = summing(storage, name)
    if not found:
        return None
    total = np.zeros(storage.size)
    for each in found:
        total += each._sum_now(name, storage)
    return total


def refuse_write(what: str, name: str, storage: Storage) -> None:
    """What others add up cannot be set."""
    for synapses in summing(storage, name)[:1]:
        raise EvsimAttributeError(
            f"{what} is summed by {synapses.name} at every instant and cannot be set; change what stands in its formula"
        )


__all__ = ["check_sum", "end_of", "enter_sum", "present_sum", "refuse_write", "summing"]
