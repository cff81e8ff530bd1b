"""The errors evsim raises: each names the object, what it got, and what would be right."""

from __future__ import annotations


class EvsimError(Exception):
    """Base of every error that evsim raises on purpose."""


class EvsimValueError(EvsimError, ValueError):
    """A value that cannot be used: wrong length, out of range, not finite, unsorted."""


class EvsimTypeError(EvsimError, TypeError):
    """An object of a kind that cannot be used here."""


class EvsimNameError(EvsimError, NameError):
    """A name that is declared nowhere."""


class EvsimAttributeError(EvsimError, AttributeError):
    """An attribute that the object's equations do not declare."""


class EvsimRuntimeError(EvsimError, RuntimeError):
    """A run that cannot go on: endless instant loop, state that is not finite, no memory."""


class CompilerError(EvsimError, RuntimeError):
    """New equations need a C compiler, and there is none or it failed."""
