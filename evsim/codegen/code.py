"""The C of event code that is not a plain addition: one synapse's statements on the neurons at its ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from evsim.codegen.relaxation import relaxation_block, relaxation_source
from evsim.codegen.tables import Call, foreign_functions, function_calls, table_name, tables_of
from evsim.description import Assignment, GeneralModel, LinearForm, LinearModel
from evsim.equations.expression import Expression
from evsim.errors import EvsimNameError

_OPERATORS = {"set": "=", "add": "+="}
_DRAWS = {"rand": "evsim_draw_unit", "randn": "evsim_draw_normal", "poisson": "evsim_draw_poisson"}

KEY = ("_seed_high", "_seed_low", "_object")
"""Numbers of the core that code which draws needs: the seed of the network, and which pathway it is."""

_HEAD = """(double *x, const struct evsim_cells *cells, int64_t i, const struct evsim_now *now,
                double *const *variable, const int64_t *step, int64_t synapse)"""
NOW = {
    "t": "(cells->begin + now->offset)",
    "lastspike_post": "now->last",
    "not_refractory_post": "(double)!now->is_refractory",
}
"""What code may name besides variables, in C."""


def code_source(
    assignments: tuple[Assignment, ...],
    model: LinearModel | GeneralModel,
    variables: tuple[str, ...],
    parameters: tuple[str, ...],
    equations: Mapping[str, LinearForm] | None = None,
    pathway: int = 0,
    shared: Collection[str] = (),
    source: LinearModel | GeneralModel | None = None,
    integrated: LinearModel | GeneralModel | None = None,
) -> str:
    """C text that defines `evsim_code`, a table with the statements as one function.

    Parameters
    ----------
    variables
        Names of the synapse's variables and constants, in the order in which the core hands them over.
    parameters
        Names of the target's parameters, in the order of its kernel.
    equations
        Rates of synapse variables that are brought to the present before the statements run.
    pathway
        Its number among those of the same synapses; keeps their random numbers apart.
    shared
        Variables that most likely have one value for all synapses.
    source
        The model of the source neuron, where the code names states of it.
    integrated
        That of the synapse's integrated variables, where the code names these.
    """
    writer = _Writer(model, variables, parameters, equations or {}, pathway, source, integrated)
    return writer.text(assignments, [name for name in variables if name in shared])


class _Writer:
    """Where each name of event code stands in C."""

    def __init__(
        self,
        model: LinearModel | GeneralModel,
        variables: tuple[str, ...],
        parameters: tuple[str, ...],
        equations: Mapping[str, LinearForm],
        pathway: int,
        source: LinearModel | GeneralModel | None,
        integrated: LinearModel | GeneralModel | None,
    ) -> None:
        self.source, self.integrated = source, integrated
        self.pathway, self.parameters = pathway, parameters
        self.model, self.equations, self.variables = model, equations, variables
        self.draws = 0
        self.calls: dict[str, Call] = {}
        self.own = {name: f"variable[{v}][synapse * step[{v}]]" for v, name in enumerate(variables)}
        self.states = {name: f"x[{k}]" for k, name in enumerate(model.states)}
        post = {
            name: f"cells->parameter[{p}][i * cells->parameter_step[{p}]]"
            for p, name in enumerate(parameters)
        }
        post |= self.states
        self.of_source = {name: f"now->pre[{k}]" for k, name in enumerate(source.states if source else ())}
        of_neurons = {f"{name}_pre": place for name, place in self.of_source.items()}
        of_neurons |= {f"{name}_post": place for name, place in post.items()}
        of_synapse = {
            name: f"now->own[{k}]" for k, name in enumerate(integrated.states if integrated else ())
        }
        self.of_synapse = {**self.own, **of_synapse}
        self.inputs = {f"{name}_post": f"cells->input[{k}][i]" for k, name in enumerate(_inputs(model))} | {
            f"{name}_pre": f"now->pre_cells->input[{k}][now->pre_i]" for k, name in enumerate(_inputs(source))
        }
        self.names = {**NOW, **self.inputs, **of_neurons, **self.of_synapse}

    def text(self, assignments: tuple[Assignment, ...], shared: list[str]) -> str:
        """The whole text."""
        is_alone = self.source is None and self.integrated is None
        expressions = [each.expression for each in assignments]
        is_plain = not tables_of(expressions) and not any(each.draws for each in expressions)
        is_row = is_alone and is_plain
        row = self._row(assignments, shared) + self._range(assignments, shared) if is_row else ""
        self.calls = self._functions(expressions)
        own = foreign_functions(expressions)
        statements = "".join(f"    {self._statement(each)}\n" for each in assignments)
        draws = ""
        if self.draws:
            where = ", ".join(self.own[name] for name in KEY)
            opened = f"evsim_draws_at({where} + {self.pathway}.0, synapse, cells->tick, now->offset)"
            statements = f"    const struct evsim_draws draws = {opened};\n{statements}"
            draws = "#include <kernel/draws.h>\n"
        changed = {each.target for each in assignments if each.where == "synapse"}
        relaxation = ""
        if self.equations:
            relaxation, brought = relaxation_source(self.equations, self.own)
            statements = f"    {{\n{relaxation_block(self.equations, self.own)}    }}\n{statements}"
            changed |= brought
        written = [v for v, name in enumerate(self.variables) if name in changed]
        asks = int(any(name in self.inputs for each in assignments for name in each.expression.names))
        comment = "".join(f" *   {_readable(each)}\n" for each in assignments)
        return f"""/* Event code generated by evsim.
{comment} */
#include <kernel.h>
#include <kernel/functions.h>
#include <kernel/tables.h>
{draws}{own}{relaxation}
static void run{_HEAD} {{
    (void)x, (void)cells, (void)i, (void)now, (void)variable, (void)step, (void)synapse;
{statements}}}
{row}
static const int32_t written[] = {{{", ".join(map(str, written or [-1]))}}};

static const struct evsim_code code = {{
    .abi = EVSIM_KERNEL_ABI, .run = run, .bring = {"bring" if relaxation else "0"},
    .run_row = {"run_row" if row else "0"}, .n_written = {len(written)}, .written = written,
    .asks_inputs = {asks}, .run_range = {"run_range" if row else "0"}}};

const struct evsim_code *evsim_code(void);
const struct evsim_code *evsim_code(void) {{ return &code; }}
"""

    def _row(self, assignments: tuple[Assignment, ...], shared: list[str]) -> str:
        """The same for a row of synapses of one neuron, with what they share read once."""
        numbers = {name: v for v, name in enumerate(self.variables)}
        own = {name: f"v{v}[synapse * s{v}]" for name, v in numbers.items()}
        body = self._many(assignments, own | _read_once(shared, numbers), False)
        used = [v for name, v in numbers.items() if name not in shared]
        heads = "".join(
            f"    const double shared_{numbers[name]} = *variable[{numbers[name]}];\n" for name in shared
        )
        heads += "".join(
            f"    double *const v{v} = variable[{v}];\n    const int64_t s{v} = step[{v}];\n" for v in used
        )
        heads += "".join(f"    (void)shared_{numbers[name]};\n" for name in shared)
        heads += "".join(f"    (void)v{v}, (void)s{v};\n" for v in used)
        differ = " || ".join(f"step[{numbers[name]}]" for name in shared) or "0"
        return f"""
static void run_row(double *x, const struct evsim_cells *cells, int64_t i,
                    const struct evsim_now *now, double *const *variable, const int64_t *step,
                    const uint32_t *synapses, int64_t n) {{
    (void)x, (void)cells, (void)i, (void)now;
    if ({differ}) {{
        for (int64_t k = 0; k < n; k++) run(x, cells, i, now, variable, step, synapses[k]);
        return;
    }}
{heads}    for (int64_t k = 0; k < n; k++) {{
    const int64_t synapse = synapses[k];
{body}    }}
}}
"""

    def _range(self, assignments: tuple[Assignment, ...], shared: list[str]) -> str:
        """The same for synapses whose variables stand side by side, in a loop that compilers make vectors of."""
        numbers = {name: v for v, name in enumerate(self.variables)}
        own = {name: f"v{v}[k]" for name, v in numbers.items()}
        body = self._many(assignments, own | _read_once(shared, numbers), True)
        each = [v for name, v in numbers.items() if name not in shared]
        heads = "".join(
            f"    const double shared_{numbers[name]} = *variable[{numbers[name]}];\n" for name in shared
        )
        heads += "".join(f"    double *restrict const v{v} = variable[{v}] + first;\n" for v in each)
        unused = ", ".join(
            [f"(void)shared_{numbers[name]}" for name in shared] + [f"(void)v{v}" for v in each]
        )
        differ = [f"step[{numbers[name]}]" for name in shared] + [f"step[{v}] != 1" for v in each]
        is_apart = all(statement.where in ("synapse", "local") for statement in assignments)
        apart = '    _Pragma("GCC ivdep")\n' if is_apart else ""  # no synapse changes what another reads
        return f"""
static void run_range(double *x, const struct evsim_cells *all_cells, int64_t i,
                      const struct evsim_now *at, double *const *variable, const int64_t *step,
                      int64_t first, int64_t n) {{
    if ({" || ".join(differ) or "0"}) {{
        for (int64_t k = 0; k < n; k++) run(x, all_cells, i, at, variable, step, first + k);
        return;
    }}
    const struct evsim_cells kept_cells = *all_cells, *const cells = &kept_cells;
    const struct evsim_now kept_now = *at, *const now = &kept_now;
    (void)x, (void)cells, (void)i, (void)now;
{heads}    {unused or "(void)0"};
{apart}    for (int64_t k = 0; k < n; k++) {{
{body}    }}
}}
"""

    def _many(self, assignments: tuple[Assignment, ...], own: Mapping[str, str], is_range: bool) -> str:
        """The statements for one of many synapses, whose variables are at places of their own."""
        inner = _Writer(self.model, self.variables, self.parameters, self.equations, self.pathway, None, None)
        inner.calls = self._functions([each.expression for each in assignments])
        inner.own = dict(own)
        inner.names |= inner.own
        body = relaxation_block(self.equations, inner.own, is_range) if self.equations else ""
        return body + "".join(f"    {inner._statement(each)}\n" for each in assignments)

    def _functions(self, expressions: list[Expression]) -> dict[str, Call]:
        """Functions of the user; tables stand in the place of variables."""
        places = {
            name: f"variable[{self.variables.index(table_name(name))}]" for name in tables_of(expressions)
        }
        return function_calls(expressions, places)

    def _calls(self) -> dict[str, Call]:
        """Functions of the user, and random numbers: every call in the text has its own."""
        return self.calls | {
            name: lambda arguments, c=c: f"{c}({', '.join(['&draws', f'{self._number()}u', *arguments])})"
            for name, c in _DRAWS.items()
        }

    def _number(self) -> int:
        self.draws += 1
        return self.draws - 1

    def _statement(self, each: Assignment) -> str:
        value = each.expression.to_c(self.names, self._calls())
        if each.where == "local":
            is_new = each.target not in self.names
            self.names[each.target] = f"local_{each.target}"
            head = "double " if is_new else ""
            return f"{head}local_{each.target} {_OPERATORS[each.operation]} {value};"
        places, whose, model, is_resting = {
            "synapse": (self.own, "a variable of the synapse", None, ""),
            "integrated": (self.of_synapse, "an integrated variable of the synapse", None, ""),
            "neuron": (self.states, "a state of the target", self.model, "is_refractory"),
            "source": (self.of_source, "a state of the source", self.source, "is_pre_refractory"),
        }[each.where]
        if each.target not in places:
            known = ", ".join(places) or "none"
            raise EvsimNameError(f"event code changes {each.target}, which is not {whose}; there are {known}")
        text = f"{places[each.target]} {_OPERATORS[each.operation]} {value};"
        is_clamped = model is not None and each.target in model.clamped
        return f"if (!now->{is_resting}) {text}" if is_clamped else text


def _read_once(shared: Collection[str], numbers: Mapping[str, int]) -> dict[str, str]:
    """The places of what synapses share, read before a loop."""
    return {name: f"shared_{numbers[name]}" for name in shared}


def _inputs(model: LinearModel | GeneralModel | None) -> tuple[str, ...]:
    return model.inputs if isinstance(model, GeneralModel) else ()


def _readable(each: Assignment) -> str:
    suffix = {"neuron": "_post", "source": "_pre"}.get(each.where, "")
    return f"{each.target}{suffix} {_OPERATORS[each.operation]} {each.expression.text}".replace("*/", "* /")
