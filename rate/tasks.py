"""How a task is found: by its name, in a file or package of the user's, or as a model file records it; `tasks.list()`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError, nearest
from rate2spike.rate.builtin_tasks import TASKS, AlternativeForcedChoice, DelayedMatchToSample, GoNogo, Mante, Sine, Xor  # noqa: F401 - `tasks.GoNogo`
from rate2spike.rate.task import Task, Trial, reference_of
from rate2spike.rate.task_plugins import from_file, from_neurogym, installed, is_file, made


@public(hint="options are given together: tasks.get(name, {option: value})")
def get(reference: str | Path, options: Mapping[str, Any] | None = None) -> Task:
    """A task by its name.

    Parameters
    ----------
    reference : str
        A name of `tasks.list()` (any case, underscores accepted), `FILE.py:CLASS`, or `neurogym:ENVIRONMENT`. Names of other
        packages' tasks are those of the entry-point group `rate2spike.tasks`.
    options : mapping, optional
        Timing, in steps of 5 ms, and amplitudes that differ from the task's: `{"stim_dur": 30}`.

    Returns
    -------
    Task
        The task.

    Raises
    ------
    InputError
        If there is no such task or option.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.tasks.get("go-nogo", {"stim_dur": 30})
    GoNogo(n_steps=200, stim_on=50, stim_dur=30, amplitude=1.0)
    """
    if not isinstance(reference, str | Path):
        raise InputError(f"{{task}} must be a Task or its name, got {shown(reference)}{_hint(reference)}", "task")
    reference = str(reference)
    if reference.startswith("neurogym:"):
        return from_neurogym(reference.removeprefix("neurogym:"), options or {})
    if is_file(reference):
        return from_file(reference).with_options(options or {})
    name = canonical_name(reference)
    if name in TASKS:
        return TASKS[name]().with_options(options or {})
    plugins = installed()
    if name not in plugins:
        raise InputError(
            f"unknown task {reference!r}: choose from {', '.join([*TASKS, *plugins])}, or give FILE.py:CLASS"
            f"{nearest(name, (*TASKS, *plugins))}"
        )
    return made(plugins[name], f"installed as {name}").with_options(options or {})


def as_task(task: Task | str | Path, options: Mapping[str, Any] | None = None) -> Task:
    """A task as it is, or by its name, with the given options. Raises InputError for anything else."""
    return task.with_options(options or {}) if isinstance(task, Task) else get(task, options)


@public()
def list_tasks() -> dict[str, str]:
    """The names of all tasks that are installed, each with what is done in it, in a line; as `tasks.list()`.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.tasks.list()["go-nogo"]
    'Respond to a pulse, stay silent without one.'
    """
    return {name: (task.__doc__ or "").partition("\n")[0] for name, task in {**TASKS, **installed()}.items()}


def _hint(task: object) -> str:
    return f": give {task.__name__}(), an object" if isinstance(task, type) and issubclass(task, Task) else ""


def canonical_name(name: str) -> str:
    """`Go_NoGo` as `go-nogo`."""
    return str(name).lower().replace("_", "-")


def resolve(
    explicit: str | Task | None,
    recorded: str | None,
    in_path: str | None,
    source: str,
    *,
    recorded_options: Mapping[str, Any] | None = None,
    recorded_reference: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Task:
    """The task of a model: given explicitly, else recorded in its file, else named by its path.

    Options recorded in the file hold for the task recorded there; `options` change them. A class in a user's file is not
    loaded because a model file says so, only if `explicit` does. It is never guessed from the number of inputs. Raises
    InputError asking for `task`.
    """
    if isinstance(explicit, Task):
        return explicit.with_options(options or {})
    reference = explicit or recorded or in_path
    if reference is None:
        raise InputError(
            f"{source}: neither the file nor its path names a task: give {{task}} ({', '.join(TASKS)})", "task"
        )
    if explicit is None and recorded_reference:
        if is_file(recorded_reference):
            raise InputError(
                f"{source}: its task {reference} is the user's own: give {{task}} {recorded_reference}", "task"
            )
        reference = recorded_reference
    own = recorded_options or {}
    if explicit is None:
        return get(reference, {**own, **(options or {})})
    task = get(reference)
    is_recorded = recorded is not None and canonical_name(task.name) == canonical_name(recorded)
    return task.with_options({**(own if is_recorded else {}), **(options or {})})


list = list_tasks  # last, since it hides Python's own: `tasks.list()`

__all__ = ["TASKS", "GoNogo", "Mante", "Task", "Trial", "Xor", "as_task", "get", "list", "reference_of", "resolve"]
