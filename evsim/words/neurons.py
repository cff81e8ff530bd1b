"""Groups of neurons that share equations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import Contribution, membrane_of, neuron_equations
from evsim.equations.check import check_refractory
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES, VARYING
from evsim.equations.statements import parse_statements
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.instants import join
from evsim.plugin import Neuron
from evsim.plugin.faults import require_sound
from evsim.plugin.model import nearest
from evsim.units import Quantity
from evsim.words.clocks import Clock, defaultclock, in_seconds, own_step
from evsim.words.custom_events import HasEvents
from evsim.words.monitored import HasMonitor
from evsim.words.objects import NetworkObject, checked_namespace
from evsim.words.slices import Sliceable, checked_size
from evsim.words.variables.elements import refuse_clashes
from evsim.words.variables.storage import Storage
from evsim.words.variables.values import check_finite, number_values

_METHODS = (
    "exact",
    "linear",
    "adaptive",
    "exponential_euler",
    "euler",
    "rk2",
    "rk4",
    "heun",
    "milstein",
    "ornstein_uhlenbeck",
)
_ADAPTIVE = (
    "gsl",
    "gsl_rk2",
    "gsl_rk4",
    "gsl_rkf45",
    "gsl_rkck",
    "gsl_rk8pd",
    "rkf45",
)  # what Brian calls such
_OPTIONS = {"rtol": "rtol", "atol": "atol", "absolute_error": "atol", "relative_error": "rtol"}


class NeuronGroup(Sliceable, HasEvents, HasMonitor, NetworkObject):
    """N neurons with the same equations; their variables are attributes.

    Parameters
    ----------
    N
        How many.
    model
        Equations as text ("dV/dt = -V/tau : volt"), an `Equations`, or a registered neuron model.
    threshold
        Condition that makes a neuron spike, as in "V > -50*mV".
    reset
        What happens at the spike, as in "V = -90*mV".
    refractory
        Time without spikes after a spike: one value, one per neuron, or text such as the name of a parameter.
    namespace
        Names for the texts above, looked up before those around the call of `run`.
    events
        Conditions of other events by name, as in {"custom": "v > 0.5*mV"}; see `run_on_event`.
    dt, clock
        The step at which monitors sample this group unless they have their own.
    monitors
        Variables to record of all neurons: the group's `mon` is a StateMonitor of these.
    membrane
        Which variable is the membrane potential, for outputs and junctions of registered models. Left out: that of the
        model, or the variable V or v, or the one that the threshold compares.
    """

    _kind = "neurongroup"

    def __init__(
        self,
        N: int,
        model: Any,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: Any = None,
        method: str | None = None,
        method_options: Mapping[str, Any] | None = None,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        name: str | None = None,
        events: Any = None,
        *,
        clock: Clock | None = None,
        monitors: Any = None,
        membrane: str | None = None,
    ) -> None:
        NetworkObject.__init__(self, name)
        self._namespace = checked_namespace(namespace, self.name)
        self._clock = own_step(dt, clock, self.name)
        self._method = checked_method(method, self.name)
        self._method_options = checked_options(method_options, self._method, self.name)
        self._take_events(events)
        size = checked_size(N, self.name)
        neuron = model if isinstance(model, Neuron) else None
        self._equations = _equations_of(model, self.name)
        self._threshold = threshold if threshold is not None or neuron is None else neuron.threshold or None
        self._reset = reset if reset is not None or neuron is None else neuron.reset or None
        self._refractory = (
            refractory if refractory is not None or neuron is None else neuron.refractory or None
        )
        self._check_texts()
        self._membrane = self._potential(neuron.membrane if neuron and membrane is None else membrane)
        refuse_clashes(self._equations, type(self), self.name)
        self._storage = Storage(dict(self._equations), size)
        self._written: frozenset[str] = frozenset()  # by event code of synapses, and by what others add up to
        if neuron is not None:
            self._start(neuron)
        if self._refractory is not None and not isinstance(self._refractory, str):
            self._refractory_seconds()
        self._monitor(monitors)

    @property
    def equations(self) -> Equations:
        """The equations of the model."""
        return self._equations

    @property
    def threshold(self) -> str | None:
        """The condition of a spike."""
        return self._threshold

    @property
    def events(self) -> dict[str, str]:
        """The conditions of all events by name; "spike" is the threshold."""
        return {**({"spike": self._threshold} if self._threshold else {}), **self._conditions}

    @property
    def reset(self) -> str | None:
        """What a spike does."""
        return self._reset

    @property
    def refractory(self) -> Any:
        """The time without spikes after a spike, as it was given."""
        return self._refractory

    @property
    def dt(self) -> Quantity:
        """The step at which monitors sample this group unless they have their own."""
        return (self._clock or defaultclock).dt

    @property
    def t(self) -> Quantity:
        """The present time of the group's network."""
        return in_seconds(0.0 if self._network is None else self._network.t_)

    @property
    def lastspike(self) -> Quantity:
        """Time of the last spike of every neuron; minus infinity for one that has not spiked."""
        if self._network is None:
            return in_seconds(np.full(len(self), -np.inf))
        tick, offset, has_spiked = self._network._last_spikes(self.name)
        return in_seconds(np.where(has_spiked, join(tick, offset, self._network._dt), -np.inf))

    @property
    def not_refractory(self) -> NDArray[np.bool_]:
        """Which neurons may spike at the present time."""
        if self._network is None or not self._network._has_run:
            return np.ones(len(self), dtype=bool)
        are_refractory: NDArray[np.bool_] = self._network._simulation.are_refractory(self.name)
        return ~are_refractory

    def _check_texts(self) -> None:
        for what, text in (("threshold", self._threshold), ("reset", self._reset)):
            if text is not None and not isinstance(text, str):
                raise EvsimTypeError(f"{what} of {self.name}: got {text!r}; give text, as in 'V > -50*mV'")
        if self._threshold:
            Expression.parse(self._threshold, f"the threshold of {self.name}")
        parse_statements(self._reset or "", f"the reset of {self.name}")
        if self._refractory is False:
            self._refractory = None
        for what, given in (("reset", self._reset), ("refractory", self._refractory)):
            if given is not None and not self._threshold:
                raise EvsimValueError(
                    f"{self.name}: got {what}={given!r} and no threshold, so no spike; give a threshold too"
                )

    def _potential(self, given: Any) -> str:
        """The name of the membrane potential; empty without one."""
        if given is not None and given not in self._equations:
            near = nearest(given, list(self._equations))
            raise EvsimValueError(
                f"membrane of {self.name}: it has no variable {given!r}{near}; it has {', '.join(self._equations)}"
            )
        return membrane_of(self._equations, given or "", self._threshold)

    def _start(self, neuron: Neuron) -> None:
        """Set parameters and states as the model declares them."""
        self._storage.expandable |= {parameter.name for parameter in neuron.parameters}
        for parameter in neuron.parameters:
            setattr(self, parameter.name, neuron.value(parameter.name))
        for name, value in (neuron.initial or {}).items():
            setattr(self, name, value)
        self._storage.changed.clear()

    def _receive(self, contribution: Contribution) -> None:
        """Take in the variables that synapses of a registered model bring along."""
        for variable in contribution.equations.values():
            self._storage.declare(variable)
        self._storage.expandable |= contribution.parameters.keys()
        for name, value in contribution.parameters.items():
            self._write(name, value, slice(None))

    def _dynamic_refractory(self) -> Expression | None:
        """The refractory period where it is a condition, or a time that depends on more than parameters."""
        if not isinstance(self._refractory, str):
            return None
        given = Expression.parse(self._refractory, f"the refractory period of {self.name}")
        if given.is_condition or given.names & VARYING.keys():
            return given
        changed = self._written | {each.target for each in parse_statements(self._reset or "", "the reset")}
        own = [self._storage.variables[name] for name in given.names if name in self._storage.variables]
        changing = [
            each for each in own if each.kind != "parameter" or each.type == "boolean" or each.name in changed
        ]
        return given if changing else None

    def _refractory_seconds(self) -> float | NDArray[np.float64]:
        """The refractory period now, where parameters alone say it: one value or one per neuron."""
        what, given = f"refractory period of {self.name}", self._refractory
        if given is None or self._dynamic_refractory() is not None:
            return 0.0
        if isinstance(given, str):
            seconds = self._refractory_text(given, f"the {what}")
        else:
            seconds = number_values(given, KNOWN_NAMES["dt"], self._count(), what)
        check_finite(seconds, what)
        if np.any(seconds < 0):
            raise EvsimValueError(f"{what}: got {seconds[seconds < 0][0]:g} s; give a time of 0 or more")
        return float(seconds[0]) if np.all(seconds == seconds[0]) else np.array(seconds)

    def _refractory_text(self, given: str, what: str) -> NDArray[np.float64]:
        text = self._text(given, what)
        for name in sorted(text.own):
            if name in self._storage.variables and self._variable(name).kind != "parameter":
                raise EvsimError(
                    f"{what}: {name} changes during the run; evsim takes times that depend on parameters"
                )
        if text.expression.draws:
            raise EvsimError(f"{what}: {given!r} draws random numbers; draw them once, into a parameter")
        own = self._known(text.own, slice(None))
        check_refractory(
            text.expression, {name: each[1] for name, each in {**text.constants, **own}.items()}, what
        )
        return text.evaluate(own, self._count())

    def __repr__(self) -> str:
        variables = ", ".join(f"{each.name} : {each.dimension}" for each in self._equations.values())
        spike = f"threshold {self._threshold!r}, reset {self._reset!r}" if self._threshold else "no threshold"
        return f"<NeuronGroup '{self.name}': {len(self)} neurons; {variables}; {spike}>"


def _equations_of(model: Any, name: str) -> Equations:
    if isinstance(model, Neuron):
        require_sound(model)
        return neuron_equations(model)
    if isinstance(model, str) and model.strip().isidentifier():
        raise EvsimValueError(
            f"model of {name}: {model.strip()!r} is no equation; give the model of that name, from evsim.models, or "
            "text such as 'dV/dt = -V/tau : volt'"
        )
    if isinstance(model, str):
        model = Equations(model, f"the equations of {name}")
    if isinstance(model, Equations):
        _refuse_flags_of_synapses(model, name)
        return model
    raise EvsimTypeError(
        f"model of {name}: got {model!r}; give equations as text, or a neuron model such as lif"
    )


def _refuse_flags_of_synapses(equations: Equations, name: str) -> None:
    for flag in ("event-driven", "clock-driven", "summed"):
        for variable in equations.flagged(flag):
            raise EvsimValueError(
                f"{name}: {variable} is ({flag}), a flag of equations of Synapses; remove it"
            )


def checked_method(method: Any, name: str) -> str | None:
    """The name that evsim has for a method of integration."""
    if isinstance(method, (tuple, list)) and method:
        return checked_method(method[0], name)
    if method is None or method in _METHODS:
        return method if method is None else str(method)
    if method in _ADAPTIVE:
        return "adaptive"
    raise EvsimValueError(f"{name}: there is no method {method!r}; give one of {', '.join(_METHODS)}")


def checked_options(given: Any, method: str | None, name: str) -> dict[str, float]:
    """Options of a method under the names that models have for them."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise EvsimTypeError(f"{name}: method_options is {given!r}; give a dict such as {{'rtol': 1e-10}}")
    found: dict[str, float] = {}
    for key, value in given.items():
        if key not in _OPTIONS:
            raise EvsimValueError(
                f"{name}: there is no method option {key!r}; there are {', '.join(_OPTIONS)}"
            )
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < 1:
            raise EvsimValueError(
                f"{name}: method option {key} is {value!r}; give a number above 0 and below 1"
            )
        found[_OPTIONS[key]] = float(value)
    if found and method not in (None, "adaptive", "exact", "linear"):
        raise EvsimValueError(f"{name}: method '{method}' has a fixed step and takes no {', '.join(given)}")
    return found
