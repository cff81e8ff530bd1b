"""`active`: whether an object takes part in runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from evsim.errors import EvsimTypeError
from evsim.words.frozen import refuse_exported


class CanRest:
    """Something that can be left out of runs for a while: `monitor.active = False`."""

    _active = True

    def _record_names(self) -> set[str]:
        """Names of the records of a monitor."""
        return {str(getattr(self, "name", ""))}

    @property
    def active(self) -> bool:
        """Whether it takes part in what runs from now on."""
        return self._active

    @active.setter
    def active(self, value: Any) -> None:
        if not isinstance(value, (bool, np.bool_)):
            name = getattr(self, "name", "object")
            raise EvsimTypeError(f"{name}.active: got {value!r}; give True or False")
        refuse_exported(self, f"{getattr(self, 'name', 'object')}.active cannot be changed")
        self._active = bool(value)
