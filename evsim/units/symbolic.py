"""What stands in for a number while a function of the user is turned into a formula."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class Symbolic(ABC):
    """A value that is not known yet; it checks its units itself, later."""

    __slots__ = ()

    @abstractmethod
    def applied(self, function: str) -> Any:
        """A built-in function of it."""
