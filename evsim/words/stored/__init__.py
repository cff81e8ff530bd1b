"""Stored networks: all that a run or the user may change, in memory or in a file, and back."""

from __future__ import annotations

from evsim.words.stored.files import read_file, write_file
from evsim.words.stored.networks import Stored, restore_network, store_network

__all__ = ["Stored", "read_file", "restore_network", "store_network", "write_file"]
