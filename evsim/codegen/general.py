"""The C of a general model's kernel: its equations as functions of a batch, its numbers left to the engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from evsim.codegen.conditions import Forms
from evsim.codegen.lookups import TIME, Lookup, lookup_of
from evsim.codegen.numbers import Numbers, name_of
from evsim.codegen.own_code import AT_EVENT, AT_SPIKE, head_of, own_code
from evsim.codegen.series import NoSeriesError, Series, gathered, is_factor
from evsim.codegen.series_code import Code, code_of, functions_of
from evsim.description import Assignment, ForeignFunction, GeneralModel, TimedTable
from evsim.equations.expression import Expression
from evsim.equations.linear_form import linear_form
from evsim.equations.nodes import Call, Name, Node, leaves, replaced
from evsim.equations.printing import Calls, to_c
from evsim.equations.slopes import own_slope

AT_STAGES = frozenset({"rates", "slopes", "noise"})  # functions that take inputs as they are at a time
VARYING = {"t": "now", "not_refractory": "active", "lastspike": "last"}


@dataclass(frozen=True)
class GeneralLayout:
    """Where a kernel expects its numbers: the values of `coefficients`, those in `each` one per neuron.

    `tables` are the functions of time, in the kernel's order; `parameters` what reset and event code name.
    """

    parameters: tuple[str, ...]
    coefficients: tuple[Expression, ...]
    each: frozenset[int]
    tables: tuple[str, ...]


def general_source(
    model: GeneralModel, each: Iterable[str], parameters: tuple[str, ...] = (), *, is_linked: bool = False
) -> tuple[str, GeneralLayout]:
    """C text of the model's kernel, and the layout of its numbers.

    Parameters
    ----------
    each
        Parameters that differ between neurons.
    parameters
        What event code of synapses names besides the reset.
    is_linked
        Whether links join the population to others, or to itself.
    """
    writer = _Writer(model, frozenset(each), parameters, is_linked)
    return writer.text(), writer.layout


class _Writer:
    def __init__(
        self, model: GeneralModel, each: frozenset[str], parameters: tuple[str, ...], is_linked: bool
    ) -> None:
        self.model, self.is_linked = model, is_linked
        self.states = {name: f"x[{s}][l]" for s, name in enumerate(model.states)}
        self.tables = tuple(name for name, each in model.functions.items() if isinstance(each, TimedTable))
        self.lookups: list[Lookup] = []
        self.numbers = Numbers(
            {*model.states, *model.inputs, *VARYING, *self._lookup_names()}, frozenset(model.functions)
        )
        self.forms = Forms()
        self.rates = {name: self._prepared(model.rates[name]) for name in model.states}
        self.threshold = self._condition(model.threshold)
        self.hold = self._condition(model.refractory if self._has_hold else None)
        self.events = [node for each in model.events if (node := self._condition(each.condition))]
        self.rest = self._prepared(model.refractory) if model.refractory and not self._has_hold else None
        self.noise = self._noise()
        self.matrix = self._matrix() if model.method == "ornstein_uhlenbeck" else {}
        self.slopes = self._slopes() if model.method == "exponential_euler" else {}
        self.lookups = [each.prepared(self.numbers.without) for each in self.lookups]
        series = self._series() if self._may_have_series() else None
        self.layout = self._layout(each, parameters)
        ones = [k for k in range(len(self.layout.coefficients)) if k not in self.layout.each]
        self.place = {name_of(k): f"b->one[{n}]" for n, k in enumerate(ones)}
        self.place |= {name_of(k): f"b->each[{n}][l]" for n, k in enumerate(sorted(self.layout.each))}
        self.ones = ones
        self.series = self._series_code(series) if series else None

    @property
    def _has_hold(self) -> bool:
        return self.model.refractory is not None and self.model.refractory.is_condition

    def _lookup_names(self) -> list[str]:
        return [f"table {k}" for k in range(64)]

    def _layout(self, each: frozenset[str], parameters: tuple[str, ...]) -> GeneralLayout:
        coefficients = tuple(self.numbers.expressions)
        named = dict.fromkeys(
            name
            for statement in _statements(self.model)
            for name in sorted(statement.expression.names)
            if name in self.model.parameters
        )
        varied = frozenset(k for k, expression in enumerate(coefficients) if expression.names & each)
        return GeneralLayout(tuple(dict.fromkeys([*named, *parameters])), coefficients, varied, self.tables)

    # Taylor series, where all formulas have them

    def _may_have_series(self) -> bool:
        model = self.model
        is_plain = not (self.is_linked or model.noise or model.functions or model.inputs)
        return model.method == "adaptive" and is_plain

    def _series(self) -> tuple[tuple[Series, list[int]], tuple[Series, list[int]]] | None:
        """Rates and forms of conditions taken apart; None where a formula has no series."""
        trial = Numbers({*self.model.states, *VARYING}, frozenset())
        try:
            self._taken_apart(trial)
        except NoSeriesError:
            return None
        return self._taken_apart(self.numbers)

    def _taken_apart(self, numbers: Numbers) -> tuple[tuple[Series, list[int]], tuple[Series, list[int]]]:
        model = self.model

        def prepared(node: Node) -> Node:
            factor = numbers.without(node)
            if not is_factor(factor):
                raise NoSeriesError("a condition")
            return factor

        states = {name: s for s, name in enumerate(model.states)}
        rates, forms = Series(states, prepared), Series(states, prepared)
        trees = gathered({name: model.rates[name].tree for name in model.states})
        wanted = [rates.wanted(trees[name]) for name in model.states]
        conditions = [model.threshold, model.refractory if self._has_hold else None]
        raw = Forms()
        for condition in [*conditions, *(event.condition for event in model.events)]:
            if condition is not None:
                raw.add(condition.tree)
        watched = [forms.wanted(node) for node in raw.differences()]
        if len(raw.nodes) != len(self.forms.nodes) or any(t.kind == "bernoulli" for t in forms.terms):
            raise NoSeriesError("a condition")
        return (rates, wanted), (forms, watched)

    def _series_code(
        self, series: tuple[tuple[Series, list[int]], tuple[Series, list[int]]]
    ) -> tuple[Code, Code]:
        places = {"not_refractory": "active", "lastspike": "last"}
        places |= {
            name: re.sub(r"b->(one|each)\[(\d+)\](\[l\])?", r"\1_\2", at) for name, at in self.place.items()
        }
        rates, forms = (code_of(each, wanted, places) for each, wanted in series)
        return rates, forms

    def _series_functions(self) -> str:
        if self.series is None:
            return ""
        rates, forms = self.series
        for s, name in enumerate(self.model.states):
            if name in self.model.clamped:
                for values in (rates.values_first, rates.values_later):
                    values[s] = f"vec_choose(active != none, {values[s]}, none)"
        text = functions_of("series", rates, "j")
        if self.forms.nodes:
            text += functions_of("form", forms, "g")
        return text.rstrip()

    # Formulas

    def _prepared(self, expression: Expression) -> Node:
        return self.numbers.without(replaced(expression.tree, self._looked_up))

    def _looked_up(self, leaf: Name | Call) -> Node:
        """A function of time that waits for its switches becomes a value that is looked up once for each step."""
        if not isinstance(leaf, Call) or leaf.function not in self.tables:
            return leaf
        found = lookup_of(leaf, {*self.states, *self.model.inputs})
        if found is None:
            return leaf
        if found not in self.lookups:
            self.lookups.append(found)
        return Name(f"table {self.lookups.index(found)}")

    def _condition(self, condition: Expression | None) -> Node | None:
        if condition is None:
            return None
        prepared = self._prepared(condition)
        self.forms.add(prepared)
        return prepared

    def _noise(self) -> dict[tuple[int, int], Node]:
        """Factors by state and process."""
        processes = list(dict.fromkeys(name for terms in self.model.noise.values() for name, _ in terms))
        self.processes = processes
        return {
            (self.model.states.index(state), processes.index(name)): self._prepared(factor)
            for state, terms in self.model.noise.items()
            for name, factor in terms
        }

    def _matrix(self) -> dict[tuple[int, int], Node]:
        """Factors of a linear system by row and column."""
        states = self.model.states
        forms = {name: linear_form(self.model.rates[name].tree, set(states)) for name in states}
        return {
            (states.index(row), states.index(column)): self.numbers.without(form.part(column).tree())
            for row, form in forms.items()
            for column in states
            if column in form.coefficients
        }

    def _slopes(self) -> dict[str, Node]:
        rates = self.model.rates
        slopes = {name: own_slope(rates[name], name, "the equations") for name in self.model.states}
        return {name: self.numbers.without(replaced(each, self._looked_up)) for name, each in slopes.items()}

    def _c(self, node: Node) -> str:
        names = {**self.states, **self.place, **VARYING}
        names |= {name: f"b->input[{k}][l]" for k, name in enumerate(self.model.inputs)}
        names |= {f"table {k}": f"b->table[{k}][l]" for k in range(len(self.lookups))}
        return to_c(node, names, self._calls())

    def _calls(self, cells: str = "b->cells") -> Calls:
        calls = {name: partial(_table_call, f"{cells}->table[{k}]") for k, name in enumerate(self.tables)}
        foreign = self.model.functions.keys() - calls.keys()
        return {**calls, **{name: partial(_foreign_call, name) for name in foreign}}

    # The text

    def text(self) -> str:
        """The whole file."""
        parts = [self._head(), self._foreign(), self._loads(), self._tables()]
        if self.series is None:
            parts += [self._rates(), self._noise_functions(), self._slope_function()]
            parts += ["#include <kernel/methods.h>"]
        parts += [self._form_functions(), "#include <kernel/roots.h>"]
        parts += [
            "#include <kernel/watch.h>"
            if self.series is None
            else f"{self._series_functions()}\n\n#include <kernel/taylor.h>",
            self._reset(),
            self._react(),
            self._rest(),
        ]
        return "\n\n".join(part for part in [*parts, "#include <kernel/general.h>\n"] if part)

    def _head(self) -> str:
        model, coefficients = self.model, self.layout.coefficients
        equations = "\n".join(
            f" *   d{name}/dt = {model.rates[name].text}".replace("*/", "* /") for name in model.states
        )
        clamped = " || ".join(f"(s) == {s}" for s, name in enumerate(model.states) if name in model.clamped)
        named = {leaf.name for node in self.forms.nodes for leaf in leaves(node) if isinstance(leaf, Name)}
        watched = " || ".join(f"(s) == {s}" for s, name in enumerate(model.states) if name in named)
        shared = " || ".join(f"(n) == {n}" for n, p in enumerate(self.processes) if p in model.shared_noise)
        return f"""/* General kernel generated by evsim, method {model.method}.
{equations}
 */
#define STATES {len(model.states)}
#define ONE {len(coefficients) - len(self.layout.each)}
#define EACH {len(self.layout.each)}
#define TABLES {len(self.lookups)}
#define SWITCHES {int(bool(self.lookups))}
#define USES_LAST {int(self._uses_last())}
#define INPUTS {len(model.inputs)}
#define ASKS_INPUTS {int(self._asks_inputs())}
#define IS_LINKED {int(self.is_linked)}
#define IS_SILENT {int(self._is_silent())}
#define EVENTS {len(self.events)}
#define NOISES {len(self.processes)}
#define IS_SHARED(n) ({shared or "(void)(n), 0"})
#define FORMS {len(self.forms.nodes)}
#define PARAMETERS {len(self.layout.parameters)}
#define COEFFICIENTS {len(coefficients)}
#define METHOD {model.method.upper()}
#define HAS_THRESHOLD {int(self.threshold is not None)}
#define HAS_HOLD {int(self.hold is not None)}
#define HAS_REST {int(self.rest is not None)}
#define MAX_DEGREE {4 if self.series is None else "MOST_ORDER"}
#define IS_OVER(g) ((g) > 0.0)
#define IS_WATCHED(s) ({watched or "(void)(s), 0"})
#define is_clamped(s) ({clamped or "(void)(s), 0"})
{self._series_head()}
#include <kernel/batch.h>"""

    def _series_head(self) -> str:
        if self.series is None:
            return "#define IS_SERIES 0"
        rates, forms = self.series
        return f"""#define IS_SERIES 1
#define KEPT {rates.n_kept}
#define KEPT_OF_FORMS {forms.n_kept}
#define NEARS {rates.n_near}
#define MEMOS {rates.n_memos}
#define MEMOS_OF_FORMS {forms.n_memos}"""

    def _uses_last(self) -> bool:
        nodes = [*self.rates.values(), *self.noise.values(), *self.forms.nodes]
        nodes += [each for each in (self.rest, *self._looked_up_nodes()) if each is not None]
        return any(leaf == Name("lastspike") for node in nodes for leaf in leaves(node))

    def _is_silent(self) -> bool:
        """Whether a spike changes nothing that rates depend on: no state, and no time since it."""
        names = {name for rate in self.model.rates.values() for name in rate.names}
        is_felt = self._uses_last() or self._asks_inputs() or "not_refractory" in names
        return not (is_felt or self.model.clamped or self.model.reset or self.model.events)

    def _asks_inputs(self) -> bool:
        """Whether conditions, or code of the neurons' own events, name what links add up to."""
        nodes = [*self.forms.nodes, *([self.rest] if self.rest else [])]
        named = {leaf.name for node in nodes for leaf in leaves(node) if isinstance(leaf, Name)}
        named |= {name for each in _statements(self.model) for name in each.expression.names}
        return not named.isdisjoint(self.model.inputs)

    def _foreign(self) -> str:
        return "\n\n".join(
            each.c for each in self.model.functions.values() if isinstance(each, ForeignFunction)
        )

    def _loads(self) -> str:
        one = "".join(f"    b->one[{n}] = cells->coefficient[{k}][0];\n" for n, k in enumerate(self.ones))
        each = "".join(
            f"    EACH_LANE b->each[{n}][l] = b->cells->coefficient[{k}][first + l];\n"
            for n, k in enumerate(sorted(self.layout.each))
        )
        at = "".join(
            f"    b->each[{n}][l] = b->cells->coefficient[{k}][i];\n"
            for n, k in enumerate(sorted(self.layout.each))
        )
        return f"""static inline void load_each_at(struct batch *b, int l, int64_t i) {{
    (void)b, (void)l, (void)i;
{at}}}

static inline void load_one(struct batch *b, const struct evsim_cells *cells) {{
    (void)b, (void)cells;
{one}}}

ALWAYS void load_each(const int lanes, struct batch *b, int64_t first) {{
    (void)lanes, (void)b, (void)first;
{each}}}"""

    def _looked_up_nodes(self) -> list[Node]:
        return [node for each in self.lookups for node in each.nodes]

    def _tables(self) -> str:
        names = self._lane_names(self._looked_up_nodes())
        body, shared, own = "", "", ""
        for k, each in enumerate(self.lookups):
            table = f"&b->cells->table[{self.tables.index(each.table)}]"
            argument, column = self._c(each.argument), self._c(each.column)
            at = f"at({table}, {argument}" if each.argument == TIME else f"there({table}, {argument}, t[l]"
            body += f"        b->table[{k}][l] = evsim_table_{at}, {column});\n"
            period = "0.0" if each.period is None else self._c(each.period)
            if each.argument == TIME:
                shared += f"    next = evsim_sooner({table}, at, next);\n"
            else:
                own += f"        next = evsim_sooner_there({table}, at, {argument}, {period}, next);\n"
        text = f"""ALWAYS void load_tables(const int lanes, struct batch *b, const double *t) {{
    (void)lanes, (void)b, (void)t;
    for (int l = 0; l < lanes; l++) {{
{names}{body}    }}
}}"""
        if not self.lookups:
            return text
        own_names = names.replace(" = t[l]", " = at") if own else ""
        return f"""{text}

ALWAYS double next_switch_of(const int lanes, const struct batch *b, double at) {{
    double next = HUGE_VAL;
{shared}    for (int l = 0; l < lanes && {int(bool(own))}; l++) {{
{own_names}{own}    }}
    return next;
}}"""

    def _lane_names(self, nodes: Iterable[Node]) -> str:
        used = {leaf.name for node in nodes for leaf in leaves(node) if isinstance(leaf, Name)}
        arrays = {"t": "t[l]", "not_refractory": "b->active[l]", "lastspike": "b->last[l]"}
        return "".join(
            f"        const double {VARYING[name]} = {place};\n"
            for name, place in arrays.items()
            if name in used
        )

    def _rates(self) -> str:
        body = self._lane_names(self.rates.values())
        if self.model.clamped and "const double active" not in body:
            body += "        const double active = b->active[l];\n"
        for s, name in enumerate(self.model.states):
            text = self._c(self.rates[name])
            text = f"active != 0.0 ? {text} : 0.0" if name in self.model.clamped else text
            body += f"        y[{s}][l] = {text};\n"
        return _lane_function("rates", body)

    def _noise_functions(self) -> str:
        if not self.processes:
            return ""
        body = self._lane_names(self.noise.values())
        if self.model.clamped and "const double active" not in body:
            body += "        const double active = b->active[l];\n"
        for s, state in enumerate(self.model.states):
            terms = [f"({self._c(node)})*z[{n}][l]" for (row, n), node in self.noise.items() if row == s]
            text = " + ".join(terms) or "0.0"
            text = f"active != 0.0 ? {text} : 0.0" if state in self.model.clamped else text
            body += f"        y[{s}][l] = {text};\n"
        text = "#include <kernel/noise.h>\n\n" + _lane_function("noise", body, "double z[][LANES], ")
        if self.model.method != "ornstein_uhlenbeck":
            return text
        return f"""{text}

{self._entries("load_matrix", "STATES", self.matrix)}

{self._entries("load_factors", "NOISES", self.noise)}"""

    def _entries(self, name: str, columns: str, entries: Mapping[tuple[int, int], Node]) -> str:
        """A function that fills a small matrix of a lane; rows of clamped states are zero where it rests."""
        body = ""
        for (row, column), node in entries.items():
            text = self._c(node)
            is_clamped = self.model.states[row] in self.model.clamped
            text = f"b->active[l] != 0.0 ? {text} : 0.0" if is_clamped else text
            body += f"    a[{row}][{column}] = {text};\n"
        return f"""static inline void {name}(const struct batch *b, int l, double a[STATES][{columns}]) {{
    memset(a, 0, STATES * {columns} * sizeof(double));
{body}}}"""

    def _slope_function(self) -> str:
        if not self.slopes:
            return ""
        body = self._lane_names(self.slopes.values())
        for s, name in enumerate(self.model.states):
            body += f"        y[{s}][l] = {self._c(self.slopes[name])};\n"
        return _lane_function("slopes", body)

    def _form_functions(self) -> str:
        if not self.forms.nodes:
            return ""
        body = self._lane_names(self.forms.nodes)
        for f, text in enumerate(self.forms.values(self._c)):
            body += f"        y[{f}][l] = {text};\n"
        lane_forms = _lane_function("forms", body) if self.series is None else ""
        over = self.forms.bound(self.threshold, True) if self.threshold else "-1.0"
        free = f"-({self.forms.bound(self.hold, False)})" if self.hold else "-1.0"
        return f"""{lane_forms}

{self._lane_condition("is_over_lane", self.threshold, "0")}

{self._lane_condition("holds_lane", self.hold, "1")}

{self._conditions()}

static inline double lower_of(double a, double b) {{ return a < b ? a : b; }}
static inline double higher_of(double a, double b) {{ return a > b ? a : b; }}

ALWAYS double upper(const struct batch *b, int l, double low[][LANES], double high[][LANES]) {{
    (void)low, (void)high;
    double bound = b->active[l] != 0.0 ? {over} : {free};
{self._event_bounds()}    return bound;
}}"""

    def _conditions(self) -> str:
        """Those of custom events, one bit each."""
        names = self._lane_names(self.events).replace("        const", "    const")
        bits = "".join(
            f"    bits |= {self._c(each)} ? {1 << e}u : 0u;\n" for e, each in enumerate(self.events)
        )
        return f"""static inline uint32_t conditions_lane(const struct batch *b, int l, const double *t,
                                       double x[][LANES]) {{
    (void)b, (void)l, (void)t, (void)x;
    uint32_t bits = 0;
{names}{bits}    return bits;
}}"""

    def _event_bounds(self) -> str:
        """A condition that does not hold is watched for beginning to, one that holds for ceasing to."""
        return "".join(
            f"    bound = higher_of(bound, b->holding[l] & {1 << e}u ? -({self.forms.bound(each, False)})"
            f" : {self.forms.bound(each, True)});\n"
            for e, each in enumerate(self.events)
        )

    def _lane_condition(self, name: str, condition: Node | None, otherwise: str) -> str:
        names = self._lane_names([condition] if condition else [])
        names = names.replace("        const", "    const")
        return f"""static inline int {name}(const struct batch *b, int l, const double *t, double x[][LANES]) {{
    (void)b, (void)l, (void)t, (void)x;
{names}    return {self._c(condition) if condition else otherwise};
}}"""

    def _reset(self) -> str:
        lines = self._event_code(self.model.reset, AT_SPIKE)
        statements = "".join(f"    {line}\n" for line in lines)
        head = head_of(_statements(self.model))
        return f"""{head}static void reset(const struct evsim_cells *cells, int64_t i, double *x, double offset) {{
    (void)cells, (void)i, (void)x, (void)offset;
{statements}}}"""

    def _event_code(
        self, code: tuple[Assignment, ...], names: Mapping[str, str], event: int = 0
    ) -> list[str]:
        calls = self._calls("cells")
        inputs = {name: f"cells->input[{k}][i]" for k, name in enumerate(self.model.inputs)}
        known = {**names, **inputs}
        return own_code(code, self.model.states, self.layout.parameters, known, calls, event)

    def _react(self) -> str:
        if not self.events:
            return ""
        cases = ""
        for e, event in enumerate(self.model.events):
            lines = self._event_code(event.code, AT_EVENT, 1 + e)
            cases += f"    case {e}: {{ /* {event.name} */\n"
            cases += "".join(f"        {line}\n" for line in [*lines, "break;"]) + "    }\n"
        return f"""static void react(const struct evsim_cells *cells, int64_t i, double *x, const struct evsim_now *now,
                  int e) {{
    const double offset = now->offset;
    (void)cells, (void)i, (void)x, (void)offset;
    switch (e) {{
{cases}    }}
}}"""

    def _rest(self) -> str:
        if self.rest is None:
            return ""
        names = self._lane_names([self.rest]).replace("        const", "    const")
        return f"""static double rest_lane(const struct batch *b, int l, const double *t, double x[][LANES]) {{
    (void)b, (void)l, (void)t, (void)x;
{names}    return {self._c(self.rest)};
}}"""


def _statements(model: GeneralModel) -> Iterable[Assignment]:
    """All code that runs at events of a neuron."""
    return (*model.reset, *(statement for event in model.events for statement in event.code))


def _table_call(place: str, arguments: list[str]) -> str:
    column = arguments[1] if len(arguments) > 1 else "0.0"
    return f"evsim_table_at(&{place}, {arguments[0]}, {column})"


def _foreign_call(name: str, arguments: list[str]) -> str:
    return f"user_{name}({', '.join(arguments)})"


def _lane_function(name: str, body: str, more: str = "") -> str:
    """A function over the lanes; numbers that they share are read before the loop."""
    ones = sorted({int(n) for n in re.findall(r"b->one\[(\d+)\]", body)})
    reads = "".join(f"    const double one_{n} = b->one[{n}];\n" for n in ones)
    body = re.sub(r"b->one\[(\d+)\]", r"one_\1", body)
    if "b->input[" in body and name in AT_STAGES:
        body = body.replace("b->input[", "input[")
        reads += "    double input[INPUTS][LANES];\n    inputs_of(lanes, b, t, input);\n"
    inside, outside = f"b, {'z, ' if more else ''}t, x, y", f"{more}const double *t, double x[][LANES]"
    return f"""ALWAYS void {name}_of(const int lanes, const struct batch *b, {outside},
                  double y[][LANES]) {{
    (void)b, (void)t, (void)x;
{reads}    EACH_LANE {{
{body}    }}
}}

ONCE void {name}_alone(const struct batch *b, {outside}, double y[][LANES]) {{
    {name}_of(1, {inside});
}}

ONCE void {name}_many(const struct batch *b, {outside}, double y[][LANES]) {{
    {name}_of(LANES, {inside});
}}

ALWAYS void {name}(const int lanes, const struct batch *b, {outside}, double y[][LANES]) {{
    if (lanes == 1)
        {name}_alone({inside});
    else
        {name}_many({inside});
}}"""


__all__ = ["GeneralLayout", "general_source"]
