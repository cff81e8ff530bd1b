"""Brian's words for the log, over Python's logging."""

from __future__ import annotations

import logging
from typing import Any

DIAGNOSTIC = 5


class BrianLogger:
    """How much the logger "evsim" says; also what `get_logger` returns."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._logger = logging.getLogger(name)

    @classmethod
    def initialize(cls) -> None:
        """Nothing to do: Python's logging is always there."""

    @staticmethod
    def log_level_diagnostic() -> None:
        """Say everything."""
        _say(DIAGNOSTIC)

    @staticmethod
    def log_level_debug() -> None:
        """Say what helps to find mistakes."""
        _say(logging.DEBUG)

    @staticmethod
    def log_level_info() -> None:
        """Say what is done."""
        _say(logging.INFO)

    @staticmethod
    def log_level_warn() -> None:
        """Say warnings and errors."""
        _say(logging.WARNING)

    @staticmethod
    def log_level_error() -> None:
        """Say errors only."""
        _say(logging.ERROR)

    @staticmethod
    def suppress_hierarchy(name: str, filter_log_file: bool = False) -> None:
        """Say nothing under this name; Brian's names stand for evsim's."""
        logging.getLogger(name.replace("brian2", "evsim", 1)).setLevel(logging.CRITICAL)

    @staticmethod
    def suppress_name(name: str, filter_log_file: bool = False) -> None:
        """Say nothing that ends on this name: evsim's messages have none, so nothing changes."""

    def diagnostic(self, message: str, *_: Any, **__: Any) -> None:
        """The finest level."""
        self._logger.log(DIAGNOSTIC, message)

    def debug(self, message: str, *_: Any, **__: Any) -> None:
        """What helps to find mistakes."""
        self._logger.debug(message)

    def info(self, message: str, *_: Any, **__: Any) -> None:
        """What is done."""
        self._logger.info(message)

    def warn(self, message: str, *_: Any, **__: Any) -> None:
        """What may be a mistake."""
        self._logger.warning(message)

    warning = warn

    def error(self, message: str, *_: Any, **__: Any) -> None:
        """What is a mistake."""
        self._logger.error(message)


def get_logger(name: str = "evsim") -> BrianLogger:
    """The logger of that name."""
    return BrianLogger(name)


def _say(level: int) -> None:
    logging.getLogger("evsim").setLevel(level)
