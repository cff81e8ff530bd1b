"""Synapses: which elements connect to which, with weights and delays of their own, and what a spike does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import (
    PULSE_END,
    Contribution,
    checked_plasticities,
    contribution,
    junction,
    modulation,
)
from evsim.equations.declaration import Equations, Variable
from evsim.errors import EvsimAttributeError, EvsimError, EvsimTypeError, EvsimValueError
from evsim.plugin import Gate, Junction, Model, Modulation, Output, Plasticity
from evsim.plugin.faults import require_sound
from evsim.rows import Rows
from evsim.units import DIMENSIONLESS, unit_named
from evsim.words.actions.operations import HasOperations
from evsim.words.activity import CanRest
from evsim.words.clocks import own_step
from evsim.words.connection.chosen import ChosenSynapses
from evsim.words.connection.numbering import checked_index_name, numbers_in_pairs
from evsim.words.connection.pairs import Pairs, RowPairs, spelled_out
from evsim.words.connection.wiring import Ends, Wiring
from evsim.words.custom_events import require_event
from evsim.words.junctions import refuse_pairs, side_of
from evsim.words.monitored import HasMonitor
from evsim.words.neurons import NeuronGroup, checked_method, checked_options
from evsim.words.objects import NetworkObject, checked_namespace
from evsim.words.pathways import SynapticPathway, read_pathways
from evsim.words.variables.elements import Elements, Positions, refuse_clashes
from evsim.words.variables.starts import StartValues
from evsim.words.variables.storage import Storage, is_shared
from evsim.words.variables.sums import check_sum, end_of, enter_sum
from evsim.words.variables.values import Known


class Synapses(CanRest, HasOperations, HasMonitor, Elements, NetworkObject):
    """Connections from the elements of `source` to those of `to` (`source` again when it is left out).

    Parameters
    ----------
    source, to
        A group, or a slice of one; `i` and `j` count in the slice. The second may also be given as target=.
    model
        Declarations of synapse variables, as in "w : volt", equations, and sums over synapses at every instant, as
        in "x_post = w*s : 1 (summed)"; or a registered model. Equations that are linear and depend on the synapse
        alone are solved from event to event, others are integrated together with the neurons.
    on_pre, on_post
        What happens at a synapse when a spike of its source arrives, as in "V_post += w", and when its target has
        spiked (after the reset); or dicts of such texts, by names of pathways.
    delay
        From spike to arrival; any time from 0 on. `delay` may be set per synapse later. One time is that of the
        pathway `pre`; a dict gives times by pathway.
    output, target, plasticity
        With a gate as model: how it becomes a current, the name of the input that receives it, and how spikes change
        what the synapse does, one model or a list of them.
    symmetric
        With a junction as model: each one made by `connect` lets current flow both ways, with one weight.
    namespace
        Names for the texts above, looked up before those around the call of `run`.
    monitors
        Variables to record of all synapses: `mon` is a StateMonitor of these.
    """

    _kind = "synapses"
    _stored = ("_active",)
    _is_copy = False  # of other synapses, made by a monitor
    _sums: Mapping[str, Variable] = {}  # the (summed) variables of neurons, such as x_post

    def __init__(
        self,
        source: Any,
        to: Any = None,
        model: Any = None,
        on_pre: str | Mapping[str, str] | None = None,
        on_post: Any = None,
        on_event: Any = "spike",
        delay: Any = None,
        method: str | None = None,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        name: str | None = None,
        *,
        target: Any = None,
        output: Output | None = None,
        symmetric: bool = False,
        plasticity: Any = None,
        clock: Any = None,
        method_options: Mapping[str, Any] | None = None,
        monitors: Any = None,
        multisynaptic_index: str | None = None,
    ) -> None:
        NetworkObject.__init__(self, name)
        port = target if isinstance(target, str) else ""
        to = target if to is None and not port else to
        self._source = _checked_end(source, f"source of {self.name}")
        self._target = self._source if to is None else _checked_end(to, f"target of {self.name}")
        self._ends = Ends(self._source, self._target)
        self._contribution: Contribution | None = None
        self._contribution_back: Contribution | None = (
            None  # to the source, of symmetric junctions of two groups
        )
        self._junction: Junction | None = None
        self._is_symmetric = symmetric
        self._make: Callable[..., Contribution] | None = None  # the contribution of a gate, again
        self._namespace = checked_namespace(namespace, self.name)
        self._clock = own_step(dt, clock, self.name)
        self._method = checked_method(method, self.name)
        self._method_options = checked_options(method_options, self._method, self.name)
        self._pathways = read_pathways(on_pre, on_post, on_event, self.name)
        for each in self._pathways:
            end = self._source if each.trigger == "pre" else self._target
            if each.event != "spike":
                require_event(end._group, each.event, f"on_event of {self.name}")
        if symmetric and not isinstance(model, Junction):
            raise EvsimTypeError(
                f"{self.name}: symmetric=True is for junctions, as in Synapses(cells, cells, gap_junction, "
                "symmetric=True); connect() chemical synapses in both directions"
            )
        plasticities = checked_plasticities(plasticity, self.name)
        if isinstance(model, Gate | Modulation | Junction):
            self._attach(model, output, port, plasticities)
        else:
            _refuse_what_needs_a_model(self.name, output, port)
            _refuse_plasticity(self.name, plasticities, "text says in on_pre and on_post what spikes do to w")
            self._equations, self._sums = _checked_equations(model, self._target, self.name)
        self._index_name = checked_index_name(multisynaptic_index, self._equations, self.name)
        if self._index_name is not None:
            index = Equations(f"{self._index_name} : integer (constant)")
            self._equations = Equations([*self._equations.values(), *index.values()], f"model of {self.name}")
        delays = {name: _delay_variable(name, is_shared=True) for name in self._delay_names()}
        named = [each.name for each in self._pathways if each.name not in ("pre", "post")]
        refuse_clashes(self._equations, type(self), self.name, {*delays, *named})
        refuse_clashes(named, type(self), self.name)
        self._storage = Storage({**self._equations, **delays}, 0)
        self._start = StartValues(self._storage, self._contribution)
        self._pairs: tuple[Rows | NDArray[np.int32], NDArray[np.int32]] = (_NONE, _NONE)
        self._is_connected = False
        self._take_delays(delay)
        self._enter_sums()
        self._monitor(monitors)

    @property
    def multisynaptic_index(self) -> str | None:
        """The name of the variable with the number of each synapse among those of its pair, where there is one."""
        return self._index_name

    def _delay_names(self) -> list[str]:
        names = [each.delay_name for each in self._pathways]
        return names if self._pathways else ["delay"]

    def _take_delays(self, given: Any) -> None:
        """The delay of the pathway `pre`, or a dict of delays by pathway."""
        by_pathway = given if isinstance(given, Mapping) else {} if given is None else {"pre": given}
        names = {each.name: each.delay_name for each in self._pathways} or {"pre": "delay"}
        for pathway, value in by_pathway.items():
            if pathway not in names:
                known = ", ".join(names)
                raise EvsimValueError(
                    f"{self.name}: delay is given for the pathway '{pathway}', but there are {known}; "
                    f"give a dict, as in delay={{'{next(iter(names))}': 2*ms}}"
                )
            self._write(names[pathway], value, slice(None))

    def _attach(
        self,
        model: Gate | Modulation | Junction,
        output: Output | None,
        port: str,
        plasticity: tuple[Plasticity, ...],
    ) -> None:
        """Become synapses of a registered model: a gate and an output onto a port of the target, or another kind."""
        if self._pathways:
            raise EvsimTypeError(
                f"{self.name}: got the model {model.name} and on_{self._pathways[0].trigger}; "
                "the model says what a spike does"
            )
        for each in (model, output, *plasticity):
            if isinstance(each, Model):
                require_sound(each)
        group = self._target._group
        if not isinstance(group, NeuronGroup):
            raise EvsimTypeError(
                f"{self.name}: {group.name} cannot receive spikes; the target is a NeuronGroup"
            )
        if isinstance(model, Gate):
            target, membrane = group._equations, group._membrane
            self._make = partial(contribution, model, output, target, self.name, port, membrane, plasticity)
            made = self._make()
        else:
            _refuse_output(self.name, model, output)
            _refuse_plasticity(self.name, plasticity, f"{model.name} takes none; leave plasticity= out")
            made = self._made(model, port)
        self._take(made)
        for end, part in ((group, made), (self._source._group, self._contribution_back)):
            if part is not None and part.equations:
                end._receive(part)

    def _take(self, made: Contribution) -> None:
        """Be what the models of these synapses make of them."""
        self._contribution = made
        self._pathways = tuple(
            replace(each, lag=made.lag) if each.name == PULSE_END else replace(each, compiled=made.compiled)
            for each in read_pathways(made.code or None, made.on_post or None, "spike", self.name)
        )
        if self._junction is not None and made.on_post:
            self._pathways = tuple(replace(each, has_common_delay=True) for each in self._pathways)
        if made.functions:
            self._namespace = {**(self._namespace or {}), **made.functions}
        weight = Variable("w", "parameter", None, made.weight)
        self._equations = Equations([weight, *made.own.values()], f"model of {self.name}")
        self._sums = made.sums

    def _show_single(self, names: Collection[str]) -> None:
        """Keep the gate of each plastic synapse too, for a monitor that records these variables of it."""
        made = None if self._make is None else self._make(is_shown=True)
        if made is None or not (made.own.keys() - self._storage.variables.keys()).intersection(names):
            return
        if self._network is not None:
            raise EvsimError(
                f"{self.name} has run already, and does not keep {', '.join(names)} of single synapses; make the "
                "StateMonitor before the first run"
            )
        for name, variable in made.own.items():
            if name not in self._storage.variables:
                self._storage.declare(variable)
        self._take(made)

    def _made(self, model: Modulation | Junction, port: str) -> Contribution:
        if isinstance(model, Modulation):
            return modulation(model, self._target._group._equations, self.name, port)
        sides = side_of(self._source, self.name), side_of(self._target, self.name)
        made, back = junction(model, *sides, self.name, port, self._is_symmetric)
        self._junction, self._contribution_back = model, back
        return made

    def _contributions_to(self, group: Any) -> list[Contribution]:
        """What these synapses add to a group."""
        parts = ((self._target, self._contribution), (self._source, self._contribution_back))
        return [made for end, made in parts if made is not None and end._group is group]

    def _near(self, name: str) -> Any:
        """The end that a summed variable belongs to."""
        return self._source if end_of(self._sums[name], self.name)[1] == "pre" else self._target

    def _enter_sums(self) -> None:
        for name, variable in self._sums.items():
            group = self._near(name)._group
            check_sum(variable, group, self.name, isinstance(group, NeuronGroup))
        for name, variable in self._sums.items():
            enter_sum(self._near(name)._storage, end_of(variable, self.name)[0], self)

    def _sum_now(self, bare: str, storage: Storage) -> NDArray[np.float64]:
        """What these synapses add to a variable of neurons at present, for each element of the group."""
        total = np.zeros(storage.size)
        for name, variable in self._sums.items():
            near = self._near(name)
            if near._storage is not storage or end_of(variable, self.name)[0] != bare or not self.active:
                continue
            assert variable.expression is not None
            text = self._text(variable.expression.text, f"{self.name}, {name}", self._of_now)
            values = text.evaluate(self._known_now(text.own, slice(None)), self.N)
            index = (self.j if name.endswith("_post") else self.i) + near._bounds()[0]
            total += np.bincount(index, weights=values, minlength=storage.size)
        return total

    def _on_target(self, name: str) -> tuple[Any, str] | None:
        """The group and the name there of a parameter that the models of these synapses have."""
        made = self.__dict__.get("_contribution")
        if made is None or made.variables.get(name) not in made.parameters:
            return None
        return self._target._group, made.variables[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        for pathway in self._pathways:
            if pathway.name == name:
                return SynapticPathway(self, pathway)
        self._refuse_delay(name)
        place = self._on_target(name)
        return super().__getattr__(name) if place is None else getattr(*place)

    def _refuse_delay(self, name: str) -> None:
        if name == "delay" and "delay" not in self._storage.variables:
            some = self._pathways[0].name
            raise EvsimAttributeError(
                f"{self.name}.delay is that of a pathway 'pre', which is not there; set {self.name}.{some}.delay"
            )

    def __setattr__(self, name: str, value: Any) -> None:
        place = None if name.startswith("_") else self._on_target(name)
        if place is None:
            if not name.startswith("_"):
                self._refuse_delay(name)
            super().__setattr__(name, value)
        else:
            setattr(*place, value)

    # What was made

    @property
    def source(self) -> Any:
        """Where spikes come from."""
        return self._source

    @property
    def target(self) -> Any:
        """Where they act."""
        return self._target

    @property
    def i(self) -> NDArray[np.int64]:
        """Source element of every synapse."""
        return _indices(self._pairs[0])

    @property
    def j(self) -> NDArray[np.int64]:
        """Target element of every synapse."""
        return _indices(self._pairs[1])

    @property
    def N(self) -> int:
        """How many synapses there are."""
        return self._storage.size

    @property
    def N_pre(self) -> int:
        """How many elements the source has."""
        return len(self._source)

    @property
    def N_post(self) -> int:
        """How many elements the target has."""
        return len(self._target)

    @property
    def N_incoming(self) -> NDArray[np.int64]:
        """For every synapse, how many synapses end on its target element."""
        return self.N_incoming_post[self.j]

    @property
    def N_outgoing(self) -> NDArray[np.int64]:
        """For every synapse, how many synapses start at its source element."""
        return self.N_outgoing_pre[self.i]

    @property
    def N_incoming_post(self) -> NDArray[np.int64]:
        """How many synapses end on each target element."""
        return np.bincount(self._pairs[1], minlength=len(self._target))

    @property
    def N_outgoing_pre(self) -> NDArray[np.int64]:
        """How many synapses start at each source element."""
        return np.bincount(self.i, minlength=len(self._source))

    def __len__(self) -> int:
        return self.N

    def __getitem__(self, item: Any) -> ChosenSynapses:
        """Some of the synapses: by number, by their ends as in S[0, :], or by a condition as text."""
        chosen = np.arange(self.N, dtype=np.int64)[self._positions(item)]
        return ChosenSynapses(self, np.atleast_1d(chosen))

    def __repr__(self) -> str:
        ends = f"{self._source._label()} to {self._target._label()}"
        codes: dict[str, str | None] = {each.name: each.code for each in self._pathways} or {"pre": None}
        code = ", ".join(
            f"{'on_' * (name in ('pre', 'post'))}{name} {text!r}" for name, text in codes.items()
        )
        size = f"{self._bytes() / self.N:.3g} bytes each, " if self.N else ""
        return f"<Synapses '{self.name}': {self.N} synapses from {ends}, {size}{code}>"

    def _bytes(self) -> int:
        """Memory of these synapses, here and, once they have run, in the engine."""
        pairs = sum(each.first.nbytes if isinstance(each, Rows) else each.nbytes for each in self._pairs)
        here = pairs + sum(values.nbytes for values in self._storage.arrays.values())
        return here + (0 if self._network is None else self._network._bytes_of(self))

    # Making connections

    def connect(
        self,
        condition: str | bool | None = None,
        i: Any = None,
        j: Any = None,
        p: float | str = 1.0,
        n: int | str = 1,
        skip_if_invalid: bool = False,
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        """Add synapses: all pairs, those of a condition, of given indices, or of a generator text.

        Parameters
        ----------
        condition
            Text over i, j, N_pre, N_post and variables of both ends (`x_pre`, `x_post`).
        i, j
            Indices, or for one of them generator text, as in "k for k in range(i-2, i+3) if k != i".
        p
            Probability of each of these pairs: a number, or text.
        n
            Synapses for each pair that is connected: a number, or text.
        skip_if_invalid
            Leave out what generator text gives outside the group, which is an error otherwise.
        """
        where = f"connect() of {self.name}"
        if self._network is not None:
            raise EvsimError(f"{where}: {self.name} has run already; make new Synapses for more connections")
        wiring = Wiring(self._ends, self._namespace if namespace is None else namespace, where)
        pairs = wiring.repeated(wiring.pairs(condition, i, j, p, skip_if_invalid), n)
        if self._junction is not None:
            refuse_pairs(self, (self.i, self.j), spelled_out(pairs), where)
        self._append(pairs)

    def _append(self, pairs: Pairs | RowPairs) -> None:
        storage, added = self._storage, pairs[0].size
        self._pairs = _compact(pairs if not self.N else _both(self._pairs, pairs), len(self._source))
        for name, values in storage.arrays.items():
            if not is_shared(storage.variables[name]):
                storage.arrays[name] = _joined(values, np.full(added, self._default(name)))
        storage.size += added
        if self._index_name is not None:
            storage.arrays[self._index_name] = numbers_in_pairs(self.i[:], self.j[:])
        self._start.derive(slice(storage.size - added, storage.size))
        self._is_connected = True

    def _default(self, name: str) -> float:
        """The value of a variable in new synapses."""
        if name in self._delay_names() and self._storage.arrays[name].size:
            raise EvsimError(
                f"{self.name}: connect() after delays were set per synapse; make all connections first, then set delay"
            )
        if name == "w" and self._contribution is not None:
            return self._contribution.default_weight
        return 0.0 if self._contribution is None else self._contribution.own_values.get(name, 0.0)

    # Values

    def _implicit(self) -> Collection[str]:
        return {"N", *_DEGREES, *self._ends.names}

    def _known(self, names: Collection[str], positions: Positions) -> dict[str, Known]:
        known = super()._known([name for name in names if name in self._storage.variables], positions)
        rest = [name for name in names if name not in known]
        if "N" in rest:
            known["N"] = float(self.N), DIMENSIONLESS
            rest.remove("N")
        for name in _DEGREES & set(rest):
            known[name] = getattr(self, name)[positions].astype(np.float64), DIMENSIONLESS
            rest.remove(name)
        return known | self._ends.of_pairs(rest, self.i[positions], self.j[positions])

    def _positions(self, item: Any) -> Positions:
        """Also S.w[i, j]: the synapses between these elements."""
        if isinstance(item, tuple) and len(item) == 2:
            inside = [
                _members(index, end) for index, end in zip(item, (self._source, self._target), strict=True)
            ]
            return np.flatnonzero(inside[0][self.i] & inside[1][self._pairs[1]])
        return super()._positions(item)

    def _write(self, name: str, value: Any, item: Any) -> None:
        if name in self._delay_names():
            self._write_delay(name, value, item)
            return
        if not self._is_connected and name in self._storage.variables:
            raise EvsimValueError(
                f"{self.name}.{name}: there are no synapses yet; call {self.name}.connect() first"
            )
        super()._write(name, value, item)
        if self._network is None:
            self._start.written(name)

    def _write_delay(self, name: str, value: Any, item: Any) -> None:
        storage = self._storage
        is_for_all = isinstance(item, slice) and item == slice(None)
        is_one_value = is_for_all and not isinstance(value, str) and np.ndim(value) == 0
        before = storage.variables[name], storage.arrays[name]
        if is_one_value:
            storage.variables[name], storage.arrays[name] = _delay_variable(name, True), np.zeros(1)
        elif not self._is_connected:
            raise EvsimValueError(f"{self.name}.{name}: there are no synapses yet; call connect() first")
        else:
            array = np.array(np.broadcast_to(before[1], (storage.size,)))
            storage.variables[name], storage.arrays[name] = _delay_variable(name, False), array
        try:
            super()._write(name, value, item)
            _check_delays(storage.arrays[name], f"{self.name}.{name}")
        except EvsimError:
            storage.variables[name], storage.arrays[name] = before
            raise


_NONE = np.zeros(0, dtype=np.int32)
_DEGREES = {"N_incoming", "N_outgoing"}


def _delay_variable(name: str, is_shared: bool) -> Variable:
    second = unit_named("second")
    assert second is not None
    return Variable(name, "parameter", None, second.dimension, frozenset({"shared"} if is_shared else ()))


def _check_delays(seconds: NDArray[np.float64], name: str) -> None:
    wrong = seconds[seconds < 0]
    if wrong.size:
        raise EvsimValueError(f"{name}: got {wrong[0]:g} s; a delay is 0 or more")


def _joined(before: NDArray[Any], after: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([before, after]) if before.size else after


def _members(index: Any, end: Any) -> NDArray[np.bool_]:
    """Which elements of one end an index points to."""
    inside = np.zeros(len(end), dtype=bool)
    inside[end._positions(index)] = True
    return inside


def _indices(elements: Rows | NDArray[np.int32]) -> NDArray[np.int64]:
    spelled_out = np.asarray(elements, dtype=np.int64)
    spelled_out.flags.writeable = False
    return spelled_out


def _both(before: Any, after: Any) -> Pairs:
    i, j = (np.concatenate([np.asarray(each) for each in ends]) for ends in zip(before, after, strict=True))
    return i, j


def _compact(pairs: Pairs | RowPairs, n_source: int) -> tuple[Rows | NDArray[np.int32], NDArray[np.int32]]:
    """Four bytes for every synapse, where its source need not be told."""
    i, j = pairs
    rows = i if isinstance(i, Rows) else Rows.of(i, n_source)
    return (np.asarray(i, np.int32) if rows is None else rows), np.asarray(j, np.int32)


def _checked_end(end: Any, what: str) -> Any:
    if not isinstance(end, Elements) or isinstance(end, Synapses):
        raise EvsimTypeError(
            f"{what}: got {end!r}; give a NeuronGroup, a source of spikes, or a slice of one"
        )
    return end


def _checked_equations(model: Any, target: Any, name: str) -> tuple[Equations, dict[str, Variable]]:
    """The equations of the synapses, and the sums over them; bare names of the target become `X_post`."""
    where = f"model of {name}"
    every = model if isinstance(model, Equations) else Equations(model or "", where)
    of_target = {each: f"{each}_post" for each in target._storage.variables if each not in every}
    every = every.changed(lambda formula, _: formula.rename(of_target))
    sums = {each: every[each] for each in every.flagged("summed")}
    for each in sums.values():
        end_of(each, name)
    return Equations([each for each in every.values() if each.name not in sums], where), sums


def _refuse_output(name: str, model: Modulation | Junction, output: Any) -> None:
    if output is not None:
        does = "raises a parameter of its target" if isinstance(model, Modulation) else "is a current already"
        raise EvsimTypeError(f"{name}: {model.name} {does} and takes no output; leave output= out")


def _refuse_plasticity(name: str, given: tuple[Plasticity, ...], repair: str) -> None:
    if given:
        raise EvsimTypeError(
            f"{name}: plasticity={given[0].name} goes with a gate as model, whose weight it changes, as in "
            f"Synapses(a, b, exponential, output=current, plasticity={given[0].name}); {repair}"
        )


def _refuse_what_needs_a_model(name: str, output: Any, port: str) -> None:
    if output is not None:
        raise EvsimTypeError(
            f"{name}: output= goes with a gate as model, as in Synapses(a, b, exponential, output=current)"
        )
    if port:
        raise EvsimTypeError(
            f"{name}: target={port!r} names an input for a registered model; text says it in on_pre"
        )
