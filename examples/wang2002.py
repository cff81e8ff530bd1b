"""A decision by slow reverberation: two populations with NMDA synapses compete until one of them wins.

Source: Wang 2002, Neuron 36:955; Brunel and Wang 2001, J Comput Neurosci 11:63. NMDA gates saturate, so they do not
add up; all synapses of a cell have the same gate, though, and each target needs the sum of them only. With fewer
cells than in the article synapses are stronger in proportion.
"""

from evsim.brian import *
from evsim.models import magnesium_block, nmda
from evsim.units import mM

CELL = """
dv/dt = (g_L*(V_L - v) - I_fast + I_nmda)/C_m : volt (unless refractory)
I_fast = (g_ext*s_ext + g_ampa*s_ampa)*v + g_gaba*s_gaba*(v - V_gaba) : amp
ds_ext/dt = -s_ext/(2*ms) : 1
ds_ampa/dt = -s_ampa/(2*ms) : 1
ds_gaba/dt = -s_gaba/(5*ms) : 1
I_nmda : amp (input)
"""


def main(duration=2.5*second, scale=0.3, coherence=0.128, strength=40*Hz, w_plus=1.7, rng_seed=3):
    n_e, n_i = int(1600*scale), int(400*scale)
    pool = int(0.15*n_e)
    w_minus = 1 - 0.15*(w_plus - 1)/0.85
    both = dict(V_L=-70*mV, V_gaba=-70*mV)
    exc_cell = dict(C_m=0.5*nF, g_L=25*nS, g_ext=2.1*nS, g_ampa=0.05*nS/scale, g_gaba=1.3*nS/scale, **both)
    inh_cell = dict(C_m=0.2*nF, g_L=20*nS, g_ext=1.62*nS, g_ampa=0.04*nS/scale, g_gaba=1.0*nS/scale, **both)

    exc = NeuronGroup(n_e, CELL, threshold="v > -50*mV", refractory=2*ms, namespace=exc_cell, reset="v = -55*mV")
    inh = NeuronGroup(n_i, CELL, threshold="v > -50*mV", refractory=1*ms, namespace=inh_cell, reset="v = -55*mV")
    exc.v, inh.v = "-55*mV + 5*mV*rand()", "-55*mV + 5*mV*rand()"

    background = [PoissonInput(group, "s_ext", 1000, 2.4*Hz, weight=1) for group in (exc, inh)]
    rng = np.random.default_rng(rng_seed)
    t = np.arange(0, duration/second, 0.05)
    on = (t >= 0.5) & (t < 1.5)
    rates = strength/Hz*(1 + coherence*np.array([1, -1])) + 4*rng.standard_normal((len(t), 2))
    drive = TimedArray(np.maximum(rates, 0)*on[:, np.newaxis]*Hz, dt=50*ms)
    stimulus = PoissonGroup(2*pool, rates=f"drive(t, i // {pool})")
    see = Synapses(stimulus, exc, on_pre="s_ext_post += 1")
    see.connect(j="i")

    same = f"i < 2*{pool} and j < 2*{pool} and i // {pool} == j // {pool}"
    cross = f"j < 2*{pool} and i // {pool} != j // {pool}"
    slow = magnesium_block(c_Mg=1*mM, beta=3.57*mM, E=0*mV)
    nmda_exc = Synapses(exc, exc, nmda, output=slow(g_max=0.165*nS/scale), delay=0.5*ms)
    nmda_inh = Synapses(exc, inh, nmda, output=slow(g_max=0.13*nS/scale), delay=0.5*ms)
    ampa_exc = Synapses(exc, exc, "w : 1", on_pre="s_ampa_post += w", delay=0.5*ms)
    ampa_inh = Synapses(exc, inh, on_pre="s_ampa_post += 1", delay=0.5*ms)
    gaba = [Synapses(inh, group, on_pre="s_gaba_post += 1", delay=0.5*ms) for group in (exc, inh)]
    for synapses in (nmda_exc, nmda_inh, ampa_exc, ampa_inh, *gaba):
        synapses.connect()
    for synapses in (nmda_exc, ampa_exc):
        synapses.w = 1
        synapses.w[same] = w_plus
        synapses.w[cross] = w_minus

    spikes = SpikeMonitor(exc)
    net = Network(collect(), background, gaba)
    net.run(duration, report="text")

    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(8, 6), layout="constrained")
    top.plot(spikes.t/ms, spikes.i, ",k")
    top.set(ylabel="excitatory cell", ylim=(0, 2*pool))
    bins = np.arange(0, duration/ms + 1, 20)
    for name, first in (("favoured", 0), ("other", pool)):
        mine = (spikes.i >= first) & (spikes.i < first + pool)
        counts, _ = np.histogram(spikes.t[mine]/ms, bins)
        bottom.plot(bins[:-1] + 10, counts/pool/0.02, label=name)
    bottom.axvspan(500, 1500, color="gray", alpha=0.2)
    bottom.set(xlabel="time (ms)", ylabel="rate (spikes/s)")
    bottom.legend()
    return figure


if __name__ == "__main__":
    main().savefig("wang2002.png", dpi=100, bbox_inches="tight")
