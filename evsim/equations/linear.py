"""Find the linear system in checked equations: dx/dt = A x + b, and the threshold as a linear form.

What an exact solution cannot express (a product of states, a function of a state, noise, a rate that changes
with time) is refused with the term and the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import replace

from evsim.description import Assignment, LinearForm, LinearModel
from evsim.equations.assignments import Scope
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.functions import DRAWS
from evsim.equations.known import VARYING, is_noise
from evsim.equations.linear_form import Form, NotLinearError, linear_form, shown, states_in
from evsim.equations.neuron_code import neuron_code
from evsim.equations.nodes import Name, Node, Operation, TooLargeError
from evsim.equations.rearranged import rearranged_form
from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimValueError

_CONSTANT_NAMES = frozenset({"i", "N", "dt"})
_ELSEWHERE = "method='exact' solves linear equations only"


def linear_model(
    equations: Equations,
    threshold: Expression | str | None,
    reset: Sequence[Statement] | str,
    constants: Collection[str],
    written: Iterable[str] = (),
    where: str = "the equations",
) -> LinearModel:
    """Analyse the equations of a group.

    Parameters
    ----------
    threshold
        The condition for a spike: one comparison between linear expressions of the states.
    reset
        What a spike does to the neuron.
    constants
        Names from outside that formulas may use (a mapping with those names as keys will do).
    written
        Variables that synapses or other event code change; like those that `reset` changes, they are states.
    where
        Whose equations they are, for errors: "neurongroup".
    """
    try:
        return _Analysis(equations, constants, where).model(threshold, reset, written)
    except TooLargeError as error:
        raise EvsimValueError(f"{where}: {error}.") from None


def _without_inputs(equations: Equations) -> dict[str, Expression]:
    return {name: Expression.number(0.0) for name in equations.flagged("input")}


class _Analysis:
    """The equations of one group on their way to a linear model."""

    def __init__(self, equations: Equations, constants: Collection[str], where: str) -> None:
        self.equations = equations
        self.where = where
        self.inputs = _without_inputs(equations)
        self.scope = Scope(where, own=equations, constants=frozenset(constants) | _CONSTANT_NAMES)
        self.written: frozenset[str] = frozenset()
        self.states: tuple[str, ...] = ()

    def model(
        self, threshold: Expression | str | None, reset: Sequence[Statement] | str, written: Iterable[str]
    ) -> LinearModel:
        statements = (
            parse_statements(reset, f"the reset of {self.where}") if isinstance(reset, str) else reset
        )
        assignments = self._reset(statements)
        self._set_states([*written, *(each.target for each in assignments if each.where == "neuron")])
        rates = {name: self._rate(name) for name in self.states}
        condition, strict = self._threshold(threshold)
        forms = [*rates.values(), *([condition] if condition else [])]
        return LinearModel(
            states=self.states,
            rates=rates,
            clamped=frozenset(self.equations.flagged("unless refractory")),
            threshold=condition,
            strict=strict,
            reset=assignments,
            parameters=self._parameters(forms, assignments),
        )

    def _reset(self, statements: Sequence[Statement]) -> tuple[Assignment, ...]:
        scope = replace(self.scope, constants=frozenset(self.scope.constants) | VARYING.keys())
        code = neuron_code(statements, scope, f"the reset of {self.where}", VARYING)
        return tuple(replace(each, expression=each.expression.substitute(self.inputs)) for each in code)

    def _set_states(self, written: list[str]) -> None:
        for name in written:
            self.scope.check_target(name, f"event code of {self.where}")
        differential = self.equations.of_kind("differential")
        self.written = frozenset(written) - frozenset(differential)
        self.states = (*differential, *(name for name in self.equations if name in self.written))

    def _rate(self, name: str) -> LinearForm:
        variable = self.equations[name]
        if variable.kind != "differential" or variable.expression is None:
            return LinearForm({}, Expression.number(0.0))
        return self._form(variable.expression, f"{self.where}: d{name}/dt = {variable.expression}")

    def _threshold(self, threshold: Expression | str | None) -> tuple[LinearForm | None, bool]:
        if threshold is None or threshold == "":
            return None, True
        here = f"the threshold of {self.where}"
        if isinstance(threshold, str):
            threshold = Expression.parse(threshold, here)
        comparison = comparison_in(threshold.tree)
        if comparison is None:
            raise EvsimValueError(
                f"{here}: {threshold.text!r} is not one comparison with > >= < or <=; write it as 'V > V_th'."
            )
        if draws := sorted(threshold.functions & DRAWS):
            raise EvsimValueError(
                f"{here}: {draws[0]}() in {threshold.text!r} would make spikes depend on the time step; "
                "use a PoissonGroup for random spikes."
            )
        sides, is_strict = comparison
        form = self._form(Expression(Operation("-", sides)), f"{here}, {threshold.text!r}")
        return form, is_strict

    def _form(self, expression: Expression, here: str) -> LinearForm:
        self._refuse_steps(expression, here)
        expanded = self.equations.expanded(expression).substitute(self.inputs)
        self._refuse_varying(expanded, here)
        self.scope.check_names(expanded.names, here)
        form = self._linear(expanded.tree, here)
        coefficients = {
            name: Expression(form.coefficients[name].tree())
            for name in self.states
            if name in form.coefficients and form.coefficients[name].terms
        }
        return LinearForm(coefficients, Expression(form.constant.tree()))

    def _linear(self, tree: Node, here: str) -> Form:
        states: Set[str] = frozenset(self.states)
        try:
            return linear_form(tree, states)
        except NotLinearError as error:
            form = None if error.is_final else rearranged_form(tree, states)
            if form is not None:
                return form
            raise EvsimValueError(f"{here}: the part {self._reason(error)}; {_ELSEWHERE}.") from None

    def _reason(self, error: NotLinearError) -> str:
        text = f"{shown(error.node)} is not linear: {error.reason}"
        changed = states_in(error.node, self.written)
        if changed:
            text += f" ({', '.join(changed)} is a state because event code changes it)"
        return text

    def _refuse_steps(self, expression: Expression, here: str) -> None:
        """A subexpression held constant over dt makes steps, unless nothing in it can change."""
        for name in self.equations.flagged("constant over dt"):
            formula = self.equations[name].expression
            if name not in expression.names or formula is None:
                continue
            if changing := states_in(self.equations.expanded(formula).tree, frozenset(self.states)):
                raise EvsimValueError(
                    f"{here}: {name} is held constant over dt but depends on {changing[0]}; "
                    "remove '(constant over dt)', evsim follows it exactly."
                )

    def _refuse_varying(self, expanded: Expression, here: str) -> None:
        for name in sorted(expanded.names):
            if is_noise(name):
                raise EvsimValueError(f"{here}: {name} is noise; {_ELSEWHERE}, without noise.")
            if name in VARYING:
                raise EvsimValueError(
                    f"{here}: {name} {VARYING[name]}; {_ELSEWHERE}, "
                    "with coefficients that are constant between events."
                )
        for name in sorted(expanded.functions & DRAWS):
            raise EvsimValueError(
                f"{here}: {name}() gives a new value each time; {_ELSEWHERE}, without random numbers."
            )

    def _parameters(self, forms: Iterable[LinearForm], assignments: Iterable[Assignment]) -> tuple[str, ...]:
        used: set[str] = set()
        for form in forms:
            used |= form.constant.names.union(*(each.names for each in form.coefficients.values()))
        for each in assignments:
            used |= each.expression.names
        used -= {*self.states, *VARYING, *(each.target for each in assignments)}
        declared = [name for name in self.equations if name in used]
        return (*declared, *sorted(used - set(declared)))


def comparison_in(condition: Node) -> tuple[tuple[Node, Node], bool] | None:
    """What must be above what for a threshold that is one comparison, and whether equal is not enough."""
    comparison = _without_not_refractory(condition)
    if not isinstance(comparison, Operation) or comparison.operator not in ("<", "<=", ">", ">="):
        return None
    left, right = comparison.operands
    is_strict = comparison.operator in ("<", ">")
    return ((left, right) if comparison.operator in (">", ">=") else (right, left)), is_strict


def _without_not_refractory(node: Node) -> Node:
    """`V > V_th and not_refractory` says what holds for every threshold."""
    if isinstance(node, Operation) and node.operator == "and":
        rest = tuple(each for each in node.operands if each != Name("not_refractory"))
        return rest[0] if len(rest) == 1 else node
    return node
