"""What stands in for a number while a function of the user is turned into a formula."""

from __future__ import annotations

from typing import Any


class Symbolic:
    """A value that is not known yet; it checks its units itself, later."""

    __slots__ = ()

    def applied(self, function: str) -> Any:
        """A built-in function of it."""
        raise NotImplementedError
