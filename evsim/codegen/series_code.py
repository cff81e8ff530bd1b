"""The C of Taylor series: the next coefficient of every part of a formula from those of the states so far.

Order 0 of a part is its value; higher orders follow by the rules of differentiation, so constants leave the sums and
products become convolutions (`kernel/series.h`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evsim.codegen.series import MINUS, Series, Term
from evsim.equations.linear_form import ONE, ZERO
from evsim.equations.nodes import Node, Operation
from evsim.equations.printing import to_c


@dataclass
class Code:
    """C statements for order 0 and for the orders k > 0, the values asked for, and how many arrays they keep."""

    first: list[str]
    later: list[str]
    values_first: list[str]
    values_later: list[str]
    n_kept: int
    n_near: int
    n_memos: int


def code_of(series: Series, wanted: Iterable[int], places: Mapping[str, str]) -> Code:
    """C of the terms wanted; `places` gives the C of names in factors."""
    return _Writer(series, places).code(list(wanted))


class _Writer:
    def __init__(self, series: Series, places: Mapping[str, str]) -> None:
        self.series, self.terms, self.places = series, series.terms, places
        self.kept: dict[tuple[int, str], int] = {}  # arrays: of a term, of it "times k", its "inverse"
        self.near: list[int] = []
        self.n_memos = 0
        self.first: list[tuple[int, int, str]] = []  # number of the term, place among its lines, line
        self.later: list[tuple[int, int, str]] = []

    def code(self, wanted: list[int]) -> Code:
        for number in self._needed(wanted):
            first, later = getattr(self, f"_{self.terms[number].kind}")(number, *self.terms[number].operands)
            self._line(self.first, number, f"const vec v{number} = {first};")
            self._line(self.later, number, f"const vec v{number} = {later};")
        for (number, what), slot in self.kept.items():
            self._keep(number, what, slot)
        first, later = ([line for _, _, line in sorted(lines)] for lines in (self.first, self.later))
        values = [f"v{number}" for number in wanted]
        return Code(first, later, list(values), values, len(self.kept), len(self.near), self.n_memos)

    def _needed(self, wanted: list[int]) -> list[int]:
        found: set[int] = set()
        pending = list(wanted)
        while pending:
            number = pending.pop()
            if number in found:
                continue
            found.add(number)
            term = self.terms[number]
            pending += () if term.kind == "state" else term.operands
            other = {"sin": "cos", "cos": "sin"}.get(term.kind)
            pending += [self.series.numbers[Term(other, term.operands)]] if other else []
        return sorted(found)

    def _array(self, number: int, what: str = "") -> str:
        term = self.terms[number]
        if term.kind == "state" and not what:
            return f"x[{term.operands[0]}]"
        return f"j[{self.kept.setdefault((number, what), len(self.kept))}]"

    def _line(self, lines: list[tuple[int, int, str]], number: int, text: str, place: int = 0) -> None:
        lines.append((number, place, text))

    def _keep(self, number: int, what: str, slot: int) -> None:
        """What a term keeps for later orders, right behind it."""
        if what == "inverse":
            return
        first, factor = (f"v{number}", "") if what == "" else ("none", "(double)k * ")
        self._line(self.first, number, f"j[{slot}][0] = {first};", 1)
        self._line(self.later, number, f"j[{slot}][k] = {factor}v{number};", 1)

    def _memo(self) -> str:
        """A place for what an odd order knows of the next one."""
        self.n_memos += 1
        return f"&memo[{self.n_memos - 1}]"

    # Order 0 and order k of each kind of term

    def _state(self, _number: int, state: int) -> tuple[str, str]:
        return f"x[{state}][0]", f"x[{state}][k]"

    def _time(self, _number: int) -> tuple[str, str]:
        return "now", "k == 1 ? h : none"

    def _combination(self, number: int, *operands: int) -> tuple[str, str]:
        *factors, constant = self.terms[number].factors
        text = ""
        for operand, factor in zip(operands, factors, strict=True):
            sign = "-" if factor == MINUS else "+" if text else ""
            scale = "" if factor in (ONE, MINUS) else f"{self._c(factor)} * "
            text += f" {sign} {scale}v{operand}" if text else f"{sign}{scale}v{operand}"
        first = (
            text
            if constant == ZERO
            else f"{text} + {self._c(constant)}"
            if text
            else f"none + {self._c(constant)}"
        )
        return first or "none", text or "none"

    def _c(self, factor: Node) -> str:
        text = to_c(factor, self.places)
        return f"({text})" if isinstance(factor, Operation) else text

    def _product(self, _number: int, a: int, b: int) -> tuple[str, str]:
        return f"v{a} * v{b}", f"series_product({self._array(a)}, {self._array(b)}, {self._memo()}, k)"

    def _square(self, _number: int, a: int) -> tuple[str, str]:
        return f"v{a} * v{a}", f"series_square({self._array(a)}, k)"

    def _inverse(self, number: int, a: int) -> tuple[str, str]:
        own = self._array(number)
        return f"1.0 / v{a}", f"-series_from_first({self._array(a)}, {own}, {self._memo()}, k) * {own}[0]"

    def _quotient(self, number: int, a: int, b: int) -> tuple[str, str]:
        own, below, inverse = self._array(number), self._array(b), self._array(number, "inverse")
        self._line(self.first, number, f"{inverse}[0] = 1.0 / v{b};", -1)
        return f"v{a} / v{b}", f"(v{a} - series_from_first({below}, {own}, {self._memo()}, k)) * {inverse}[0]"

    def _exp(self, number: int, a: int) -> tuple[str, str]:
        own, slopes = self._array(number), self._array(a, "times k")
        return f"vec_exp(v{a})", f"series_from_first({slopes}, {own}, {self._memo()}, k) * SERIES_INVERSE[k]"

    def _sin(self, _number: int, a: int) -> tuple[str, str]:
        other, slopes = self._array(self.series.numbers[Term("cos", (a,))]), self._array(a, "times k")
        return (
            f"vec_sin(v{a})",
            f"series_from_first({slopes}, {other}, {self._memo()}, k) * SERIES_INVERSE[k]",
        )

    def _cos(self, _number: int, a: int) -> tuple[str, str]:
        other, slopes = self._array(self.series.numbers[Term("sin", (a,))]), self._array(a, "times k")
        return (
            f"vec_cos(v{a})",
            f"series_from_first({slopes}, {other}, {self._memo()}, k) * -SERIES_INVERSE[k]",
        )

    def _bernoulli(self, number: int, a: int, e: int) -> tuple[str, str]:
        own, argument, power = self._array(number), self._array(a), self._array(e)
        inverse, place = self._array(number, "inverse"), len(self.near)
        self.near.append(number)
        self._line(self.first, number, f"{inverse}[0] = 1.0 / (v{e} - 1.0);", -1)
        return (
            f"bernoulli_first(&q->near[{place}], {argument}, {inverse}[0])",
            f"bernoulli_later(&q->near[{place}], {argument}, {power}, {own}, {inverse}[0], {self._memo()}, k)",
        )


def functions_of(name: str, code: Code, parts: str) -> str:
    """Two C functions, `name_first` and `name_later`, that give the coefficients of the terms wanted in y."""
    text = ""
    for order, lines, values, argument in (
        ("first", code.first, code.values_first, ""),
        ("later", code.later, code.values_later, ", int k"),
    ):
        body = "".join(f"    {line}\n" for line in lines)
        body += "".join(f"    y[{n}] = {value};\n" for n, value in enumerate(values))
        text += f"""ALWAYS void {name}_{order}(const struct batch *b, int from, vec x[][SERIES_ROOM], struct parts *q,
                        vec now, vec h{argument}, vec *y) {{
    const vec none = {{0.0}};
    vec(*const j)[SERIES_ROOM] = q->{parts};
    vec *const memo = q->memo_of_{name};
    (void)memo;
    (void)b, (void)from, (void)x, (void)j, (void)now, (void)h, (void)y;
{_reads(code)}{body}}}

"""
    return text


def _reads(code: Code) -> str:
    """Declarations of what the statements name: numbers of the equations, and what differs between lanes."""
    text = "\n".join([*code.first, *code.later, *code.values_first, *code.values_later])
    found = set(re.findall(r"\b(one|each)_(\d+)\b", text))
    reads = ""
    for kind, number in sorted(found, key=lambda each: (each[0], int(each[1]))):
        value = f"b->one[{number}]" if kind == "one" else f"vec_load(b->each[{number}] + from)"
        kind_of = "double" if kind == "one" else "vec"
        reads += f"    const {kind_of} {kind}_{number} = {value};\n    (void){kind}_{number};\n"
    for name in ("active", "last"):
        if re.search(rf"\b{name}\b", text):
            reads += f"    const vec {name} = vec_load(b->{name} + from);\n    (void){name};\n"
    return reads


__all__ = ["Code", "code_of", "functions_of"]
