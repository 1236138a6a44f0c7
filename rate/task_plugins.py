"""Tasks that do not come with the package: a class in a user's file, in another package, or a NeuroGym environment."""

import importlib.util
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from rate2spike.errors import InputError
from rate2spike.rate.task import Task

ENTRY_POINT_GROUP = "rate2spike.tasks"


def is_file(reference: str) -> bool:
    """Whether a reference means a class in a user's file."""
    return ".py:" in reference or reference.endswith(".py")


def from_file(reference: str) -> Task:
    """The task of `FILE.py:CLASS`; CLASS may be left out if the file defines one task. Runs the file. Raises InputError."""
    path_text, _, class_name = reference.rpartition(".py:") if ".py:" in reference else (reference[:-3], "", "")
    path = Path(path_text + ".py").expanduser().resolve()
    if not path.is_file():
        raise InputError(f"task file {path} does not exist ({{task}} {reference})", "task")
    module = _loaded(path)
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Task) and value.__module__ == module.__name__
    ]
    if class_name:
        chosen = getattr(module, class_name, None)
        if not isinstance(chosen, type) or not issubclass(chosen, Task):
            names = ", ".join(task.__name__ for task in own) or "none"
            raise InputError(f"{path} defines no task class {class_name!r}: its tasks are {names}")
    elif len(own) == 1:
        chosen = own[0]
    else:
        names = ", ".join(task.__name__ for task in own) or "none"
        raise InputError(f"{path}: say which task is meant, {path}:CLASS; its tasks are {names}")
    _travels_as(chosen, f"{path}:{chosen.__name__}")
    return made(chosen, str(path))


@cache
def installed() -> dict[str, type[Task]]:
    """Tasks of other packages: the entry-point group `rate2spike.tasks`, name -> class. Raises InputError."""
    found = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            task = entry.load()
        except Exception as error:
            raise InputError(
                f"the task {entry.name} of the installed package {entry.value} cannot be loaded: {error}"
            ) from error
        if not isinstance(task, type) or not issubclass(task, Task):
            raise InputError(f"entry point {entry.name} = {entry.value} is no subclass of rate2spike.rate.task.Task")
        name = entry.name.lower().replace("_", "-")
        if name != getattr(task, "name", None):
            _travels_as(task, name)  # what a model file must say
        found[name] = task
    return found


def from_neurogym(environment: str, options: Mapping[str, Any]) -> Task:
    """A NeuroGym environment as a task. Raises InputError if NeuroGym is not installed."""
    from rate2spike.rate.neurogym_task import NeuroGymTask

    return NeuroGymTask.make(environment, options)


def _travels_as(task: type[Task], reference: str) -> None:
    """Let the tasks of a class go to other processes by the name that finds it, since pickle cannot find the class."""

    def reduce(self: Task, _protocol: Any) -> Any:
        return _made_again, (self.reference, self.options())

    task.reference = reference
    task.__reduce_ex__ = reduce  # type: ignore[method-assign, assignment]


def _made_again(reference: str, options: Mapping[str, Any]) -> Task:
    task = from_file(reference) if is_file(reference) else made(installed()[reference], f"installed as {reference}")
    return task.with_options(options)


def _loaded(path: Path) -> ModuleType:
    """The file as a module, run once per process, so that equal references give one class."""
    name = f"rate2spike_task_{path.stem}_{abs(hash(str(path))):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a user's code may fail in any way
        del sys.modules[name]
        line = error.lineno if isinstance(error, SyntaxError) else _line_in(path, error)
        where = f", line {line}" if line else ""
        raise InputError(f"task file {path}{where}: {type(error).__name__}: {error}") from error
    return module


def _line_in(path: Path, error: BaseException) -> int | None:
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def made(task: type[Task], source: str) -> Task:
    """A task of the class, which may be a user's. Raises InputError naming the source."""
    missing = sorted(getattr(task, "__abstractmethods__", ()))
    if missing:
        raise InputError(f"task {task.__name__} ({source}) lacks {', '.join(missing)}")
    try:
        return task()
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"task {task.__name__} ({source}) cannot be made: {type(error).__name__}: {error}") from error
