"""Constants of nature with their units, as CODATA recommended them in 2018."""

from __future__ import annotations

from typing import Any

from evsim.units.named import unit_named
from evsim.units.quantity import Quantity


def _in(value: float, *units: tuple[str, int]) -> Quantity:
    product: Any = value
    for name, power in units:
        unit = unit_named(name)
        assert unit is not None
        product = product * unit**power
    assert isinstance(product, Quantity)
    return product


avogadro_constant = _in(6.02214076e23, ("mole", -1))
boltzmann_constant = _in(1.380649e-23, ("joule", 1), ("kelvin", -1))
electric_constant = _in(8.8541878128e-12, ("farad", 1), ("metre", -1))
electron_mass = _in(9.1093837015e-31, ("kilogram", 1))
elementary_charge = _in(1.602176634e-19, ("coulomb", 1))
faraday_constant = _in(96485.33212331001, ("coulomb", 1), ("mole", -1))
gas_constant = _in(8.31446261815324, ("joule", 1), ("mole", -1), ("kelvin", -1))
magnetic_constant = _in(1.25663706212e-6, ("newton", 1), ("amp", -2))
molar_mass_constant = _in(0.99999999965e-3, ("kilogram", 1), ("mole", -1))
zero_celsius = _in(273.15, ("kelvin", 1))
