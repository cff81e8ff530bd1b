"""A network as plain data: names resolved, units gone (SI floats), ready for an engine.

The user's words build a `Network`; the compiled engine and the reference engine run the same one. Everything an
engine needs stands here; nothing here knows a unit, a user's namespace or a C type.

Order is meaning: the position of a projection in `Network.projections` is its order of creation, and simultaneous
deliveries act in order of (projection, source element, synapse).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evsim.equations.expression import Expression
from evsim.rows import Rows

Values = float | NDArray[np.float64]  # one for all elements, or one each
Indices = NDArray[np.integer[Any]] | Rows


@dataclass(frozen=True)
class LinearForm:
    """sum(coefficients[x] * x) + constant; coefficients and constant are expressions over parameters only."""

    coefficients: Mapping[str, Expression]
    constant: Expression


@dataclass(frozen=True)
class Assignment:
    """One statement of event code.

    `target` is the bare name of a state or parameter; `where` says whose; "local" is a value that only the
    statements after it see. In a neuron's own code a name of `expression` is a state or parameter of the neuron, `t`,
    `lastspike`, `not_refractory` or a local value, called `local X` there. In synapse code a name is a local value, a
    key of `Projection.variables`, `X_post` for state or parameter X of the target neuron (also `lastspike_post`,
    `not_refractory_post`), `X_pre` for state X of the source neuron, a state of the population `Projection.own`, or the
    time `t`; "source" is a state of the source neuron, "integrated" one of `own`. States of neurons include, where they
    are read, their inputs. `x -= e` arrives as add of -e, `x *= e` as set to x*e.
    """

    target: str
    where: Literal["neuron", "synapse", "local", "source", "integrated"]
    operation: Literal["set", "add"]
    expression: Expression


@dataclass(frozen=True)
class LinearModel:
    """dx/dt = A x + b between events, for the states in their order.

    A variable that event code changes and that has no equation is a state with rate zero. `threshold` is the form
    that must become positive (`strict`, from `>`) or reach zero (from `>=`) for a spike. `clamped` states have
    derivative zero and ignore synaptic writes while the neuron is refractory.
    """

    states: tuple[str, ...]
    rates: Mapping[str, LinearForm]  # one for each state
    clamped: frozenset[str]
    threshold: LinearForm | None
    strict: bool
    reset: tuple[Assignment, ...]
    parameters: tuple[str, ...]  # every name, other than a state, in the expressions above


@dataclass(frozen=True, eq=False)
class TimedTable:
    """A function of time, or of time and a column: values[k] on [k*dt, (k+1)*dt); the first before, the last after."""

    dt: float
    values: NDArray[np.float64]  # (n,) or (n, columns)


@dataclass(frozen=True, eq=False)
class ForeignFunction:
    """A function that the user brought along: C for the kernels, Python for text assignments and the reference."""

    arity: int
    c: str  # defines `double user_NAME(double, ...)` with `arity` arguments for the NAME under which equations call it
    evaluate: Callable[..., Any]  # on floats, arrays or mpmath numbers


Functions = dict[str, TimedTable | ForeignFunction]  # by the name under which expressions call them


@dataclass(frozen=True)
class CustomEvent:
    """What happens to a neuron at the first instant at which a condition holds, again after it has not held."""

    name: str
    condition: Expression
    code: tuple[Assignment, ...]


@dataclass(frozen=True)
class GeneralModel:
    """dx/dt = f(x, t) + sum(factor * noise) between events, for the states in their order.

    Expressions name states, parameters, `t`, `not_refractory` (1 or 0), `lastspike`, and call `functions`; rates also
    name `inputs`, which at every instant are what the links that end on them add up to.
    `threshold` is any condition: a neuron that is not refractory spikes at the first instant at which it is true.
    `refractory` is a condition, which holds a neuron refractory after a spike as long as it is true, or a time, which
    is evaluated at the spike; with None, `Population.refractory` is the time. `clamped` states as in a `LinearModel`.

    `noise` gives for a state its (name, factor) pairs: `xi`, or `xi_` and a name; equal names are one process in each
    neuron, or, for names in `shared_noise`, one for all neurons.

    `method` is "adaptive", "euler", "rk2", "rk4", "heun", "milstein", "exponential_euler" or "exact" (an
    Ornstein-Uhlenbeck process); `options` are those of the method (`rtol`, `atol` of "adaptive").
    """

    states: tuple[str, ...]
    rates: Mapping[str, Expression]  # one for each state
    clamped: frozenset[str]
    threshold: Expression | None
    reset: tuple[Assignment, ...]
    parameters: tuple[
        str, ...
    ]  # every name, other than a state or one of the three above, in the expressions
    refractory: Expression | None = None
    noise: Mapping[str, tuple[tuple[str, Expression], ...]] = field(default_factory=dict)
    shared_noise: frozenset[str] = frozenset()
    functions: Functions = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    method: str = "adaptive"
    options: Mapping[str, float] = field(default_factory=dict)
    events: tuple[CustomEvent, ...] = ()  # at an instant before the spike, in this order


@dataclass
class Population:
    """Neurons of one model. `state` holds the values at the present time; engines write it back after a run."""

    name: str
    size: int
    model: LinearModel | GeneralModel
    state: dict[str, NDArray[np.float64]]
    parameters: dict[str, Values]
    refractory: Values  # seconds, >= 0
    changed: set[str] = field(default_factory=set)  # states and parameters the user set since the last run
    dt: float = 0.0  # seconds: the longest step of methods of fixed step; 0: that of the network's clock


@dataclass(frozen=True, eq=False)
class Course:
    """A quantity that changes with time: `expression` over the time `t`, the element `i`, keys of `values`, and tables.

    Where the time is only the argument of tables it is followed exactly; else it is what the expression gives at
    every multiple of `step` (seconds), and at the switches of tables in it, and constant in between.
    """

    expression: Expression
    values: Mapping[str, float]
    step: float

    def is_like(self, other: Values | Course) -> bool:
        """Whether the other one is the same function."""
        return isinstance(other, Course) and (self.expression, self.values, self.step) == (
            other.expression,
            other.values,
            other.step,
        )


@dataclass
class PoissonSource:
    """`size` independent Poisson processes with rates (Hz) that are constant or follow a course."""

    name: str
    size: int
    rates: Values | Course
    changed: bool = False


@dataclass
class SpikeTrainSource:
    """Given spikes: `indices[k]` fires at `ticks[k]*dt + offsets[k]`, sorted by time, then index."""

    name: str
    size: int
    indices: NDArray[np.int64]
    ticks: NDArray[np.int64]
    offsets: NDArray[np.float64]
    changed: bool = False
    is_longer: bool = False  # spikes have been added after those that were there


@dataclass(frozen=True, eq=False)
class CompiledCode:
    """Event code that came compiled: the address of its `struct evsim_code`, and what it is handed, in this order.

    `variables` are those of a projection; `states` those of the target whose places it needs.
    """

    address: int
    variables: tuple[str, ...]
    states: tuple[str, ...]


@dataclass
class Projection:
    """Synapses from `source` (any population or source) to the population `target`; i and j count in the whole group.

    `code` runs at `t_spike + delay` for each synapse, where the spike is that of its source, or with `trigger` "post"
    that of its target. `variables` are the synapse variables and constants that it names; those of
    `Assignment.where == "synapse"` are written back after a run.

    Pathways of the same synapses are projections with equal i and j, one after the other: `shares` names the first,
    and all have its dict of `variables`. `equations` are linear in the synapse variables that they are the rates of,
    with coefficients over `variables`; code sees these variables as they are at its instant, and so does whoever
    reads `variables` after a run. Pathways whose code has nothing to do with them have none.

    Where the code names states of the source, the models of both populations are general, and both are integrated as
    one system: at any instant the states of all are known. So it is with the population `own`, which has an element for
    each synapse: variables that are integrated.
    """

    name: str
    source: str
    target: str
    i: Indices
    j: NDArray[np.integer[Any]]
    delay: Values  # seconds, >= 0
    code: tuple[Assignment, ...]
    variables: dict[str, Values]
    changed: set[str] = field(default_factory=set)  # names in `variables`, or "delay"
    is_copy: bool = False  # of other synapses, for a monitor: what it ends on acts on nothing
    trigger: Literal["pre", "post"] = "pre"
    shares: str = ""
    equations: Mapping[str, LinearForm] = field(default_factory=dict)
    event: str = "spike"  # or the name of a custom event, which runs the code as a spike would
    spikes_of: str = (
        ""  # with trigger "post": the source whose spikes they are, where `target` stands for a source
    )
    own: str = ""
    compiled: CompiledCode | None = None  # C that does what `code` says

    @property
    def emitter(self) -> str:
        """Where the spikes come from that run the code."""
        return self.source if self.trigger == "pre" else self.spikes_of or self.target

    @property
    def elements(self) -> Indices:
        """The element of the emitter, for each synapse."""
        return self.i if self.trigger == "pre" else self.j

    def states_of_source(self, states: Collection[str]) -> frozenset[str]:
        """Those of the states of the source that the code reads, as `X_pre`, or changes."""
        local = {each.target for each in self.code if each.where == "local"}
        read = {name for each in self.code for name in each.expression.names} - self.variables.keys() - local
        written = {each.target for each in self.code if each.where == "source"}
        return frozenset(name for name in states if name in written or f"{name}_pre" in read)


@dataclass
class Link:
    """Continuous coupling: each pair (i, j) adds `expression`, at every instant, to the input `variable` of neuron j.

    `X_pre` is a state or parameter of element i of `source`, `X_post` one of element j of `target`, `t` the time,
    every other name a key of `variables`, or a state of element k of the population `own`, for pair k; those in
    `of_source` have the same value in all pairs of an element of `source`. The models of
    all populations are general; populations that links join are integrated as one system.
    """

    name: str
    source: str
    target: str
    i: NDArray[np.int64]
    j: NDArray[np.int64]
    variable: str
    expression: Expression
    variables: dict[str, Values]
    changed: set[str] = field(default_factory=set)  # names in `variables`
    own: str = ""
    of_source: frozenset[str] = frozenset()  # names in `variables`
    is_direct: bool = False  # the input is another variable, no sum: steps on the grid do not hold it


@dataclass
class PoissonDrive:
    """Neurons [start, stop) of `target` receive Poisson events, each its own, at n*rate; each adds weight to state."""

    name: str
    target: str
    start: int
    stop: int
    state: str
    n: int
    rate: float
    weight: float


@dataclass
class SpikeRecord:
    """Record the spikes of elements [start, stop) of a population or source; indices come out relative to start.

    With each spike go the values that `states` of its neuron had just before the reset; a source has none.
    """

    name: str
    source: str
    start: int
    stop: int
    states: tuple[str, ...] = ()
    event: str = "spike"  # or the name of a custom event of the population


@dataclass
class StateRecord:
    """Sample `states` of the neurons `indices` at k*dt for every k with k*dt >= the time of its creation.

    `target` names a population; or a projection, and then the states are variables that its code or equations change
    and the indices are those of synapses. A sample comes after all events of its instant.
    """

    name: str
    target: str
    states: tuple[str, ...]
    indices: NDArray[np.int64]
    dt: float


@dataclass
class Network:
    """What an engine runs. Lists may grow between runs; objects are known by their `name`, which is unique."""

    dt: float  # seconds: the grid that ticks count
    seed: int
    populations: list[Population] = field(default_factory=list)
    sources: list[PoissonSource | SpikeTrainSource] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    joined: list[tuple[str, str]] = field(
        default_factory=list
    )  # populations that are one system all the same
    drives: list[PoissonDrive] = field(default_factory=list)
    spike_records: list[SpikeRecord] = field(default_factory=list)
    state_records: list[StateRecord] = field(default_factory=list)
    inactive: set[str] = field(
        default_factory=set
    )  # projections, drives and records that take no part for now
    pauses: tuple[float, ...] = ()  # seconds: runs will stop at the multiples of each of these
