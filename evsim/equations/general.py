"""Any equations as a general model: rates as formulas of states, parameters and time; conditions as written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from evsim.description import Assignment, CustomEvent, Functions, GeneralModel
from evsim.equations.assignments import Scope
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.functions import DRAWS
from evsim.equations.known import VARYING, is_noise
from evsim.equations.linear_form import NotLinearError, linear_form
from evsim.equations.neuron_code import neuron_code
from evsim.equations.statements import Statement
from evsim.equations.stochastic import Noise, noisy_method, without_noise
from evsim.equations.variable import COUPLED
from evsim.errors import EvsimValueError
from evsim.units import dimension_of, unit_named

_CONSTANT_NAMES = frozenset({"i", "N", "dt"})
RTOL = 1e-11
_USUAL = {"volt": 1e-2, "amp": 1e-11, "siemens": 1e-9, "1": 1e-2}  # sizes below which digits do not count


def general_model(
    equations: Equations,
    threshold: Expression | None,
    reset: Sequence[Statement],
    constants: Collection[str],
    written: Iterable[str] = (),
    where: str = "the equations",
    *,
    method: str | None = None,
    options: Mapping[str, float] | None = None,
    refractory: Expression | None = None,
    functions: Functions | None = None,
    events: Mapping[str, tuple[Expression, Sequence[Statement]]] | None = None,
    asked: Collection[str] = (),
) -> GeneralModel:
    """Describe the equations of a group as they are.

    Parameters
    ----------
    constants
        Names from outside that formulas may use.
    written
        Variables that synapses or other event code change; like those that `reset` changes, they are states.
    where
        Whose equations they are, for errors: "neurongroup".
    method, options
        How to integrate them; without a method by steps that adapt to tolerances `rtol` and `atol` (SI), or as suits
        the noise in them.
    refractory
        A condition or a time that depends on states; None for a period that is a constant of the run.
    events
        Condition and code of each custom event.
    asked
        Variables that code of synapses reads, among those that others add up to.
    """
    return _Analysis(equations, constants, where).model(
        threshold,
        reset,
        written,
        method,
        dict(options or {}),
        refractory,
        functions or {},
        events or {},
        asked,
    )


class _Analysis:
    """The equations of one group on their way to a general model."""

    def __init__(self, equations: Equations, constants: Collection[str], where: str) -> None:
        self.equations, self.where = equations, where
        self.inputs = {name: Expression.number(0.0) for name in equations.flagged("input")}
        self.coupled = frozenset(equations.flagged(COUPLED))
        self.scope = Scope(
            where, own=equations, constants=frozenset(constants) | _CONSTANT_NAMES | VARYING.keys()
        )

    def model(
        self,
        threshold: Expression | None,
        reset: Sequence[Statement],
        written: Iterable[str],
        method: str | None,
        options: dict[str, float],
        refractory: Expression | None,
        functions: Functions,
        events: Mapping[str, tuple[Expression, Sequence[Statement]]],
        asked: Collection[str],
    ) -> GeneralModel:
        assignments = self._code(reset)
        custom = tuple(self._event(name, *each) for name, each in events.items())
        code = (*assignments, *(each for event in custom for each in event.code))
        local = {each.target for each in code if each.where == "local"}
        changed = {*written, *(each.target for each in code)} - local
        for name in sorted(changed):
            self.scope.check_target(name, f"event code of {self.where}")
        differential = self.equations.of_kind("differential")
        states = (*differential, *(n for n in self.equations if n in changed and n not in differential))
        drifts = {name: without_noise(self._rate(name), f"{self.where}, d{name}/dt") for name in states}
        rates = {name: drift for name, (drift, _) in drifts.items()}
        noise = {name: terms for name, (_, terms) in drifts.items() if terms}
        shared = frozenset(
            process
            for name, terms in noise.items()
            if "shared" in self.equations[name].flags
            for process, _ in terms
        )
        if noise:
            self._refuse_coupled_noise(noise)
            is_linear = _are_linear(rates) and self.coupled.isdisjoint(_names(rates.values()))
            method = noisy_method(method, rates, noise, is_linear, shared, self.where)
        elif method == "milstein":
            method = "euler"  # which it is without noise
        elif method == "ornstein_uhlenbeck":
            raise EvsimValueError(
                f"{self.where}: method='{method}' is for equations with noise, and there is none."
            )
        condition = self._formula(threshold, "the threshold") if threshold else None
        rest = self._formula(refractory, "the refractory period") if refractory else None
        factors = [factor for terms in noise.values() for _, factor in terms]
        used = {name for each in (*rates.values(), condition, rest, *factors) if each for name in each.names}
        used |= {name for each in code for name in each.expression.names}
        used |= {name for each in custom for name in each.condition.names}
        inputs = tuple(name for name in self.equations if name in self.coupled & {*used, *asked})
        used -= {*states, *VARYING, *inputs, *local}
        declared = [name for name in self.equations if name in used]
        return GeneralModel(
            states=states,
            rates=rates,
            clamped=frozenset(self.equations.flagged("unless refractory")),
            threshold=condition,
            reset=assignments,
            parameters=(*declared, *sorted(used - set(declared))),
            refractory=rest,
            noise=noise,
            shared_noise=shared,
            functions=functions,
            inputs=inputs,
            method=method or "adaptive",
            options=self._tolerances(states, options),
            events=custom,
        )

    def _refuse_coupled_noise(self, noise: Mapping[str, Noise]) -> None:
        for state, terms in noise.items():
            for name in sorted(self.coupled & _names(factor for _, factor in terms)):
                raise EvsimValueError(
                    f"{self.where}, d{state}/dt: {name} is what other neurons add up to at every instant, and a factor"
                    " of noise cannot depend on it; add it without noise."
                )

    def _event(self, name: str, condition: Expression, code: Sequence[Statement]) -> CustomEvent:
        what = f"the event '{name}'"
        return CustomEvent(name, self._formula(condition, what), self._code(code, what))

    def _code(self, statements: Sequence[Statement], what: str = "the reset") -> tuple[Assignment, ...]:
        code = neuron_code(statements, self.scope, f"{what} of {self.where}", VARYING.keys())
        return tuple(replace(each, expression=each.expression.substitute(self.inputs)) for each in code)

    def _rate(self, name: str) -> Expression:
        variable = self.equations[name]
        if variable.kind != "differential" or variable.expression is None:
            return Expression.number(0.0)
        return self._formula(variable.expression, f"d{name}/dt")

    def _formula(self, expression: Expression, what: str) -> Expression:
        here = f"{what} of {self.where}" if what.startswith("the ") else f"{self.where}, {what}"
        expanded = self.equations.expanded(expression).substitute(self.inputs)
        for name in sorted(expanded.functions & DRAWS):
            raise EvsimValueError(
                f"{here}: {name}() in {expression.text!r} gives a new value each time it is looked at, so there is no"
                " solution between events; use xi for noise, or draw values in run_regularly or event code."
            )
        processes = {name for name in expanded.names if is_noise(name)}
        if processes and what.startswith("the "):
            raise EvsimValueError(f"{here}: {min(processes)} is noise; compare a variable that it drives.")
        self.scope.check_names(expanded.names - processes, here)
        return expanded

    def _tolerances(self, states: tuple[str, ...], options: dict[str, float]) -> dict[str, float]:
        rtol = options.get("rtol", RTOL)
        found = {"rtol": rtol}
        for name in states:
            found[f"atol {name}"] = options.get("atol", rtol * self._usual(name))
        return found

    def _usual(self, name: str) -> float:
        """The size below which a variable's digits do not count."""
        dimension = self.equations[name].dimension
        for unit, size in _USUAL.items():
            if dimension.is_dimensionless if unit == "1" else dimension == dimension_of(unit_named(unit)):
                return size
        return 1e-12


def _names(expressions: Iterable[Expression]) -> frozenset[str]:
    return frozenset(name for each in expressions for name in each.names)


def _are_linear(rates: Mapping[str, Expression]) -> bool:
    """Whether all rates are linear in the states, with factors that do not change."""
    for rate in rates.values():
        try:
            form = linear_form(rate.tree, rates.keys())
        except NotLinearError:
            return False
        parts = [part.tree() for _, part in form.parts()]
        if any(Expression(part).names & VARYING.keys() or Expression(part).foreign for part in parts):
            return False
    return True


__all__ = ["RTOL", "general_model"]
