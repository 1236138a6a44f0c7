"""Draw docs/architecture.svg from the real imports, and list the modules of each room in docs/architecture.md.

    python docs/draw_architecture.py

A box is a room, an arrow says that the room above imports from the room below. The places of the boxes are set by hand
(PLACES); an arrow that would run up is refused, so a circle cannot be drawn. tests/test_architecture.py compares.
"""

import ast
import textwrap
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from module_imports import COMMANDS, ROOT, between, module_files, module_graph, without_shortcuts

DRAWING = ROOT / "docs" / "architecture.svg"
PAGE = ROOT / "docs" / "architecture.md"
TABLE_MARKS = ("<!-- rooms: written by docs/draw_architecture.py -->\n", "<!-- end of rooms -->\n")
COLUMN_PX, ROW_PX, BOX_PX, LINE_PX = 236, 122, 216, 15
MARGIN_PX = 10
LETTER_PX = 6.6  # mean width of a letter of the text
START, SHARED, ERRORS = "commands, façade", "what all share", "errors, version"  # rooms that are no folders
STYLE = """
rect { fill: #fff; stroke: #000; stroke-width: 1.2 }
text { font: 12px 'DejaVu Sans', Verdana, sans-serif; fill: #000; text-anchor: middle }
text.name { font-weight: bold; font-size: 13px }
path { fill: none; stroke: #555; stroke-width: 1.4; marker-end: url(#head) }
"""


class Place(NamedTuple):
    """Where a box stands: column and row of its middle (rows count downwards), and how many columns it is wide."""

    column: float
    row: int
    width: float = 1.0


PLACES = {
    START: Place(2, 0),
    "cli": Place(2, 1),
    "spiking.diagnosis": Place(1.3, 2),
    "spiking.tuning": Place(2.5, 2),
    "spiking.search": Place(1.3, 3),
    "spiking.analysis": Place(0, 4),
    "spiking.scoring": Place(1.3, 4),
    "spiking.simulator": Place(0.6, 5),
    "rate": Place(2, 5),
    "spiking.context": Place(3.3, 4),
    "spiking.cascade": Place(-1, 4),
    "spiking.cascade_networks": Place(4.3, 4),
    "spiking.dendrite_examples": Place(5.4, 4),
    "spiking.twin_study": Place(-2, 1.9),
    "spiking.twin_figures": Place(-1, 2.5),
    "spiking.neuron_as_net": Place(-2, 3),
    "spiking.twin_data": Place(-2, 4),
    "spiking.detailed_cells": Place(-1, 5),
    "spiking.twin_evaluation": Place(-2, 5),
    "spiking.kernels": Place(0, 6),
    "io.exports": Place(1, 6),
    "matlab_compat": Place(2, 6),
    "io.datasets": Place(3, 5),
    "spiking.training": Place(4, 6),
    "spiking.dendrites": Place(5, 6),
    "spiking.plasticity": Place(6, 6),
    "spiking.layers": Place(4, 7),
    "io": Place(2, 7, 3),
    SHARED: Place(2.5, 8, 4),
    "machine": Place(2, 9, 5),
    ERRORS: Place(2, 10, 5),
}


def room_of(module: str) -> str:
    """The room of a module; '' for a folder of rooms, which holds no code of its own. Raises ValueError for a new room."""
    if module in ("", "__main__", *COMMANDS):
        return START
    if module in ("errors", "version"):
        return ERRORS
    is_folder = module_files()[module].name == "__init__.py"
    room = (module if is_folder else module.rpartition(".")[0]) or SHARED
    if room == "spiking":
        return ""
    if room not in PLACES:
        raise ValueError(f"{room} is a new room: give it a place in PLACES of docs/draw_architecture.py")
    return room


def rooms() -> dict[str, str]:
    """The room of every module that is in one."""
    found = {module: room_of(module) for module in module_files()}
    return {module: room for module, room in found.items() if room}


def room_table() -> str:
    """Rooms and their modules as a table in Markdown, from the top of the drawing to its bottom."""
    lines = ["| room | modules |", "|---|---|"]
    for room in PLACES:
        names = [module for module, at in rooms().items() if at == room and module not in ("", room)]
        shown = [name if room == START else name.rpartition(".")[2] for name in names]
        lines.append(f"| {_title(room)} | {', '.join(f'`{name}`' for name in shown)} |")
    return "\n".join(lines) + "\n"


def page_with_table(page: str) -> str:
    """The page with the table of rooms as it is now."""
    before, _, rest = page.partition(TABLE_MARKS[0])
    _, _, after = rest.partition(TABLE_MARKS[1])
    return before + TABLE_MARKS[0] + room_table() + TABLE_MARKS[1] + after


def room_graph() -> dict[str, set[str]]:
    """Which rooms each room imports from."""
    room_by_module = rooms()
    graph = {
        name: imported & set(room_by_module) for name, imported in module_graph().items() if name in room_by_module
    }
    return between(graph, room_by_module)


def arrows_up(graph: Mapping[str, set[str]]) -> list[str]:
    """Arrows that would not run down, in words."""
    return [
        f"{room} -> {other}" for room in graph for other in sorted(graph[room]) if PLACES[other].row <= PLACES[room].row
    ]


def drawing() -> str:
    """The drawing as SVG text, the same on every machine. Raises ValueError for imports that run up."""
    graph = room_graph()
    if arrows_up(graph):
        raise ValueError(f"imports that run up: {', '.join(arrows_up(graph))}")
    shown = without_shortcuts(graph)
    left = min(_middle(place)[0] - _width(place) / 2 for place in PLACES.values()) - MARGIN_PX
    width = max(_middle(place)[0] + _width(place) / 2 for place in PLACES.values()) + MARGIN_PX - left
    height = 11 * ROW_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} 0 {width:.0f} {height}" width="{width:.0f}" '
        f'height="{height}">',
        "<title>The rooms of rate2spike: who imports from whom</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z" style="fill:#555;stroke:none;marker-end:none"/></marker></defs>',
        f'<rect x="{left:.0f}" width="{width:.0f}" height="{height}" style="stroke:none"/>',
        *(_arrow(room, other, shown) for room in PLACES for other in sorted(shown[room])),
        *(_box(room) for room in PLACES),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(room: str) -> str:
    place, lines = PLACES[room], _lines(room)
    x, y = _middle(place)
    width, height = _width(place), _height(room)
    first = y - height / 2 + 18
    texts = [
        f'<text x="{x:.0f}" y="{first + LINE_PX * i:.0f}"{name}>{escape(line)}</text>'
        for i, (line, name) in enumerate([(_title(room), ' class="name"'), *((line, "") for line in lines)])
    ]
    box = f'<rect x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" width="{width:.0f}" height="{height:.0f}"/>'
    return "\n".join([box, *texts])


def _arrow(room: str, other: str, shown: Mapping[str, set[str]]) -> str:
    """From the lower edge of a box to the upper edge of one below; straight down where one stands above the other."""
    x, y = _start(room, other, shown)
    to_x, to_y = _middle(PLACES[other])
    y, to_y = y + _height(room) / 2, to_y - _height(other) / 2
    reach = (_width(PLACES[other]) - BOX_PX * 0.3) / 2
    to_x = min(max(x, to_x - reach), to_x + reach)
    bend = min(60.0, (to_y - y) / 2)
    return f'<path d="M{x:.0f} {y:.0f}C{x:.0f} {y + bend:.0f} {to_x:.0f} {to_y - bend:.0f} {to_x:.0f} {to_y:.0f}"/>'


def _start(room: str, other: str, shown: Mapping[str, set[str]]) -> tuple[float, float]:
    """Where an arrow leaves: those of one box side by side, in the order of where they go."""
    x, y = _middle(PLACES[room])
    order = sorted(shown[room], key=lambda name: (PLACES[name].column, name))
    return x + BOX_PX * 0.7 * ((order.index(other) + 1) / (len(order) + 1) - 0.5), y


def _middle(place: Place) -> tuple[float, float]:
    return (place.column + 0.5) * COLUMN_PX, (place.row + 0.5) * ROW_PX


def _width(place: Place) -> float:
    return place.width * COLUMN_PX - (COLUMN_PX - BOX_PX)


def _height(room: str) -> float:
    return 30 + LINE_PX * len(_lines(room))


def _title(room: str) -> str:
    return room if room in (START, SHARED, ERRORS) else room.replace(".", "/") + "/"


def _lines(room: str) -> list[str]:
    """What stands below a room's name: the first sentence of its `__init__.py`; of rooms without one, their modules."""
    if room == START:
        text = "rate2spike …, import rate2spike, and the three scripts with historic names"
    elif room == ERRORS:
        text = "one line for the user: what was wrong, what was expected"
    elif room == SHARED:
        text = " · ".join(module for module, at in rooms().items() if at == SHARED)
    else:
        document = ast.get_docstring(ast.parse(module_files()[room].read_text(encoding="utf-8"))) or ""
        text = document.partition("\n")[0].replace("`", "").rstrip(".")
    return textwrap.wrap(text, int((_width(PLACES[room]) - 10) / LETTER_PX))


if __name__ == "__main__":
    DRAWING.write_text(drawing(), encoding="utf-8")
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"written: {DRAWING}, {PAGE}")
