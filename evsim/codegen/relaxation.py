"""The C that brings synapse variables with linear equations from their last update to the present."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evsim.description import LinearForm
from evsim.errors import EvsimValueError

MOST_COUPLED = 8  # as in kernel/relax.h

HIDDEN = ("_tick", "_offset")
"""Variables of the core that hold when the others were last brought up to date."""


def relaxation_source(equations: Mapping[str, LinearForm], places: Mapping[str, str]) -> tuple[str, set[str]]:
    """C text that defines `bring`, and the names of the variables that it changes.

    Parameters
    ----------
    places
        The C of each variable of a synapse; those of HIDDEN are among them.
    """
    comment = "".join(f" *   d{name}/dt = {_readable(form)}\n" for name, form in equations.items())
    text = f"""#include <kernel/relax.h>

/* From the last update to now:
{comment} */
static void bring(const struct evsim_cells *cells, const struct evsim_now *now,
                  double *const *variable, const int64_t *step, int64_t synapse) {{
{relaxation_block(equations, places)}}}
"""
    return text, {*equations, *HIDDEN}


def relaxation_block(
    equations: Mapping[str, LinearForm], places: Mapping[str, str], is_vectorised: bool = False
) -> str:
    """C statements that bring the variables to the present; with no branch around what fades, for loops of vectors."""
    tick, offset = (places[name] for name in HIDDEN)
    found = blocks(equations)
    fading = [block[0] for block in found if len(block) == 1 and _is_fading(block[0], equations[block[0]])]
    body = "".join(_fading(fading, equations, places, is_vectorised))
    ahead, body = (body, "") if is_vectorised else ("", body)
    for block in found:
        if len(block) > MOST_COUPLED:
            raise EvsimValueError(
                f"the (event-driven) equations of {', '.join(block)} act on each other; at most {MOST_COUPLED} may, "
                "so part them into several Synapses."
            )
        if len(block) > 1:
            body += _together(block, equations, places)
        elif block[0] not in fading:
            body += _alone(block[0], equations, places)
    return f"""    const double windows = (double)cells->tick - {tick};
    const double h = windows * cells->window + (now->offset - {offset});
    {tick} = (double)cells->tick, {offset} = now->offset;
{ahead}{_where_time_passed(body)}"""


def _where_time_passed(body: str) -> str:
    return f"    if (h != 0.0) {{\n{body}    }}\n" if body else ""


def _is_fading(name: str, form: LinearForm) -> bool:
    return name in form.coefficients and form.constant.text in ("0", "-0")


def _fading(
    names: list[str],
    equations: Mapping[str, LinearForm],
    places: Mapping[str, str],
    is_always: bool,
) -> Iterator[str]:
    """dx/dt = a x, several of them: equal rates share an exponential. With `is_always` h may be 0."""
    for k, name in enumerate(names):
        rate = equations[name].coefficients[name].to_c(places)
        yield f"    const double z{k} = {'h == 0.0 ? 0.0 : ' if is_always else ''}({rate}) * h;\n"
        again = f"z{k} == z{k - 1} ? e{k - 1} : " if k else ""
        yield f"    const double e{k} = {again}evsim_exp(z{k});\n"
        yield f"    {places[name]} *= e{k};\n"


def blocks(equations: Mapping[str, LinearForm]) -> list[tuple[str, ...]]:
    """The variables in groups that have nothing to do with each other, in their order."""
    group = {name: {name} for name in equations}
    for name, form in equations.items():
        for other in form.coefficients:
            joined = group[name] | group[other]
            for member in joined:
                group[member] = joined
    found = dict.fromkeys(tuple(each for each in equations if each in group[name]) for name in equations)
    return list(found)


def _alone(name: str, equations: Mapping[str, LinearForm], places: Mapping[str, str]) -> str:
    form = equations[name]
    a = form.coefficients[name].to_c(places) if name in form.coefficients else "0.0"
    return f"    {places[name]} = evsim_relaxed({places[name]}, {a}, {form.constant.to_c(places)}, h);\n"


def _together(block: tuple[str, ...], equations: Mapping[str, LinearForm], places: Mapping[str, str]) -> str:
    coefficients = [
        equations[row].coefficients[column].to_c(places) if column in equations[row].coefficients else "0.0"
        for row in block
        for column in block
    ]
    constants = [equations[row].constant.to_c(places) for row in block]
    now = [places[name] for name in block]
    back = "".join(f"        {places[name]} = y[{k}];\n" for k, name in enumerate(block))
    return f"""    {{
        const double a[] = {{{", ".join(coefficients)}}};
        const double b[] = {{{", ".join(constants)}}};
        double y[] = {{{", ".join(now)}}};
        evsim_propagate({len(block)}, a, b, y, h);
{back}    }}
"""


def _readable(form: LinearForm) -> str:
    terms = [f"({each.text})*{name}" for name, each in form.coefficients.items()]
    return " + ".join([*terms, form.constant.text]).replace("*/", "* /")
