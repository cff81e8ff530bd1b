"""The user's objects as the plain data that engines run, kept in step from run to run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from evsim import description
from evsim.errors import EvsimError, EvsimValueError
from evsim.words.described.links import DescribedLinked, mark_changed_links
from evsim.words.described.neurons import (
    DescribedGroup,
    Scope,
    describe_neurons,
    refresh_neurons,
    refresh_values,
)
from evsim.words.described.outlines import Outline, outlines
from evsim.words.described.rates import rates_of
from evsim.words.described.sums import refuse_double_sums
from evsim.words.described.synapses import (
    DescribedSynapses,
    stand_in,
    stand_in_name,
    written_at_source,
    written_by,
)
from evsim.words.junctions import refuse_double_junctions
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from evsim.words.synapses import Synapses


class Describer:
    """The description of one network. It holds no object of the user: those may end between runs."""

    def __init__(self, dt: float, seed: int) -> None:
        self.network = description.Network(dt=dt, seed=seed)
        self.groups: dict[str, DescribedGroup] = {}
        self.synapses: dict[str, DescribedSynapses] = {}
        self.inputs: dict[tuple[str, str], list[description.Link]] = defaultdict(
            list
        )  # by group and variable
        self._beside: set[str] = set()  # groups in the joint system of others without links of their own
        self._linked: dict[tuple[str, str], DescribedLinked] = {}

    def update(self, objects: Sequence[Any], scope: Scope, now: float) -> None:
        """Describe what is new at the time `now`, and take over what the user changed since the last run."""
        _refuse_equal_names(objects)
        synapses = [each for each in objects if isinstance(each, Synapses)]
        drives = [each for each in objects if isinstance(each, PoissonInput)]
        _refuse_missing_ends([*synapses, *drives], objects)
        refuse_double_sums(synapses)
        refuse_double_junctions(synapses)
        written = {
            each.name: _written(each, synapses, drives) for each in objects if isinstance(each, NeuronGroup)
        }
        found = outlines(objects, written, self.network.dt)
        for group in objects:
            if isinstance(group, NeuronGroup):
                self._update_neurons(group, synapses, written[group.name], found[group.name], scope)
            elif isinstance(group, PoissonGroup):
                self._update_poisson(group, rates_of(group, scope))
            elif isinstance(group, SpikeGeneratorGroup):
                self._update_train(group, now)
        for group in objects:
            if isinstance(group, NeuronGroup):
                self._update_linked(group)
        for each in synapses:
            self._update_synapses(each, scope)
        for name, outline in found.items():
            if outline.beside and name not in self._beside:
                self._join(name, outline.beside, found)
        for each_drive in drives:
            self._update_drive(each_drive._drive())

    def refresh(self, objects: Sequence[Any]) -> None:
        """Inside a run: take over what an action changed. Names outside keep the values they had as the run began."""
        mark_changed_links(objects)
        changed = {each.name for each in objects if isinstance(each, NeuronGroup) and each._storage.changed}
        for each in objects:
            storage = getattr(each, "_storage", None)
            if isinstance(each, Synapses):
                self.synapses[each.name].refresh_activity(each)
            if isinstance(each, SpikeGeneratorGroup):
                if each._is_new:
                    self._update_train(each, each._network.t_)
            elif storage is None or not storage.changed:
                continue
            elif isinstance(each, NeuronGroup):
                refresh_values(each, self.groups[each.name])
            elif isinstance(each, PoissonGroup):
                self._update_poisson(each, rates_of(each, {}))
            elif isinstance(each, Synapses):
                self.synapses[each.name].refresh_values(each)
                storage.changed.clear()
        if changed:
            self._refresh_gathered(objects, changed)

    def _refresh_gathered(self, objects: Sequence[Any], changed: set[str]) -> None:
        """What synapses and linked variables have taken from groups that were changed."""
        for each in objects:
            if isinstance(each, Synapses) and {each._source._group.name, each._target._group.name} & changed:
                self.synapses[each.name].refresh_gathered(each)
            if isinstance(each, NeuronGroup):
                self._update_linked(each)

    def names_of(self, each: Any) -> set[str]:
        """The names that an object's parts have in the description."""
        if isinstance(each, Synapses):
            known = self.synapses[each.name]
            inside = [projection for _, projection in known.continuous.pathways]
            names = {projection.name for projection in (*known.projections, *inside)}
            return names | {link.name for link in known.continuous.links}
        return {each.name}

    def take_back(self, objects: Sequence[Any]) -> None:
        """After a run: what event code changed in synapses goes to the user's objects."""
        for each in objects:
            if isinstance(each, Synapses) and each.name in self.synapses:
                self.synapses[each.name].take_back(each)

    def _update_neurons(
        self,
        group: NeuronGroup,
        synapses: Sequence[Synapses],
        written: frozenset[str],
        outline: Outline,
        scope: Scope,
    ) -> None:
        contributions = [part for each in synapses for part in each._contributions_to(group)]
        known = self.groups.get(group.name)
        if known is None:
            known = describe_neurons(group, contributions, written, outline, scope)
            refresh_neurons(group, known, scope)
            self.groups[group.name] = known
            self.network.populations.append(known.population)
        else:
            known.check_same(contributions, written, outline)
            refresh_neurons(group, known, scope)

    def _join(self, name: str, beside: str, found: Mapping[str, Outline]) -> None:
        """Let a group take part in the system of another one, without a link."""
        further = found[beside].beside
        if further and beside not in self._beside:
            self._join(beside, further, found)
        self._beside.add(name)
        self.network.joined.append((name, beside))

    def _update_linked(self, group: NeuronGroup) -> None:
        for name in self.groups[group.name].outline.coupled & group._storage.links.keys():
            known = self._linked.get((group.name, name))
            if known is None:
                known = DescribedLinked(group, name, self.groups)
                self._linked[group.name, name] = known
                self._add_links([known.link])
            else:
                known.refresh(group, self.groups)

    def _add_links(self, links: Sequence[description.Link]) -> None:
        """Links that rates depend on are for the engine, all are for those who look at values."""
        populations = {each.name: each for each in self.network.populations}
        for link in links:
            self.inputs[link.target, link.variable].append(link)
            model = populations[link.target].model
            if isinstance(model, description.GeneralModel) and link.variable in model.inputs:
                self.network.links.append(link)

    def _update_poisson(self, group: PoissonGroup, rates: description.Values | description.Course) -> None:
        source = self._source(group.name)
        if source is None:
            self.network.sources.append(description.PoissonSource(group.name, len(group), rates))
        elif group._storage.changed or isinstance(rates, description.Course):
            assert isinstance(source, description.PoissonSource)
            is_same = isinstance(rates, description.Course) and rates.is_like(source.rates)
            source.rates, source.changed = rates, source.changed or not is_same
        group._storage.changed.clear()

    def _update_train(self, group: SpikeGeneratorGroup, now: float) -> None:
        source = self._source(group.name)
        is_needed = source is None or group._is_new or group._is_longer
        train = group._train(self.network.dt, now) if is_needed else None
        if source is None and train is not None:
            self.network.sources.append(description.SpikeTrainSource(group.name, len(group), *train))
        elif train is not None:
            assert isinstance(source, description.SpikeTrainSource)
            source.indices, source.ticks, source.offsets = train
            source.changed, source.is_longer = source.changed or group._is_new, True
        group._is_new = group._is_longer = False

    def _update_drive(self, drive: description.PoissonDrive) -> None:
        known = next((each for each in self.network.drives if each.name == drive.name), None)
        if known is None:
            self.network.drives.append(drive)
        elif known != drive:
            raise EvsimError(
                f"{drive.name} has run with the weight {known.weight:g} and would go on with {drive.weight:g} (SI); "
                "a PoissonInput keeps its weight: leave the names in it as they are"
            )

    def _source(self, name: str) -> description.PoissonSource | description.SpikeTrainSource | None:
        return next((source for source in self.network.sources if source.name == name), None)

    def _add_stand_in(self, group: PoissonGroup | SpikeGeneratorGroup) -> None:
        if not any(each.name == stand_in_name(group.name) for each in self.network.populations):
            self.network.populations.append(stand_in(group.name, len(group)))

    def _update_synapses(self, synapses: Synapses, scope: Scope) -> None:
        known = self.synapses.get(synapses.name)
        if known is None:
            source, target = (
                self.groups.get(end._group.name) for end in (synapses._source, synapses._target)
            )
            known = DescribedSynapses(synapses, source, target, self.network.dt, scope)
            if target is None:
                self._add_stand_in(synapses._target._group)
            self.synapses[synapses.name] = known
            if known.continuous.population is not None:
                self.network.populations.append(known.continuous.population)
            self.network.projections += known.projections
            self.network.projections += [projection for _, projection in known.continuous.pathways]
            self._add_links(known.continuous.links)
        else:
            known.refresh(synapses, scope)
        synapses._storage.changed.clear()


def _written(
    group: NeuronGroup, synapses: Sequence[Synapses], drives: Sequence[PoissonInput]
) -> frozenset[str]:
    """Variables of the group that synapses and drives change."""
    written: set[str] = set()
    for each in synapses:
        ends = [each._source._group, each._target._group]
        at_source, at_target = (end._equations if isinstance(end, NeuronGroup) else None for end in ends)
        if ends[1] is group and at_target is not None:
            written.update(written_by(each, at_target))
        if ends[0] is group and at_source is not None:
            written.update(written_at_source(each, at_source, at_target))
    return frozenset(written | {drive._variable.name for drive in drives if drive._target._group is group})


def _refuse_equal_names(objects: Sequence[Any]) -> None:
    names = [each.name for each in objects]
    for name in names:
        if names.count(name) > 1:
            raise EvsimValueError(
                f"two objects of the network are named '{name}'; give one of them another name="
            )


def _refuse_missing_ends(edges: Sequence[Any], objects: Sequence[Any]) -> None:
    for edge in edges:
        for what in ("source", "target"):
            end = getattr(edge, f"_{what}", None)
            if end is not None and not any(end._group is each for each in objects):
                raise EvsimValueError(
                    f"{what} of {edge.name}, {end._group.name}, is not part of the network; add it"
                )
