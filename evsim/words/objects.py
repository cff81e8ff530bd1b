"""What every part of a network has: a unique name, a place in the order of creation, a weak entry in its scope."""

from __future__ import annotations

import itertools
import keyword
import weakref
from abc import ABCMeta
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from evsim.errors import EvsimTypeError, EvsimValueError

_numbers = itertools.count()
_scope: list[weakref.ref[NetworkObject]] = []
_named: weakref.WeakValueDictionary[str, NetworkObject] = weakref.WeakValueDictionary()
_kept_names: set[str] = set()


class _EntersScope(ABCMeta):
    """Makes an object part of the scope once it is complete: one that failed may live on in a traceback."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__call__(*args, **kwargs)
        _scope.append(weakref.ref(made))
        _named[made.name] = made
        return made


class NetworkObject(metaclass=_EntersScope):
    """A group, synapses, source or monitor. `_number` orders objects by creation."""

    _kind: ClassVar[str] = "object"
    _stored: ClassVar[tuple[str, ...]] = ()  # attributes, besides variables, that runs and the user change
    _network: Any = None  # the network that runs it
    name: str
    _number: int

    def __init__(self, name: str | None) -> None:
        object.__setattr__(self, "name", _unique_name(name, self._kind))
        object.__setattr__(self, "_number", next(_numbers))

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def checked_namespace(namespace: Any, name: str) -> Mapping[str, Any] | None:
    """Names that an object's texts may use, or None."""
    if namespace is not None and not isinstance(namespace, Mapping):
        raise EvsimTypeError(f"namespace of {name}: got {namespace!r}; give a dict, as in {{'tau': 10*ms}}")
    return namespace


def objects_in_scope() -> list[Any]:
    """Living objects made since `start_scope()`, in order of creation."""
    _scope[:] = [entry for entry in _scope if entry() is not None]
    return [living for entry in _scope if (living := entry()) is not None]


def forget_scope() -> None:
    """Leave all objects made so far to their owners."""
    _scope.clear()
    _named.clear()
    _kept_names.clear()


def keep_name(name: str) -> None:
    """Give the name of an object that has run to no other of this scope, also when the object has ended."""
    _kept_names.add(name)


def free_name(stem: str) -> str:
    """A name that no object has."""
    return next(each for each in _names_like(stem) if not _is_taken(each))


def _names_like(stem: str) -> Iterator[str]:
    return itertools.chain([stem], (f"{stem}_{k}" for k in itertools.count(1)))


def _is_taken(name: str) -> bool:
    return name in _named or name in _kept_names


def _unique_name(name: str | None, kind: str) -> str:
    if name is not None and not str(name).endswith("*"):
        return _checked_free(name, kind)
    stem = kind if name is None else _checked_name(str(name)[:-1], kind)
    return free_name(stem)


def _checked_free(name: str, kind: str) -> str:
    if _is_taken(_checked_name(name, kind)):
        raise EvsimValueError(
            f"name '{name}' is taken by another object; give another name or call start_scope()"
        )
    return name


def _checked_name(name: str, kind: str) -> str:
    if not isinstance(name, str):
        raise EvsimTypeError(f"name of a {kind}: got {name!r}; give a text")
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise EvsimValueError(f"name of a {kind}: got {name!r}; give letters, digits and _ , as in 'cells'")
    return name
