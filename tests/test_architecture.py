"""docs/architecture.md, its drawing and the code say the same."""

import ast
import re
from functools import cache
from pathlib import Path

import draw_architecture
from module_imports import COMMANDS, circle, module_files, module_graph, without_shortcuts

ROOT = Path(__file__).parent.parent
PAGE = draw_architecture.PAGE.read_text(encoding="utf-8")
DRAW_AGAIN = "run `python docs/draw_architecture.py`"
QUOTED = re.findall(r"`([^`\n]+)`", PAGE)
FACADE = ""  # the package itself, which names what others offer


def test_no_circle_of_modules():
    assert circle({name: imported - {FACADE} for name, imported in module_graph().items()}) == []


def test_nobody_imports_a_command_but_commands():
    commands = {*COMMANDS, "__main__", FACADE}
    for name, imported in module_graph().items():
        assert name in commands or not imported & commands, name


def test_no_circle_of_rooms_and_no_arrow_up():
    graph = draw_architecture.room_graph()
    assert circle(graph) == []
    assert draw_architecture.arrows_up(graph) == []


def test_an_arrow_that_would_run_up_and_a_circle_are_seen():
    graph = draw_architecture.room_graph()
    graph["io"] = graph["io"] | {"rate"}
    assert draw_architecture.arrows_up(graph) == ["io -> rate"]
    assert set(circle(graph)) >= {"io", "rate"}


def test_arrows_that_are_left_out_are_said_by_others():
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}
    assert without_shortcuts(graph) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set()}


def test_imports_inside_functions_and_for_type_checkers_count():
    graph = module_graph()
    assert "rate.train" in graph["cli.training"]  # in a function, and under TYPE_CHECKING
    assert "cli.main" in graph["__main__"]


def test_the_drawing_is_that_of_the_code():
    assert draw_architecture.DRAWING.read_text(encoding="utf-8") == draw_architecture.drawing(), DRAW_AGAIN


def test_the_table_of_rooms_is_that_of_the_code():
    assert draw_architecture.page_with_table(PAGE) == PAGE, DRAW_AGAIN
    listed = set(re.findall(r"`([\w.]+)`", draw_architecture.room_table()))
    for module, path in module_files().items():
        if path.name != "__init__.py":
            assert {module, module.rpartition(".")[2]} & listed, module


def test_boxes_do_not_overlap():
    boxes = [
        (room, place.row, place.column - place.width / 2, place.column + place.width / 2)
        for room, place in draw_architecture.PLACES.items()
    ]
    for room, row, left, right in boxes:
        for other, its_row, its_left, its_right in boxes:
            assert room == other or row != its_row or right <= its_left or its_right <= left, f"{room}, {other}"


def test_files_that_the_page_names_exist():
    files = [name for name in QUOTED if re.fullmatch(r"[\w./]+(/|\.py|\.md|\.cfg)", name)]
    assert len(files) > 100
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_names_that_the_page_mentions_exist():
    names = {name for name in QUOTED if re.fullmatch(r"[A-Za-z_]\w*", name)}
    assert {"TrainedModel", "TrainConfig", "grid_search"} <= names
    assert names - _names_in_the_code() <= {"rate2spike", "packages"}


def test_each_idea_has_a_file_to_open():
    table = PAGE.partition("## Where an idea lives")[2].partition("\n## ")[0]
    rows = [row.split("|") for row in table.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 40
    for _, idea, files, _ in rows:
        assert 1 <= len(re.findall(r"`[\w/]+(?:\.py|/)`", files)) <= 3, idea


@cache
def _names_in_the_code() -> set[str]:
    names = {module.rpartition(".")[2] for module in module_files()}
    for path in module_files().values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return names
