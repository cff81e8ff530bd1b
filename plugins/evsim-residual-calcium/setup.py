"""What pyproject.toml cannot say: the C that is compiled into the wheel."""

from __future__ import annotations

from setuptools import setup

from evsim.plugin.building import compiled_gates

setup(**compiled_gates("evsim_residual_calcium._gates", "src/evsim_residual_calcium/_gates.c"))
