"""What a set of equations contains, under the names that Brian gives to the answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping

from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES, is_noise
from evsim.equations.variable import Kind, Variable
from evsim.units import Dimension

Formulas = list[tuple[str, Expression]]


class Contents(Mapping[str, Variable]):
    """Declared variables by name, and questions about them."""

    @abstractmethod
    def expanded(self, expression: Expression) -> Expression:
        """The formula with every subexpression put in, until none is left."""

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """Names of the differential variables, subexpressions or parameters, in their order."""
        return tuple(name for name, each in self.items() if each.kind == kind)

    def flagged(self, flag: str) -> tuple[str, ...]:
        """Names of the variables with that flag."""
        return tuple(name for name, each in self.items() if flag in each.flags)

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """The dimension of each variable."""
        return {name: each.dimension for name, each in self.items()}

    @property
    def external_names(self) -> frozenset[str]:
        """Names in the formulas that are neither declared here nor known everywhere (t, dt, i, N, xi)."""
        used = {name for _, formula in self.eq_expressions for name in formula.names}
        return frozenset(
            name for name in used if name not in self and name not in KNOWN_NAMES and not is_noise(name)
        )

    @property
    def foreign(self) -> frozenset[str]:
        """Functions in the formulas that are not built in and still have to be looked up."""
        return frozenset(name for _, formula in self.eq_expressions for name in formula.foreign)

    @property
    def names(self) -> set[str]:
        """Every variable."""
        return set(self)

    @property
    def diff_eq_names(self) -> set[str]:
        """Variables with a differential equation."""
        return set(self.of_kind("differential"))

    @property
    def subexpr_names(self) -> set[str]:
        """Subexpressions."""
        return set(self.of_kind("subexpression"))

    @property
    def eq_names(self) -> set[str]:
        """Variables with a formula."""
        return self.diff_eq_names | self.subexpr_names

    @property
    def parameter_names(self) -> set[str]:
        """Variables without a formula."""
        return set(self.of_kind("parameter"))

    @property
    def identifiers(self) -> frozenset[str]:
        """Names that the formulas take from outside."""
        return self.external_names

    @property
    def eq_expressions(self) -> Formulas:
        """Name and right-hand side of what has a formula."""
        return [(name, each.expression) for name, each in self.items() if each.expression is not None]

    @property
    def diff_eq_expressions(self) -> Formulas:
        """Name and right-hand side of the differential equations."""
        return [(name, formula) for name, formula in self.eq_expressions if name in self.diff_eq_names]

    @property
    def substituted_expressions(self) -> Formulas:
        """The differential equations with all subexpressions put in."""
        return self.get_substituted_expressions()

    def get_substituted_expressions(
        self, variables: Collection[str] | None = None, include_subexpressions: bool = False
    ) -> Formulas:
        """Right-hand sides with all subexpressions put in, of the variables named or of all."""
        formulas = self.eq_expressions if include_subexpressions else self.diff_eq_expressions
        return [
            (name, self.expanded(formula))
            for name, formula in formulas
            if variables is None or name in variables
        ]

    @property
    def stochastic_variables(self) -> set[str]:
        """Names of the noise in the formulas."""
        return {name for _, formula in self.eq_expressions for name in formula.names if is_noise(name)}

    @property
    def is_stochastic(self) -> bool:
        """Whether there is noise."""
        return bool(self.stochastic_variables)
