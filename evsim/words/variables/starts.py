"""Where variables of synapses made from models start, and the bounds between which weights have to be."""

from __future__ import annotations

import numpy as np

from evsim.composition import Contribution
from evsim.errors import EvsimValueError
from evsim.words.variables.storage import Storage, is_shared


class StartValues:
    """Start values of some synapses: some follow from parameters, also from those set later, until a user sets them."""

    def __init__(self, storage: Storage, made: Contribution | None) -> None:
        self._storage, self._set_by_user = storage, set[str]()
        self._starts = {} if made is None else dict(made.rules.starts)
        self._bounds = () if made is None else made.rules.bounds
        values = {} if made is None else made.rules.values
        for name, value in values.items():
            storage.arrays[name][:] = value
        storage.expandable |= values.keys()

    def derive(self, part: slice) -> None:
        """Work out what follows from parameters, for these synapses."""
        arrays = self._storage.arrays
        for name, formula in self._starts.items():
            if name in self._set_by_user and part == slice(None):
                continue
            known = {
                each: arrays[each][0] if is_shared(self._storage.variables[each]) else arrays[each][part]
                for each in formula.names
            }
            arrays[name][part] = formula.evaluate(known)

    def written(self, name: str) -> None:
        """A user has set a variable."""
        if name in self._starts:
            self._set_by_user.add(name)
        elif any(name in formula.names for formula in self._starts.values()):
            self.derive(slice(None))

    def check_bounds(self, synapses: str) -> None:
        """Refuse weights outside their bounds."""
        arrays = self._storage.arrays
        for low, high in self._bounds:
            wrong = np.flatnonzero(np.broadcast_to(arrays[low] > arrays[high], arrays["w"].shape))
            if wrong.size:
                raise EvsimValueError(
                    f"{synapses}: {low} of synapse {wrong[0]} is above {high}; set one of them anew"
                )
            w = arrays["w"]
            outside = np.flatnonzero((w < arrays[low]) | (w > arrays[high]))
            if outside.size:
                k = int(outside[0])
                ends = [float(np.broadcast_to(arrays[name], w.shape)[k]) for name in (low, high)]
                unit = self._storage.variables["w"].dimension.unit_name.removeprefix("1")
                raise EvsimValueError(
                    f"{synapses}: w of synapse {k} is {w[k]:g}{unit and ' ' + unit} and not between {low} = "
                    f"{ends[0]:g} and {high} = {ends[1]:g}; set {synapses}.w, or other bounds"
                )


__all__ = ["StartValues"]
