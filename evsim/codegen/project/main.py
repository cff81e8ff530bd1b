"""The main.c of an exported network: the calls that build it, and what the program must know besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evsim.codegen.project.calls import Call, call_text, integer_text, number_text, string_text


@dataclass(frozen=True)
class SpikeFile:
    """A record of spikes whose results are written under a name."""

    name: str
    number: int
    states: tuple[str, ...]


@dataclass(frozen=True)
class StateFile:
    """A record of samples; `pieces` are (samples before, number of the first) of its parts."""

    name: str
    number: int
    states: tuple[str, ...]
    n: int
    dt: float
    pieces: tuple[int, ...]


@dataclass(frozen=True)
class FinalValues:
    """Values after the run: states of a population, or variables of a projection, by their numbers."""

    name: str
    number: int
    is_projection: bool
    is_brought: bool
    variables: dict[str, int]
    n: int


@dataclass(frozen=True)
class Program:
    """All that main.c says."""

    calls: Sequence[Call]
    n_tables: int
    seed: int
    dt: float
    steps: int
    parts: int
    length: float
    end: tuple[int, float]  # (window, offset)
    is_grid: bool
    threads: int
    populations: tuple[str, ...]
    spike_files: tuple[SpikeFile, ...]
    state_files: tuple[StateFile, ...]
    final_values: tuple[FinalValues, ...]


def main_source(program: Program, identity: str) -> str:
    """The text of main.c."""
    tables = "".join(f"const void *table_{k}(void);\n" for k in range(program.n_tables))
    calls = "".join(map(call_text, program.calls))
    return f"""/* A network that evsim.export_c has written: the calls that build it, in the order of evsim. */
#include <math.h>
#include <stdint.h>

#include "evsim.h"
#include "standalone/standalone.h"

#define ARRAY(type, offset) ((const type *)(arrays + (offset)))
#define TRY(call)             \\
    do {{                      \\
        const int code = call; \\
        if (code < 0)         \\
            return code;      \\
    }} while (0)

{tables}
static int build(evsim_simulation *sim, const unsigned char *arrays) {{
    (void)sim, (void)arrays;
{calls}    return 0;
}}

{_lists(program)}
static const struct project project = {{
    .identity = {string_text(identity)},
    .seed = UINT64_C({program.seed}),
    .clock = {{.dt = {number_text(program.dt)}, .length = {number_text(program.length)},
              .steps = {program.steps}, .parts = {program.parts}}},
    .end_tick = {integer_text(program.end[0])},
    .end_offset = {number_text(program.end[1])},
    .is_grid = {int(program.is_grid)},
    .n_threads = {program.threads},
    .build = build,
    .populations = populations,
    .n_spike_records = {len(program.spike_files)},
    .spike_records = spike_records,
    .n_state_records = {len(program.state_files)},
    .state_records = state_records,
    .n_final_values = {len(program.final_values)},
    .final_values = final_values,
}};

int main(int n, char **arguments) {{
    return project_main(&project, n, arguments);
}}
"""


def _lists(program: Program) -> str:
    """The tables of populations and results; C knows no empty ones."""
    spikes = [
        f"    {{.name = {string_text(each.name)}, .number = {each.number}, {_names('states', each.states)}}},\n"
        for each in program.spike_files
    ]
    states = [
        f"    {{.name = {string_text(each.name)}, .number = {each.number}, {_names('states', each.states)},\n"
        f"     .n = {each.n}, .dt = {number_text(each.dt)}, .n_pieces = {len(each.pieces) // 2},\n"
        f"     .pieces = (const int64_t[]){{{', '.join(map(integer_text, each.pieces))}}}}},\n"
        for each in program.state_files
    ]
    final = [
        f"    {{.name = {string_text(each.name)}, .number = {each.number}, .n = {each.n},\n"
        f"     .is_projection = {int(each.is_projection)}, .is_brought = {int(each.is_brought)},\n"
        f"     .variables = (const int32_t[]){{{', '.join(map(str, each.variables.values()))}}},\n"
        f"     {_names('names', tuple(each.variables), 'n_variables')}}},\n"
        for each in program.final_values
    ]
    names = "".join(f"    {string_text(name)},\n" for name in program.populations)
    return (
        f"static const char *const populations[] = {{\n{names}    NULL,\n}};\n\n"
        f"static const struct spike_record spike_records[] = {{\n{''.join(spikes)}    {{0}},\n}};\n\n"
        f"static const struct state_record state_records[] = {{\n{''.join(states)}    {{0}},\n}};\n\n"
        f"static const struct final_values final_values[] = {{\n{''.join(final)}    {{0}},\n}};\n"
    )


def _names(field: str, names: Sequence[str], count: str = "n_states") -> str:
    if not names:
        return f".{count} = 0"
    return (
        f".{count} = {len(names)}, .{field} = (const char *const[]){{{', '.join(map(string_text, names))}}}"
    )
