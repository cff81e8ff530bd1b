"""Networks as C programs of their own: written by `export_c`, their results read by `read_export`."""

from __future__ import annotations

from evsim.words.exports.reading import read_export
from evsim.words.exports.results import ExportedRate, ExportedSamples, ExportedSpikes, ExportedValues
from evsim.words.exports.writing import export_c

__all__ = ["ExportedRate", "ExportedSamples", "ExportedSpikes", "ExportedValues", "export_c", "read_export"]
