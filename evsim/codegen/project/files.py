"""The files of an exported network besides its arrays: generated C, the C of the core, a Makefile."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from evsim import include
from evsim.codegen.compiler import ARITHMETIC, OPTIMISATION
from evsim.codegen.project.main import Program, main_source

CORE, TABLES = "core", "tables"


def write_project(folder: Path, program: Program, texts: Sequence[tuple[str, str]], identity: str) -> None:
    """Write everything; `texts` are the generated ones, each with the function that returns its table."""
    (folder / TABLES).mkdir()
    for number, (source, function) in enumerate(texts):
        text = f"#define {function} table_{number}\n{source}"
        (folder / TABLES / f"table_{number}.c").write_text(text, encoding="utf-8")
    (folder / "main.c").write_text(main_source(program, identity), encoding="utf-8")
    (folder / "Makefile").write_text(_makefile(), encoding="utf-8")
    _copy_core(folder / CORE)


def _copy_core(target: Path) -> None:
    """The sources of the core, with the headers that generated C includes."""
    core, headers = include.core_folder(), include.folder()
    target.mkdir()
    for file in [headers / "kernel.h", *sorted(core.glob("*.[ch]"))]:
        shutil.copyfile(file, target / file.name)
    for parent, name in ((headers, "kernel"), (core, "standalone")):
        (target / name).mkdir()
        for file in sorted((parent / name).glob("*.[ch]")):
            shutil.copyfile(file, target / name / file.name)


def _makefile() -> str:
    arithmetic = " ".join(ARITHMETIC)
    return f"""# `make` builds the program `run`; `./run` writes results beside it, `./run FOLDER` there.
# The same bits on every machine need ARITHMETIC as it is. The core may be another export's: make CORE=../other/core.a

CC ?= cc
NATIVE := $(shell $(CC) -march=native -E -x c /dev/null > /dev/null 2>&1 && echo -march=native)
ARITHMETIC := {arithmetic}
OPTIONS := -std=c11 $(ARITHMETIC) -pthread -I{CORE}
CORE ?= core.a

HEADERS := $(wildcard {CORE}/*.h {CORE}/*/*.h)
CORE_OBJECTS := $(patsubst %.c,%.o,$(wildcard {CORE}/*.c {CORE}/standalone/*.c))
OBJECTS := main.o $(patsubst %.c,%.o,$(wildcard {TABLES}/*.c))

run: $(OBJECTS) $(CORE)
\t$(CC) $(OPTIONS) $^ -o $@ -lm

core.a: $(CORE_OBJECTS)
\trm -f $@ && $(AR) rcs $@ $^

main.o: main.c $(HEADERS)
\t$(CC) $(OPTIONS) -O1 -c $< -o $@

{CORE}/%.o: {CORE}/%.c $(HEADERS)
\t$(CC) $(OPTIONS) -O3 -c $< -o $@

{TABLES}/%.o: {TABLES}/%.c $(HEADERS)
\t$(CC) $(OPTIONS) {" ".join(OPTIMISATION)} $(NATIVE) -c $< -o $@

.PHONY: clean
clean:
\trm -f run core.a $(OBJECTS) $(CORE_OBJECTS)
"""
