"""The C that brings synapse variables with linear equations from their last update to the present."""

from __future__ import annotations

from collections.abc import Mapping

from evsim.description import LinearForm

HIDDEN = ("_tick", "_offset")
"""Variables of the core that hold when the others were last brought up to date."""


def relaxation_source(equations: Mapping[str, LinearForm], places: Mapping[str, str]) -> tuple[str, set[str]]:
    """C text that defines `bring`, and the names of the variables that it changes.

    Parameters
    ----------
    places
        The C of each variable of a synapse; those of HIDDEN are among them.
    """
    tick, offset = (places[name] for name in HIDDEN)
    body = "".join(
        _alone(block[0], equations, places) if len(block) == 1 else _together(block, equations, places)
        for block in blocks(equations)
    )
    comment = "".join(f" *   d{name}/dt = {_readable(form)}\n" for name, form in equations.items())
    text = f"""#include <kernel/relax.h>

/* From the last update to now:
{comment} */
static void bring(const struct evsim_cells *cells, const struct evsim_now *now,
                  double *const *variable, const int64_t *step, int64_t synapse) {{
    const double windows = (double)cells->tick - {tick};
    const double h = windows * cells->window + (now->offset - {offset});
    {tick} = (double)cells->tick, {offset} = now->offset;
    if (h == 0.0) return;
{body}}}
"""
    return text, {*equations, *HIDDEN}


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
