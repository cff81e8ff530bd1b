"""Brian's devices: evsim runs compiled kernels in every case, so choosing one changes nothing and says so."""

from __future__ import annotations

import logging
from typing import Any

from evsim.errors import EvsimAttributeError, EvsimTypeError, EvsimValueError

_log = logging.getLogger("evsim")
_WORDS = ("build", "activate", "reinit", "delete", "apply_run_args")


class Device:
    """The device of that name; its verbs are accepted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.has_been_run = False

    def build(self, *_: Any, **__: Any) -> None:
        """Nothing to do: `run` has run the network already."""
        _log.info("device.build(): nothing to build, the network has run already")

    def activate(self, *_: Any, **__: Any) -> None:
        """Nothing to do."""

    def reinit(self) -> None:
        """Nothing to do; `start_scope()` begins a new model."""

    def delete(self, *_: Any, **__: Any) -> None:
        """Nothing to do: no files were made."""

    def seed(self, seed: int | None = None) -> None:
        """As the function `seed`."""
        from evsim.brian.scope import seed as everywhere

        everywhere(seed)

    def run(self, *_: Any, **__: Any) -> None:
        """Refused: in Brian it starts the program of a build again, with other values."""
        raise EvsimTypeError(
            "device.run(): there is no program to start again; set the values and call run(), or "
            "store() and restore() around it"
        )

    def __getattr__(self, name: str) -> Any:
        raise EvsimAttributeError(f"the device {self.name} has no {name}; evsim knows {', '.join(_WORDS)}")

    def __repr__(self) -> str:
        return f"<Device '{self.name}': evsim's compiled kernels>"


all_devices: dict[str, Device] = {name: Device(name) for name in ("runtime", "cpp_standalone")}
_chosen = ["runtime"]


def set_device(device: Any, build_on_run: bool = True, **options: Any) -> None:
    """Accepted and without effect: networks always run from compiled kernels, at once."""
    name = device.name if isinstance(device, Device) else device
    if name not in all_devices:
        raise EvsimValueError(
            f"set_device({device!r}): give 'runtime' or 'cpp_standalone', or leave the line out"
        )
    _chosen[:] = [str(name)]
    if name != "runtime":
        _log.warning(
            "set_device(%r) changes nothing: evsim runs compiled kernels, and run() runs at once; evsim.export_c "
            "writes a program of its own",
            name,
        )


def get_device() -> Device:
    """The device that was chosen."""
    return all_devices[_chosen[0]]


class _Chosen:
    """The device that is chosen at the moment."""

    def __getattr__(self, name: str) -> Any:
        return getattr(get_device(), name)

    def __repr__(self) -> str:
        return repr(get_device())


device = _Chosen()
