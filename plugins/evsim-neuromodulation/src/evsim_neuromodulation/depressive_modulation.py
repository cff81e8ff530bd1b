"""Depressive neuromodulation: as the additive one, but its strength fades while the spike train lasts.

Two low-passes of the train: s_fac, the faster, moves the gain of the target; s_dep, the slower, takes the strength g
down from g_0*sigma(-theta_dep). Full strength at rest needs a theta_dep that is clearly negative. A spike adds 1 to
both; `sign` and w are those of the additive modulation.
"""

from __future__ import annotations

from evsim.plugin import Modulation, Parameter
from evsim.units import ms
from evsim_neuromodulation.additive_modulation import sign

depressive_modulation = Modulation(
    equations="""
    ds_fac/dt = -s_fac/tau_fac : 1
    ds_dep/dt = -s_dep/tau_dep : 1
    alpha_mod = {direction}/(1 + exp(theta_fac - beta_fac*s_fac)) : 1
    g = g_0/(1 + exp(beta_dep*s_dep + theta_dep)) : 1
    """,
    parameters=[
        Parameter("tau_fac", 200 * ms, "time constant of the low-pass that moves the gain"),
        Parameter("tau_dep", 3000 * ms, "time constant of the low-pass that takes the strength down"),
        Parameter("beta_fac", 1.0, "how steeply the gain follows s_fac"),
        Parameter("theta_fac", 4.0, "where the gain is half: beta_fac*s_fac = theta_fac"),
        Parameter("beta_dep", 0.1, "how steeply the strength falls with s_dep"),
        Parameter("theta_dep", -4.0, "where the strength is half: beta_dep*s_dep = -theta_dep"),
        Parameter("g_0", 1.0, "strength without depression"),
    ],
    choices=[sign],
    on_pre="""
    s_fac += 1
    s_dep += 1
    """,
    gain="g*alpha_mod",
    parameter="a_sp",
    references=["Marder 2012, Neuron 76:1"],
)
