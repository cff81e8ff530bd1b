"""C that a user hands over for a function: whether it defines that function, and under which name it is called."""

from __future__ import annotations

import re
from typing import Any

from evsim.errors import EvsimTypeError, EvsimValueError

_CPP_ONLY = {
    "std::": "C++'s std::",
    "template": "a template",
    "namespace": "a namespace",
    "new ": "new",
    "class ": "a class",
}
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def checked_source(code: Any, name: str, arity: int) -> str:
    """The source, made static, when it defines `double name(double, ...)` with that many arguments."""
    example = f"double {name}({', '.join(f'double x{k}' for k in range(arity))}) {{ return ...; }}"
    if not isinstance(code, str):
        raise EvsimTypeError(f"the implementation of {name}: got {code!r}; give C source, {example}.")
    plain = _COMMENT.sub(" ", code)
    match = _definition(plain, name)
    if match is None:
        raise EvsimValueError(f"the implementation of {name} does not define it; give C source, {example}.")
    arguments = [each.split() for each in match["arguments"].split(",") if each.strip() not in ("", "void")]
    if len(arguments) != arity or any("double" not in each for each in arguments):
        raise EvsimValueError(
            f"the implementation of {name} has the arguments ({match['arguments'].strip()}); they are all double, as "
            f"in {example}."
        )
    for word, what in _CPP_ONLY.items():
        if word in plain:
            raise EvsimValueError(f"the implementation of {name} uses {what}; write plain C.")
    if re.search(r"(?<![\w.])abs\s*\(", plain):
        raise EvsimValueError(
            f"the implementation of {name} uses abs(), which cuts to integers in C; write fabs()."
        )
    return plain[: match.start()] + f"static inline double {name}" + plain[match.end("name") :]


def renamed_source(code: str, name: str, wanted: str) -> str:
    """The source with the name under which equations call the function, out of the way of all other names."""
    return re.sub(rf"\b{re.escape(name)}\b", f"user_{wanted}", code)


def _definition(code: str, name: str) -> re.Match[str] | None:
    qualifiers = r"(?:\b(?:static|inline|extern)\s+)*"
    return re.search(
        rf"{qualifiers}\bdouble\s+(?P<name>{re.escape(name)})\s*\((?P<arguments>[^()]*)\)\s*\{{", code
    )
