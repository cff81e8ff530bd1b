"""The dynamics of a `GeneralModel`: Taylor steps, and conditions searched along them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import mpmath as mp

from evsim.description import GeneralModel, LinearModel
from evsim.equations.expression import Expression
from evsim.errors import EvsimError, EvsimRuntimeError, EvsimValueError
from evsim.reference.branches import sign_after
from evsim.reference.condition import Condition
from evsim.reference.exact import Exact, later, promised, rounded
from evsim.reference.roots import sign_at, slope_at, value_at, zeros
from evsim.reference.taylor import Form, Step, Stepper


class GeneralDynamics:
    """The equations of a neuron while it is refractory and while it is not."""

    def __init__(self, model: GeneralModel, name: str, dt: float) -> None:
        refuse_chance(model, name)
        self.model = model
        self.name = name
        self.last_conditioning = float("inf")
        self._dt = dt
        self._steppers: dict[bool, Stepper] = {}
        self._bound: dict[bool, tuple[Exact, ...]] = {}

    def motion(self, values: Mapping[str, Exact], time: Exact, is_refractory: bool) -> GeneralMotion:
        """The solution from a time and the values there on."""
        if is_refractory not in self._steppers:
            self._steppers[is_refractory] = self._stepper(is_refractory)
        stepper = self._steppers[is_refractory]
        fixed = tuple(value for name, value in values.items() if name not in stepper.rates and name != "t")
        if self._bound.get(is_refractory) != fixed:
            stepper.bind(values)
            self._bound[is_refractory] = fixed
        return GeneralMotion(self, stepper, {name: values[name] for name in self.model.states}, time)

    def forget(self) -> None:
        """Parameters have changed."""
        self._bound.clear()

    def _stepper(self, is_refractory: bool) -> Stepper:
        model = self.model
        still = model.clamped if is_refractory else frozenset()
        conditions: dict[str, Expression] = {}
        if is_refractory and model.refractory is not None and model.refractory.is_condition:
            conditions["refractory"] = model.refractory
        if not is_refractory and model.threshold is not None:
            conditions["threshold"] = model.threshold
        conditions |= {f"event {each.name}": each.condition for each in model.events}
        rates = {name: rate for name, rate in model.rates.items() if name not in still}
        return Stepper(rates, conditions, model.functions, self._dt)


class GeneralMotion:
    """The solution from `time` on, in steps that are made when first needed."""

    def __init__(
        self, dynamics: GeneralDynamics, stepper: Stepper, states: dict[str, Exact], time: Exact
    ) -> None:
        self.time = time
        self._dynamics = dynamics
        self._stepper = stepper
        self._start = states
        self._steps: list[Step] = []

    def states_at(self, time: Exact) -> dict[str, Exact]:
        """Every state at a time that is not before the start."""
        step = self._first
        if time < self._steps[-1].start:
            step = next(each for each in reversed(self._steps) if each.start <= time)
        else:
            step = self._steps[-1]
            while mp.fsub(time, step.start, exact=True) > step.length:
                step = self._following(step)
        return self._start | step.state(mp.fsub(time, step.start, exact=True))

    @property
    def _first(self) -> Step:
        if not self._steps:
            self._steps.append(self._step(self.time, self._start))
        return self._steps[0]

    def _following(self, step: Step) -> Step:
        states = self._start | step.state(step.length)
        self._steps.append(self._step(later(step.start, step.length), states))
        return self._steps[-1]

    def _step(self, time: Exact, states: Mapping[str, Exact]) -> Step:
        try:
            return self._stepper.step(time, {name: states[name] for name in self._stepper.rates})
        except EvsimError as error:
            raise EvsimRuntimeError(
                f"{self._dynamics.name} at t = {mp.nstr(time, 17)} s: {str(error).rstrip('.')}; "
                "check its equations and what drives it."
            ) from None

    # Conditions.

    def is_over(self, also_at_start: bool) -> bool:
        """Whether the threshold condition holds from the start on, or also at the start only."""
        return self.track("threshold").begins_true(also_at_start)

    def next_crossing(self, patience: Exact) -> tuple[Exact, bool]:
        """A later time, and whether the threshold condition becomes true then or was false so far."""
        track = self.track("threshold")
        place = track.first(True)
        if place is not None:
            self._dynamics.last_conditioning = track.conditioning(place)
        return self.time_of(place)

    def is_held(self) -> bool:
        """Whether the refractory condition holds from the start on."""
        return self.track("refractory").begins_true(also_at_start=False)

    def next_end(self) -> tuple[Exact, bool]:
        """A later time, and whether the refractory condition becomes false then or was true so far."""
        return self.time_of(self.track("refractory").first(False))

    def is_true(self, event: str, also_at_start: bool) -> bool:
        """Whether the condition of a custom event holds from the start on, or also at the start only."""
        return self.track(f"event {event}").begins_true(also_at_start)

    def next_change(self, event: str, wanted: bool) -> tuple[Exact, bool]:
        """A later time, and whether the condition of a custom event becomes as wanted then or was not so far."""
        return self.time_of(self.track(f"event {event}").first(wanted))

    def conditioning(self) -> float:
        """By how many seconds one rounding of a double in the threshold moves the crossing at the start."""
        return self._dynamics.last_conditioning

    def track(self, name: str) -> Track:
        """A condition along the first step."""
        condition = self._stepper.conditions[name]
        return Track(condition, self._first.forms[id(condition)], self._first)

    def time_of(self, place: int | None) -> tuple[Exact, bool]:
        """The time of a place in the first step, or of its end without one; and whether there is one."""
        step = self._first
        if place is None:
            return later(step.start, step.length), False
        h = step.seconds((step.end * place) >> step.bits)
        return max(rounded(later(step.start, h)), step.start), True


class Track:
    """A condition along one step: its forms, the places where they are zero, its truth there and in between."""

    def __init__(self, condition: Condition, forms: list[Form], step: Step) -> None:
        self._test = condition.test
        self._forms = forms
        self._step = step
        self._bits = step.bits

    def begins_true(self, also_at_start: bool) -> bool:
        """Whether it is true from the start on, or also if it is so at the start only."""
        if self._test([self._sign_after_start(form) for form in self._forms]):
            return True
        return also_at_start and self._test([self._sign(form, 0) for form in self._forms])

    def first(self, wanted: bool) -> int | None:
        """Where in (0, 1], in steps, it is first as wanted, or begins to be."""
        end = 1 << self._bits
        own = [self._zeros(form) for form in self._forms]
        places = sorted({place for found in own for place in found})
        groups = _together(places, int(promised() * end))
        for (here, last), (following, _) in pairwise([*groups, (end, end)]):
            on_it = [
                0 if any(here <= place <= last for place in found) else self._sign(form, here)
                for form, found in zip(self._forms, own, strict=True)
            ]
            after = [self._sign(form, (last + following) >> 1) for form in self._forms]
            if self._test(on_it) == wanted or (following > last and self._test(after) == wanted):
                return here
        return None

    def conditioning(self, place: int) -> float:
        """By how many seconds one rounding of a double moves the zero at a place."""
        found = [(float("inf"), float("inf"))]
        for form in self._forms:
            if form.still is None and form.size:
                value = abs(value_at(form.c, place, self._bits)) / form.size
                slope = abs(slope_at(form.c, place, self._bits)) / form.size
                found.append((value, 2.0**-53 / slope if slope else float("inf")))
        return min(found)[1] * float(self._step.length)

    def _zeros(self, form: Form) -> list[int]:
        return zeros(form.c, self._bits, form.tolerance) if form.still is None else []

    def _sign_after_start(self, form: Form) -> int:
        return sign_after(form.c, form.tolerance) if form.still is None else form.still

    def _sign(self, form: Form, place: int) -> int:
        if form.still is not None:
            return form.still
        return sign_at(form.c, place, self._bits, form.tolerance)


def _together(places: list[int], near: int) -> list[tuple[int, int]]:
    """Places nearer than the digits tell are one."""
    groups: list[tuple[int, int]] = []
    for place in places:
        if groups and place - groups[-1][1] <= near:
            groups[-1] = (groups[-1][0], place)
        else:
            groups.append((place, place))
    return groups


def refuse_chance(model: GeneralModel | LinearModel, name: str) -> None:
    """The reference draws no random numbers."""
    code = [each.expression for each in model.reset]
    if isinstance(model, GeneralModel):
        code += [*model.rates.values(), *(each for each in (model.threshold, model.refractory) if each)]
    drawing = next((each for each in code if each.draws), None)
    noise = model.noise if isinstance(model, GeneralModel) else {}
    if noise or drawing is not None:
        what = f"noise ({', '.join(noise)})" if noise else f"random numbers ({drawing})"
        raise EvsimValueError(
            f"the reference engine is deterministic: {name} has {what}; compare a model without."
        )
