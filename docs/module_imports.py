"""Who imports whom in rate2spike, read from the syntax tree; nothing is imported.

Imports inside functions and those for type checkers alone (TYPE_CHECKING) count as all others. The scripts with historic
names (COMMANDS) are commands, wherever they stand.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "rate2spike"
NO_ROOMS = ("tests", "benchmarks", "docs", "build", "dist")  # folders of the checkout that the package does not hold
COMMANDS = ("rate.main", "spiking.lambda_grid_search", "spiking.eval_go_nogo")

Graph = Mapping[str, set[str]]  # who imports -> what


@cache
def module_files() -> dict[str, Path]:
    """Every module of the package without the package's name (`io.records`; the package itself is ''), and its file.

    A folder's `__init__.py` has the folder's name.
    """
    folders = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in NO_ROOMS]
    paths = [*ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]
    named = {path.relative_to(ROOT).with_suffix("").parts: path for path in sorted(paths)}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for parts, path in named.items()}


def imported_names(path: Path) -> Iterator[str]:
    """Full names of all that a file imports: `rate2spike.io.records.events_of`, `numpy`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        yield from _names_of(node)


@cache
def module_graph() -> dict[str, set[str]]:
    """Which modules of the package each module imports."""
    files = module_files()
    return {name: {_module_of(full, files) for full in _ours(path)} for name, path in files.items()}


def libraries_of(path: Path) -> set[str]:
    """Names of the libraries that a file imports, the standard library's included: {'numpy', 'os'}."""
    return {full.split(".")[0] for full in imported_names(path)} - {PACKAGE}


def libraries_at_run_time(path: Path) -> set[str]:
    """The same without those that a file imports for type checkers alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for statement in block.body
        for node in ast.walk(statement)
    }
    return {full.split(".")[0] for node in ast.walk(tree) if node not in for_types for full in _names_of(node)} - {
        PACKAGE
    }


def between(graph: Graph, room_of: Mapping[str, str]) -> dict[str, set[str]]:
    """The same graph between rooms; what stays within a room is left out."""
    rooms: dict[str, set[str]] = {room: set() for room in room_of.values()}
    for name, imported in graph.items():
        rooms[room_of[name]] |= {room_of[other] for other in imported} - {room_of[name]}
    return rooms


def circle(graph: Graph) -> list[str]:
    """A way that ends where it begins, or [] if there is none."""
    done: set[str] = set()
    for start in sorted(graph):
        found = _circle_from(start, graph, [], done)
        if found:
            return found
    return []


def without_shortcuts(graph: Graph) -> dict[str, set[str]]:
    """The graph without the arrows that a longer way through others says as well. For graphs without a circle."""

    def below(name: str) -> set[str]:
        return graph[name].union(*map(below, graph[name]))

    return {name: direct - set().union(*map(below, direct)) for name, direct in graph.items()}


def _names_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _ours(path: Path) -> Iterable[str]:
    return (full for full in imported_names(path) if full.split(".")[0] == PACKAGE)


def _module_of(full: str, files: Mapping[str, Path]) -> str:
    """The module that a full name is, or is in."""
    name = full.removeprefix(PACKAGE).removeprefix(".")
    while name not in files:
        name = name.rpartition(".")[0]
    return name


def _circle_from(name: str, graph: Graph, way: list[str], done: set[str]) -> list[str]:
    if name in way:
        return [*way[way.index(name) :], name]
    if name in done:
        return []
    for other in sorted(graph[name]):
        found = _circle_from(other, graph, [*way, name], done)
        if found:
            return found
    done.add(name)
    return []
