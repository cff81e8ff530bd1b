"""Where in its file each part of a declaration stands, read from the file's own syntax."""

from __future__ import annotations

import ast
import linecache
from functools import cached_property

Origin = tuple[str, int]
"""The file and line on which a declaration begins."""


class SourceLines:
    """Lines of one declaration; that of its beginning for whatever cannot be found."""

    def __init__(self, origin: Origin) -> None:
        self.file, self.first = origin

    def of(self, keyword: str) -> int:
        """The line of an argument."""
        value = self._arguments.get(keyword)
        return self.first if value is None else value.lineno

    def within(self, keyword: str, line: int) -> int:
        """The line of the file on which a line of a text stands."""
        value = self._arguments.get(keyword)
        if isinstance(value, ast.Name):
            value = self._assigned.get(value.id)
        if value is None:
            return self.first
        is_spread = isinstance(value, ast.Constant) and value.end_lineno != value.lineno
        return value.lineno + (line if is_spread else 0)

    def of_entry(self, keyword: str, place: int) -> int:
        """The line of one entry of a list."""
        value = self._arguments.get(keyword)
        if isinstance(value, ast.List | ast.Tuple) and place < len(value.elts):
            return value.elts[place].lineno
        return self.of(keyword)

    @cached_property
    def _tree(self) -> ast.Module:
        try:
            return ast.parse("".join(linecache.getlines(self.file)))
        except SyntaxError:
            return ast.Module([], [])

    @cached_property
    def _arguments(self) -> dict[str, ast.expr]:
        """The arguments by name of the call on that line."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and node.lineno == self.first and node.keywords:
                return {each.arg: each.value for each in node.keywords if each.arg is not None}
        return {}

    @cached_property
    def _assigned(self) -> dict[str, ast.expr]:
        """What names of the file stand for."""
        found: dict[str, ast.expr] = {}
        for node in self._tree.body:
            if isinstance(node, ast.Assign):
                found |= {each.id: node.value for each in node.targets if isinstance(each, ast.Name)}
        return found


__all__ = ["Origin", "SourceLines"]
