"""Generator text of connect, "k for k in range(i-2, i+3) if k != i": its parts, read without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from evsim.errors import EvsimValueError


@dataclass(frozen=True)
class GeneratorText:
    """`element` for `variable` in range(*arguments) or sample(*arguments, **options), if `condition`.

    Text that is only an expression, as in j="i", is the element alone.
    """

    element: str
    variable: str = ""
    function: str = ""
    arguments: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    condition: str = ""


def read_generator(text: str, where: str) -> GeneratorText:
    """The parts of a generator text."""
    try:
        tree = ast.parse(f"({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refusal(text, where) from None
    if not isinstance(tree, ast.GeneratorExp):
        return GeneratorText(text)
    if len(tree.generators) != 1:
        raise EvsimValueError(f"{where}: {text!r} has {len(tree.generators)} 'for'; evsim knows one")
    loop = tree.generators[0]
    call = loop.iter
    if (
        not isinstance(loop.target, ast.Name)
        or not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Name)
    ):
        raise _refusal(text, where)
    if call.func.id not in ("range", "sample"):
        raise EvsimValueError(
            f"{where}: {text!r} loops over {call.func.id}(); evsim knows range() and sample()"
        )
    return GeneratorText(
        element=ast.unparse(tree.elt),
        variable=loop.target.id,
        function=call.func.id,
        arguments=tuple(ast.unparse(argument) for argument in call.args),
        options={option.arg or "": ast.unparse(option.value) for option in call.keywords},
        condition=" and ".join(f"({ast.unparse(test)})" for test in loop.ifs),
    )


def _refusal(text: str, where: str) -> EvsimValueError:
    return EvsimValueError(
        f"{where}: cannot read {text!r}; write it as in 'k for k in range(i-2, i+3) if k != i'"
    )
