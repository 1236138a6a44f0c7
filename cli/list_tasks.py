"""The tasks there are; of one its sizes, options with units and defaults, when an answer is right, and its timing.

Those of the package, of installed packages (entry points), and of your own: FILE.py:CLASS. Options are given to other
commands by --task-option NAME=VALUE; times are in steps of 5 ms.

example: rate2spike tasks
         rate2spike tasks go-nogo
         rate2spike tasks xor --task-option delay=40
"""

import argparse
import inspect
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json, task_options
from rate2spike.cli.columns import WIDTH, aligned, fact, wrapped
from rate2spike.cli.speaking import as_given, next_step, tell

if TYPE_CHECKING:
    import numpy as np

    from rate2spike.rate.task import Task

_TIMES = ("_on", "_dur", "delay", "n_steps", "window_start", "_steps")  # ends of names of options that count steps
_N_DRAWN = 40  # trials that the figure shows together
_LABEL = 11  # columns before a row of the figure


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.add_argument("name", nargs="?", default=None, metavar="NAME", help="a task, or FILE.py:CLASS")
    parser.flags_by_field["task_options"] = "--task-option"
    parser.add_argument(
        "--task-option",
        nargs="+",
        action="extend",
        default=None,
        metavar="NAME=VALUE",
        help="show it with other options",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or what is known of one. Raises InputError."""
    from rate2spike.rate import tasks
    from rate2spike.rate.task_plugins import installed

    if arguments.name is None:
        found = [tasks.get(name) for name in (*tasks.TASKS, *installed())]
        tell(arguments, {"tasks": [_values(task) for task in found]}, *_list(found))
        next_step(arguments, "tasks", found[0].name)
        return 0
    task = tasks.get(arguments.name, task_options(arguments))
    tell(arguments, _values(task), *_description(task), "", *timing(task))
    next_step(arguments, "run", "--task", arguments.name, *as_given(arguments, "task_option"), "--seed", 1)
    return 0


def _list(found: "list[Task]") -> list[str]:
    rows = [("task", "inputs", "outputs", "steps", "seconds")]
    rows += [(t.name, f"{t.n_inputs}", f"{t.n_outputs}", f"{t.n_steps}", f"{_seconds(t.n_steps):g}") for t in found]
    width = max(len(task.name) for task in found) + 4
    return [
        *aligned(rows, WIDTH),
        "",
        *(wrapped(_first(task), f"  {task.name}".ljust(width), " " * width, WIDTH) for task in found),
    ]


def _first(thing: Any) -> str:
    """The first line of a docstring."""
    text = inspect.getdoc(thing if callable(thing) else type(thing)) or ""
    return text.partition("\n")[0]


def _values(task: "Task") -> dict[str, Any]:
    """What --json says."""
    return {
        "task": task.name,
        "what": _first(task),
        "n_inputs": task.n_inputs,
        "n_outputs": task.n_outputs,
        "n_steps": task.n_steps,
        "duration_s": _seconds(task.n_steps),
        "labels": {str(label): task.name_of(label) for label in task.labels()},
        "options": task.options(),
        "option_help": {name: task.option_help[name] for name in task.options() if name in task.option_help},
        "options_s": {name: _seconds(value) for name, value in task.options().items() if _is_time(name, value)},
        "is_correct": _first(task.is_correct),
        "scored_from_s": {"rate": _seconds(task.rate_window_start), "spiking": _spiking_start_s(task)},
        "criteria": {
            "loss_below": task.loss_threshold,
            "accuracy_above": task.accuracy_threshold,
            "min_updates": task.min_updates,
        },
    }


def _fact(name: str, text: str) -> str:
    return fact(name, text, width=WIDTH)


def _description(task: "Task") -> list[str]:
    known = _values(task)
    rule, criteria = known["is_correct"], known["criteria"]
    at_least = f", not before update {criteria['min_updates']}" if criteria["min_updates"] else ""
    lines = [
        wrapped(f"{task.name}: {known['what']}", width=WIDTH),
        _fact("inputs, outputs", f"{task.n_inputs}, {task.n_outputs}"),
        _fact("a trial lasts", f"{task.n_steps} steps of 5 ms, {known['duration_s']:g} s"),
        _fact("labels", ", ".join(f"{label} ({name})" for label, name in known["labels"].items())),
        *([_fact("right if", rule)] if rule else []),
        _fact(
            "scored",
            f"of the rate network from {known['scored_from_s']['rate']:.4g} s on, "
            f"of the spiking one from {known['scored_from_s']['spiking']:.4g} s on",
        ),
        _fact(
            "training ends",
            f"with a loss below {criteria['loss_below']:g} and an accuracy above "
            f"{criteria['accuracy_above']:g} on fresh trials{at_least}",
        ),
    ]
    rows = [(name, *_value(name, value), task.option_help.get(name, "")) for name, value in known["options"].items()]
    return (
        [
            *lines,
            "",
            "options (--task-option NAME=VALUE):",
            *aligned([("name", "default", "", "what it is"), *rows], WIDTH),
        ]
        if (rows)
        else [*lines, "", "it has no options"]
    )


def _value(name: str, value: Any) -> tuple[str, str]:
    """A default, in steps and in seconds, or with its unit."""
    if _is_time(name, value):
        return f"{value} steps", f"{_seconds(value):g} s"
    return f"{value:g} Hz" if name.endswith("_hz") else f"{value}", ""


def _is_time(name: str, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and name.endswith(_TIMES)


def _seconds(steps: float) -> float:
    from rate2spike.trained_model import STEP_S

    return round(steps * STEP_S, 6)


def _spiking_start_s(task: "Task") -> float:
    from rate2spike.rate.task import FINE_STEPS_PER_STEP

    return _seconds(task.spiking_window_start / FINE_STEPS_PER_STEP)


def timing(task: "Task") -> list[str]:
    """When inputs and target differ from zero in some trial, and what is scored, as lines of letters over time."""
    import numpy as np

    rng = np.random.default_rng(0)
    trials = [task.draw(rng) for _ in range(_N_DRAWN)]
    inputs = np.max([abs(trial.stimulus[:, : task.n_steps]) for trial in trials], axis=0) > 0
    targets = np.max([np.atleast_2d(abs(trial.target)) for trial in trials], axis=0) > 0
    starts = [t.window_start if t.window_start is not None else task.rate_window_start for t in trials]
    scored = np.arange(task.n_steps) >= min(starts)
    n_columns = min(WIDTH - 2 - _LABEL, task.n_steps)
    rows = _rows("input", inputs, n_columns) + _rows("target", targets, n_columns)
    return [
        "timing (# where it is not zero in some trial):",
        *rows,
        *_rows("scored", scored[None], n_columns),
        *_axis(task.n_steps, n_columns),
    ]


def _rows(name: str, is_on: "np.ndarray", n_columns: int) -> list[str]:
    """A line per channel; of many the first few."""
    n_steps = is_on.shape[1]
    edges = [k * n_steps // n_columns for k in range(n_columns + 1)]
    shown = is_on[:8]
    lines = []
    for k, row in enumerate(shown, 1):
        drawn = "".join("#" if row[a:b].any() else "_" for a, b in pairwise(edges))
        lines.append(f"  {f'{name} {k}' if len(is_on) > 1 else name:<{_LABEL}}{drawn}")
    return lines + ([f"  ... {len(is_on)} of them"] if len(is_on) > len(shown) else [])


def _axis(n_steps: int, n_columns: int) -> list[str]:
    """Ticks at round times."""
    duration_s = _seconds(n_steps)
    power = 10.0 ** math.floor(math.log10(duration_s))
    tick_s = next(
        tick for tick in (power / 10, power / 5, power / 4, power / 2, power) if duration_s / tick <= 5 or tick == power
    )
    marks, texts = [" "] * n_columns, [" "] * (n_columns + 12)
    for k in range(int(duration_s / tick_s + 1e-9) + 1):
        column = min(round(k * tick_s / duration_s * n_columns), n_columns - 1)
        marks[column] = "|"
        text = f"{k * tick_s:g}" + (" s" if k == 0 else "")
        first = min(column, n_columns - len(text))
        texts[first : first + len(text)] = text
    return [" " * (_LABEL + 2) + "".join(marks).rstrip(), " " * (_LABEL + 2) + "".join(texts).rstrip()]
