"""The command line: models and plugins, running a script, the demonstration, the installation.

Commands print to standard output and return 0. A mistake is one line on standard error and 1; wrong usage is 2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from evsim.commands.options import add_plot
from evsim.errors import EvsimError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except EvsimError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone: nothing is left to say
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evsim", description="Networks of spiking neurons with exact spike times."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    models = commands.add_parser("models", help="list the models, or show one")
    models.add_argument("name", nargs="?", metavar="NAME", help="a model to show in full")
    models.set_defaults(command=_models)

    plot = commands.add_parser("plot", help="draw the response of a model")
    add_plot(plot)
    plot.set_defaults(command=_plot)

    plugins = commands.add_parser(
        "plugins", help="list the plugins, and what is wrong with those that failed"
    )
    plugins.set_defaults(command=_plugins)

    run = commands.add_parser("run", help="run a script")
    run.add_argument("script", metavar="SCRIPT", type=Path)
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="arguments of the script")
    run.set_defaults(command=_run)

    demo = commands.add_parser(
        "demo", help="simulate 1000 cells for a second and save a picture of their spikes"
    )
    demo.add_argument(
        "--output", type=Path, default=Path("evsim-demo.png"), help="the picture (evsim-demo.png)"
    )
    demo.add_argument("--seed", type=int, default=1, help="seed of the random numbers (1)")
    demo.set_defaults(command=_demo)

    check = commands.add_parser("check", help="check that a model keeps the contract of models")
    check.add_argument("name", metavar="NAME")
    check.set_defaults(command=_check)

    info = commands.add_parser("info", help="versions, compiler, cache, instruction set, plugins")
    info.set_defaults(command=_info)
    return parser


def _models(options: argparse.Namespace) -> None:
    from evsim.commands.listing import model_page, model_table
    from evsim.plugin.registry import find_model, registry

    print(model_page(find_model(options.name)) if options.name else model_table(registry()))


def _plot(options: argparse.Namespace) -> None:
    from evsim.commands.pictures import plot

    for line in plot(options):
        print(line)


def _plugins(options: argparse.Namespace) -> None:
    from evsim.commands.listing import plugin_table
    from evsim.plugin.registry import registry

    print(plugin_table(registry()))


def _run(options: argparse.Namespace) -> int:
    import runpy

    if not options.script.is_file():
        return _refuse(f"there is no script {options.script}; give the path of a Python file")
    before = sys.argv, sys.path[:]
    sys.argv = [str(options.script), *options.arguments]
    sys.path[0] = str(options.script.resolve().parent)
    try:
        runpy.run_path(str(options.script), run_name="__main__")
    except EvsimError as error:
        return _refuse(f"{_line_of(error, options.script)}{type(error).__name__}: {error}")
    finally:
        sys.argv, sys.path[:] = before
    return 0


def _line_of(error: BaseException, script: Path) -> str:
    """Where in the script the error came up: 'file:line: '."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == script:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{script}:{line}: " if line else ""


def _demo(options: argparse.Namespace) -> int:
    from evsim.commands.demo import save_picture, simulate, summary

    folder = options.output.parent
    if not folder.is_dir():
        return _refuse(f"there is no folder {folder} for the picture; make it, or give another --output")
    spikes = simulate(number=options.seed)
    try:
        save_picture(spikes, options.output)
    except (OSError, ValueError) as error:
        return _refuse(f"the picture {options.output} cannot be saved: {error}; give another --output")
    print(summary(spikes))
    print(f"picture      {options.output}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from evsim.plugin.faults import DeclarationError
    from evsim.plugin.registry import find_model
    from evsim.testing import check_model

    try:
        complaints = check_model(find_model(options.name))
    except DeclarationError as error:
        complaints = [str(fault) for fault in error.faults]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not complaints:
        print(f"{options.name}: keeps the contract")
    return 1 if complaints else 0


def _info(options: argparse.Namespace) -> None:
    from evsim.commands.installation import info
    from evsim.plugin.registry import registry

    print(info(registry()))


def _refuse(text: str, code: int = 1) -> int:
    print(f"evsim: {' '.join(text.split())}", file=sys.stderr)
    return code
