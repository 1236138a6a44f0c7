"""Examples in docstrings give what they show. They find a published model as `go_nogo.mat`, as the pages of docs/ do."""

import doctest
import inspect
import re
import shutil
from importlib import import_module

import pytest

from rate2spike import calls

from module_imports import COMMANDS, module_files

NEVER_RAISE = ("remove_self_connections", "list_tasks", "tau_s", "effective_w", "untuned")


def imported(name: str):
    """The module of a name in `module_files`; the package itself is ''."""
    return import_module(f"rate2spike.{name}".rstrip("."))  # "rate2spike." is found by some installations only


def examples(module: str) -> list[doctest.DocTest]:
    return [one for one in doctest.DocTestFinder(exclude_empty=True).find(imported(module)) if one.examples]


MODULES = [name for name, path in module_files().items() if ">>> " in path.read_text("utf-8")]


@pytest.mark.parametrize("module", MODULES)
def test_examples_give_what_they_show(module, tmp_path, monkeypatch, go_nogo_path):
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    monkeypatch.chdir(tmp_path)
    found = examples(module)
    assert found
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for one in found:
        runner.run(one)
    assert runner.summarize(verbose=False).failed == 0


def public_functions() -> dict[str, object]:
    """What users call: the functions and methods that `public` wraps, by name."""
    found = {}
    for name in module_files().keys() - COMMANDS - {"calls"}:
        module = imported(name)
        owners = [module, *(one for one in vars(module).values() if inspect.isclass(one))]
        for owner in owners:
            for one in vars(owner).values():
                one = getattr(one, "__func__", one)  # of a class method
                if (
                    inspect.isfunction(one)
                    and one.__code__.co_filename == calls.__file__
                    and one.__module__ == module.__name__
                ):
                    found[f"{name}.{one.__qualname__}"] = one
    return {name: one for name, one in sorted(found.items()) if not name.rpartition(".")[2].startswith("_")}


@pytest.mark.parametrize("name", public_functions())
def test_every_parameter_is_explained(name):
    function = public_functions()[name]
    text = inspect.getdoc(function)
    parameters = [one for one in inspect.signature(function).parameters if one not in ("self", "cls")]
    for section in ("Parameters",) * bool(parameters) + ("Raises",) * (not name.endswith(NEVER_RAISE)):
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    for one in parameters:
        assert re.search(rf"^(\w+, )*{one}(, \w+)*( : .*)?$", text, re.MULTILINE), one
