"""The order of the layers, as data, and a look at every import of the package, late ones included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "evsim"

# Low to high. A module imports from its own part and from lower layers, never from a sibling in its layer.
LAYERS = [
    ["errors", "instants", "include", "kernels"],
    ["units"],
    ["equations"],
    ["codegen"],
    ["engine", "reference"],
    ["plugin"],
    ["composition", "models"],
    ["words", "verify"],
    ["testing"],
    ["plot"],
    ["commands"],
    ["shipment", "__main__"],
    ["__init__"],
    ["brian"],
]

# The description of a network holds expressions, and the analysis of equations ends in a description.
SAME_PART = {"description": "equations", "rows": "equations"}

COMPILED = "evsim.engine._core"
RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}
FILES = sorted(PACKAGE.rglob("*.py"))
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def module_name(file: Path) -> str:
    """Name a file as Python does: evsim.units.quantity; a package is its __init__."""
    return ".".join(("evsim", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_name(file) for file in FILES} | {COMPILED}
PACKAGES = {module_name(file) for file in FILES if file.name == "__init__.py"}


def part_of(module: str) -> str:
    """Name the part of the package that a module belongs to."""
    part = module.split(".")[1] if "." in module else "__init__"
    return SAME_PART.get(part, part)


def imported(node: ast.AST, file: Path) -> Iterator[str]:
    """Yield the full names of the modules that one import statement needs."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module_name(file).split(".")
        if file.name != "__init__.py":
            package.pop()
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        for alias in node.names:
            name = f"{base}.{alias.name}"
            yield name if name in MODULES else base


def imports_of(file: Path) -> list[tuple[int, str]]:
    """Return line and module of every import of evsim's own modules in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [
        (node.lineno, name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node, file)
        if name.split(".")[0] == "evsim"
    ]


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_a_module_imports_only_from_its_part_and_lower_layers(file: Path) -> None:
    part = part_of(module_name(file))
    assert part in RANK, f"{part} has no layer yet: name it in LAYERS, with a decision note"
    wrong = [
        f"{file.name}:{line} ({part}) imports {name}"
        for line, name in imports_of(file)
        if part_of(name) != part and RANK.get(part_of(name), len(LAYERS)) >= RANK[part]
    ]
    assert wrong == []


def test_imports_inside_functions_and_relative_ones_are_seen() -> None:
    source = "def late():\n    from . import errors\n    import evsim.units.table as table\n"
    nodes = ast.walk(ast.parse(source))
    names = [name for node in nodes for name in imported(node, PACKAGE / "plot.py")]
    assert names == ["evsim.errors", "evsim.units.table"]


def test_only_engine_imports_the_compiled_module() -> None:
    users = {
        part_of(module_name(file))
        for file in FILES
        for _, name in imports_of(file)
        if name == COMPILED or name.startswith(COMPILED + ".")
    }
    assert users == {"engine"}


def neighbours(package: str) -> dict[str, set[str]]:
    """Return the files and folders of a package, each with those beside it that it imports."""
    place = package.count(".") + 1
    graph: dict[str, set[str]] = {}
    for file in FILES:
        here = module_name(file).split(".")
        inside = {name for _, name in imports_of(file) if name.startswith(f"{package}.")}
        if ".".join(here[:place]) == package and len(here) > place:
            graph.setdefault(here[place], set()).update(name.split(".")[place] for name in inside)
    return {name: targets - {name} for name, targets in graph.items()}


@pytest.mark.parametrize("package", sorted(PACKAGES - {"evsim"}))  # LAYERS is the order of evsim itself
def test_files_and_folders_of_a_package_import_each_other_in_no_circle(package: str) -> None:
    graph = neighbours(package)
    order = TopologicalSorter(graph).static_order()  # raises CycleError, which shows the circle
    assert set(order) >= set(graph)


def test_neighbours_are_the_files_and_folders_beside_a_module() -> None:
    assert neighbours("evsim.words")["magic"] == {
        "clocks",
        "monitors",
        "network",
        "objects",
        "summaries",
        "surroundings",
    }


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_no_text_is_executed_and_nothing_is_unpickled(file: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(f"{file.name}:{node.lineno} calls {node.func.id}")
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.append(f"{file.name}:{node.value.lineno} allows pickle")
        names = imported(node, file)
        found += [f"{file.name} imports {name}" for name in names if name.split(".")[0] in FORBIDDEN_MODULES]
    assert found == []
