"""Actions: what the user does to a network at chosen instants of a run."""

from __future__ import annotations

from evsim.words.actions.action import Action
from evsim.words.actions.network_operation import NetworkOperation, network_operation
from evsim.words.actions.operations import HasOperations, Operation
from evsim.words.actions.schedule import Instant, Schedule
from evsim.words.actions.stopping import stop

__all__ = [
    "Action",
    "HasOperations",
    "Instant",
    "NetworkOperation",
    "Operation",
    "Schedule",
    "network_operation",
    "stop",
]
