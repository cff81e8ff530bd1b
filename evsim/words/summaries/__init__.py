"""Summaries of a network for its user: what happens in which order, and where the time of a run went."""

from __future__ import annotations

from evsim.words.summaries.profiling import Profile, ProfilingSummary
from evsim.words.summaries.scheduling import SchedulingSummary

__all__ = ["Profile", "ProfilingSummary", "SchedulingSummary"]
