"""The C of a linear model's kernel: its structure as text, its numbers left to `engine/propagator.py`.

The text depends on which coefficients are zero and which differ between neurons, not on their values; networks that
differ in values share one compiled kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evsim.description import Assignment, LinearModel

Coefficient = tuple[str, int, int]  # (kind, row, column); see `Layout`


@dataclass(frozen=True)
class Layout:
    """Where a kernel expects its numbers.

    Kinds: `a`, `b` the system in units of one piece; `m`, `q` one window's propagator less the identity; `t` the
    threshold form, row -1 its constant; `k` the weight of a state's change in the bound on the form's curvature;
    `g` the guard against rounding. `is_each` tells which kinds have one value per neuron.
    """

    states: tuple[str, ...]
    parameters: tuple[str, ...]
    coefficients: tuple[Coefficient, ...]
    each: frozenset[str]
    is_coupled: bool  # a state that goes on while refractory depends on one that stands still

    def is_each(self, coefficient: Coefficient) -> bool:
        return coefficient[0] in self.each


@dataclass(frozen=True)
class Structure:
    """Which entries of the system are not zero."""

    n: int
    a: frozenset[tuple[int, int]]
    b: frozenset[int]
    form: frozenset[int]

    @property
    def reach(self) -> frozenset[tuple[int, int]]:
        """(row, column) where `column` acts on `row` along one step or more."""
        closure = set(self.a)
        while True:
            longer = {(r, c) for r, k in closure for k2, c in self.a if k == k2} - closure
            if not longer:
                return frozenset(closure)
            closure |= longer

    def rows_from(self, port: int) -> list[int]:
        """States that an addition to `port` changes, a window length later."""
        return [r for r in range(self.n) if r == port or (r, port) in self.reach]

    @property
    def driven(self) -> list[int]:
        """States whose change over a window has a constant part."""
        return [r for r in range(self.n) if r in self.b or any((r, c) in self.reach for c in self.b)]

    @property
    def bending(self) -> list[int]:
        """States that the threshold form's slope depends on."""
        return [c for c in range(self.n) if any((r, c) in self.reach for r in self.form)]


def structure_of(model: LinearModel) -> Structure:
    index = {s: k for k, s in enumerate(model.states)}
    a = {(index[s], index[c]) for s, form in model.rates.items() for c in form.coefficients}
    b = {index[s] for s, form in model.rates.items() if form.constant.text not in ("0", "0.0")}
    threshold = model.threshold.coefficients if model.threshold else ()
    return Structure(len(model.states), frozenset(a), frozenset(b), frozenset(index[s] for s in threshold))


def layout_of(model: LinearModel, each: Iterable[str], parameters: tuple[str, ...] = ()) -> Layout:
    """`each`: which of `A`, `b`, `form` differ between neurons; `parameters`: what synapses read besides the reset."""
    structure, varied = structure_of(model), set(each)
    kinds = set()
    if "A" in varied:
        kinds |= {"a", "m", "k", "q"}
    if "b" in varied:
        kinds |= {"b", "q"}
    if "form" in varied:
        kinds |= {"t", "k", "g"}
    clamped = {k for k, s in enumerate(model.states) if s in model.clamped}
    coupled = any(r not in clamped and c in clamped for r, c in structure.reach)
    coefficients: list[Coefficient] = [("a", r, c) for r, c in sorted(structure.a)]
    coefficients += [("b", r, 0) for r in sorted(structure.b)]
    coefficients += [("m", r, c) for r, c in sorted(structure.reach)]
    coefficients += [("q", r, 0) for r in structure.driven]
    if model.threshold:
        coefficients += [("t", s, 0) for s in sorted(structure.form)] + [("t", -1, 0)]
        coefficients += [("k", s, 0) for s in structure.bending] + [("g", 0, 0)]
    named = dict.fromkeys((*_parameters_of(model.reset, model.states), *parameters))
    return Layout(model.states, tuple(named), tuple(coefficients), frozenset(kinds), coupled)


def kernel_source(
    model: LinearModel, each: Iterable[str], parameters: tuple[str, ...] = ()
) -> tuple[str, Layout]:
    """C text of the model's kernel, and the layout of the numbers that it needs."""
    layout, structure = layout_of(model, each, parameters), structure_of(model)
    writer = _Writer(model, layout, structure, is_uniform="A" not in set(each))
    return writer.text(), layout


def _parameters_of(code: tuple[Assignment, ...], states: tuple[str, ...]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for statement in code:
        for name in sorted(statement.expression.names):
            if name not in states:
                names.setdefault(name)
    return tuple(names)


class _Writer:
    def __init__(self, model: LinearModel, layout: Layout, structure: Structure, *, is_uniform: bool) -> None:
        self.model, self.layout, self.structure, self.is_uniform = model, layout, structure, is_uniform
        self.number = {c: k for k, c in enumerate(layout.coefficients)}
        self.clamped = [k for k, s in enumerate(model.states) if s in model.clamped]

    def text(self) -> str:
        ports = range(self.structure.n)
        parts = [self._head(), self._system(), self._rates("", ()), self._rates("_clamped", self.clamped)]
        parts += [self._form(), "#include <kernel/fold.h>", *map(self._fold_port, ports), self._fold()]
        parts += [self._advance(), self._reset(), "#include <kernel/linear.h>\n"]
        return "\n\n".join(part for part in parts if part)

    def _head(self) -> str:
        equations = "\n".join(f" *   d{s}/dt = {_readable(self.model, s)}" for s in self.model.states)
        clamped = " || ".join(f"(s) == {s}" for s in self.clamped) or "(void)(s), 0"
        return f"""/* Linear kernel generated by evsim.
{equations}
 */
#include <kernel.h>
#include <kernel/functions.h>

#define STATES {self.structure.n}
#define COEFFICIENTS {len(self.layout.coefficients)}
#define PARAMETERS {len(self.layout.parameters)}
#define HAS_THRESHOLD {int(self.model.threshold is not None)}
#define IS_FOLDABLE 1
#define IS_UNIFORM {int(self.is_uniform)}
#define IS_OVER(g) ((g) {">" if self.model.strict else ">="} 0.0)
#define is_clamped(s) ({clamped})"""

    def _system(self) -> str:
        kept = [c for c in self.layout.coefficients if c[0] in "abt"]
        members = "".join(f"    double {_name(c)};\n" for c in kept) or "    double none;\n"
        loads = "".join(f"    sys->{_name(c)} = {self._element(c, 'i')};\n" for c in kept)
        return f"""struct system {{
{members}}};

static inline void system_load(const struct evsim_cells *cells, int64_t i, struct system *sys) {{
    (void)cells, (void)i, (void)sys;
{loads}}}"""

    def _element(self, coefficient: Coefficient, index: str) -> str:
        where = index if self.layout.is_each(coefficient) else "0"
        return f"cells->coefficient[{self.number[coefficient]}][{where}]"

    def _rates(self, suffix: str, standing: Iterable[int]) -> str:
        rows, drives = "", ""
        for r in range(self.structure.n):
            terms = [] if r in standing else self._row(r, "sys->a_{}_{} * x[{}]")
            rows += f"    y[{r}] = {' + '.join(terms) or '0.0'};\n"
            if r in self.structure.b and r not in standing:
                drives += f"    y[{r}] += sys->b_{r};\n"
        return f"""static inline void rates{suffix}(const struct system *sys, const double *x, double *y) {{
    (void)sys, (void)x;
{rows}}}

static inline void drive{suffix}(const struct system *sys, double *y) {{
    (void)sys, (void)y;
{drives}}}"""

    def _row(self, row: int, form: str) -> list[str]:
        return [form.format(r, c, c) for r, c in sorted(self.structure.a) if r == row]

    def _form(self) -> str:
        if self.model.threshold is None:
            return ""
        terms = " + ".join(f"sys->t_{s} * x[{s}]" for s in sorted(self.structure.form))
        return f"""static inline double form_linear(const struct system *sys, const double *x) {{
    (void)sys, (void)x;
    return {terms or "0.0"};
}}

static inline double form_constant(const struct system *sys) {{ return sys->t_constant; }}"""

    def _fold_port(self, port: int) -> str:
        rows = self.structure.rows_from(port)
        states = "".join(f"    double *restrict const x{r} = cells->state[{r}];\n" for r in rows)
        if self.is_uniform:
            before = "        double u[BATCH + 8];\n"
            before += "        batch_parts(cells, offset_step ? count : 1, offset + first * offset_step, u);\n"
            for r in rows:
                before += f"        double f{r}[BATCH];\n"
                before += f"        batch_factors(cells, {port}, {r}, count, u, offset_step == 0, f{r});\n"
            each, factor = "", "f{}[k]"
        else:
            before, factor = "", "factor[{}]"
            each = f"""            double factor[STATES];
            fold_factors(cells, i, {port}, offset[(first + k) * offset_step] / cells->window, factor);
"""
        adds = "".join(
            f"            x{r}[i] += {'live' if r in self.clamped else 'w'} * {factor.format(r)};\n" for r in rows
        )
        return f"""static void fold_{port}(const struct evsim_cells *cells, int64_t n, const uint32_t *target,
                   const double *amount, int64_t amount_step, const double *offset,
                   int64_t offset_step, const double cost[2]) {{
{states}    double *restrict const slack = cells->slack;
    const double up = cost[0], down = -cost[1];
    for (int64_t first = 0; first < n; first += BATCH) {{
        const int64_t count = n - first < BATCH ? n - first : BATCH;
{before}        for (int64_t k = 0; k < count; k++) {{
            const uint32_t i = target[first + k];
            const double w = amount[(first + k) * amount_step];
            const double room = slack[i], live = w * (double)!EVSIM_IS_DORMANT(room);
            (void)live;
{each}{adds}            slack[i] = room + (w * up > w * down ? w * up : w * down);
        }}
    }}
}}"""

    def _fold(self) -> str:
        arguments = "cells, n, target, amount, amount_step, offset, offset_step, cost"
        cases = "".join(f"    case {p}: fold_{p}({arguments}); break;\n" for p in range(self.structure.n))
        return f"""static void fold(const struct evsim_cells *cells, int32_t port, int64_t n, const uint32_t *target,
                 const double *amount, int64_t amount_step, const double *offset,
                 int64_t offset_step, const double cost[2]) {{
    switch (port) {{
{cases}    }}
}}"""

    def _advance(self) -> str:
        """Steps blocks that stay in the first cache; blocks in which a neuron may spike give their states away first."""
        shared = [c for c in self.layout.coefficients if not self.layout.is_each(c)]
        each = [c for c in self.layout.coefficients if self.layout.is_each(c)]
        n = self.structure.n
        setup = "".join(f"    double *restrict const x{r} = cells->state[{r}];\n" for r in range(n))
        setup += "".join(f"    const double {_name(c)} = {self._element(c, '0')};\n" for c in shared)
        setup += "".join(f"    (void){_name(c)};\n" for c in shared)
        setup += "".join(
            f"    const double *const {_name(c)}_each = cells->coefficient[{self.number[c]}];\n" for c in each
        )
        reads = "".join(f"            const double v{r} = x{r}[i];\n" for r in range(n))
        reads += "".join(
            f"            const double {_name(c)} = {_name(c)}_each[i];\n            (void){_name(c)};\n"
            for c in each
        )
        reads += "            const double room = slack[i];\n"
        again = reads
        for r in range(n):
            again = again.replace(f"x{r}[i];", f"old[{r}][i - from];")
        olds = "".join(f"            old[{r}][i - from] = v{r};\n" for r in range(n))
        changes = "".join(self._change(r) for r in range(n))
        writes = "".join(f"            x{r}[i] = v{r} + d{r};\n" for r in range(n))
        return f"""static int64_t advance(const struct evsim_cells *cells, int64_t first, int64_t last, int is_grid,
                       uint32_t *found, double *start) {{
{setup}    double *restrict const slack = cells->slack;
    const double part = is_grid ? 1.0 : 0.5, within = is_grid ? 0.0 : 1.0;
    (void)part, (void)within;
{self._bound_constants()}    int64_t n = 0;
    for (int64_t from = first; from < last; from += BLOCK) {{
        const int64_t to = last - from < BLOCK ? last : from + BLOCK;
        double old[STATES][BLOCK];
        int64_t any = 0;
        for (int64_t i = from; i < to; i++) {{
{reads}{changes}{self._bound()}            any |= !(bound < 0.0);
{olds}{writes}        }}
        double highest[BLOCK];
        for (int64_t i = from; any && i < to; i++) {{
{again}{changes}{self._bound()}            highest[i - from] = bound;
        }}
        for (int64_t k = 0; any && k < to - from; k++) {{
            if (highest[k] < 0.0) continue;
            found[n] = (uint32_t)(from + k);
            for (int s = 0; s < STATES; s++) start[n * STATES + s] = old[s][k];
            n++;
        }}
        for (int64_t i = from; i < to; i++)
            slack[i] = EVSIM_IS_DORMANT(slack[i]) ? slack[i] : 0.0;
    }}
    return n;
}}"""

    def _change(self, row: int) -> str:
        """How much a state changes over the window."""
        terms = [f"m_{row}_{c} * v{c}" for r, c in sorted(self.structure.reach) if r == row]
        if row in self.structure.driven:
            terms.append(f"q_{row}")
        change = " + ".join(terms) or "0.0"
        if row in self.clamped:
            change = f"EVSIM_IS_DORMANT(room) ? 0.0 : {change}"
        return f"            const double d{row} = {change};\n"

    def _bound_constants(self) -> str:
        if self.model.threshold is None or self.layout.each & {"t", "k", "g"}:
            return ""
        sums = "".join(f"    const double w_{s} = within * {self._weight(s)};\n" for s in self._watched())
        return f"    const double form_constant_and_guard = t_constant + g_0;\n{sums}"

    def _watched(self) -> list[int]:
        return sorted({*self.structure.bending, *self.structure.form})

    def _weight(self, state: int) -> str:
        bend = f"k_{state}" if state in self.structure.bending else "0.0"
        return f"({bend} + 0.5 * fabs(t_{state}))" if state in self.structure.form else bend

    def _bound(self) -> str:
        """An upper bound on the threshold form in the window, never below zero for a state that is not finite.

        The form at the start, at the end (the higher one is start + change/2 + |change|/2), and what it may rise
        above them in between: a bound on its curvature by the changes of the states, plus the slack of deliveries.
        """
        watched = [] if self.model.threshold is None else self._watched()
        others = [r for r in range(self.structure.n) if r not in watched]
        finite = f" + 0.0 * ({' + '.join(f'd{r}' for r in others)})" if others else ""
        if self.model.threshold is None:
            return f"            const double bound = -1.0{finite};\n"
        is_each = bool(self.layout.each & {"t", "k", "g"})
        constant = "t_constant + g_0" if is_each else "form_constant_and_guard"
        weights = {s: f"within * {self._weight(s)}" if is_each else f"w_{s}" for s in watched}
        form = "".join(f" + {self._scaled(s, 'v')}" for s in sorted(self.structure.form))
        change = "".join(f" + part * ({self._scaled(s, 'd')})" for s in sorted(self.structure.form))
        bend = "".join(f" + {weights[s]} * fabs(d{s})" for s in watched)
        return f"            const double bound = {constant}{form}{change}{bend} + room{finite};\n"

    def _scaled(self, state: int, of: str) -> str:
        coefficient = self.model.threshold.coefficients[self.model.states[state]] if self.model.threshold else None
        return f"{of}{state}" if coefficient and coefficient.text in ("1", "1.0") else f"t_{state} * {of}{state}"

    def _reset(self) -> str:
        statements = "".join(f"    {line}\n" for line in assignments_to_c(self.model.reset, self.model, self.layout))
        return f"""static void reset(const struct evsim_cells *cells, int64_t i, double *x) {{
    (void)cells, (void)i, (void)x;
{statements}}}"""


def assignments_to_c(code: tuple[Assignment, ...], model: LinearModel, layout: Layout) -> list[str]:
    """C statements of reset code on the state x of neuron i."""
    names = {s: f"x[{k}]" for k, s in enumerate(model.states)}
    for k, p in enumerate(layout.parameters):
        names[p] = f"cells->parameter[{k}][i * cells->parameter_step[{k}]]"
    operators = {"set": "=", "add": "+="}
    return [f"{names[a.target]} {operators[a.operation]} {a.expression.to_c(names)};" for a in code]


def _name(coefficient: Coefficient) -> str:
    kind, row, column = coefficient
    if kind in ("a", "m"):
        return f"{kind}_{row}_{column}"
    return f"{kind}_constant" if row < 0 else f"{kind}_{row}"


def _readable(model: LinearModel, state: str) -> str:
    form = model.rates[state]
    terms = [f"({e.text})*{s}" for s, e in form.coefficients.items()]
    return " + ".join([*terms, form.constant.text]).replace("*/", "* /")
