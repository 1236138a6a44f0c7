"""Examples in docstrings give what they show. They find a published model as `go_nogo.mat`, as the pages of docs/ do."""

import doctest
import shutil
from importlib import import_module

import pytest

from module_imports import module_files

ROOMS = ("spiking.simulator", "spiking.analysis", "io")  # more as their examples come


def examples(module: str) -> list[doctest.DocTest]:
    return [
        one
        for one in doctest.DocTestFinder(exclude_empty=True).find(import_module(f"rate2spike.{module}"))
        if one.examples
    ]


MODULES = [
    name for name, path in module_files().items() if name.startswith(ROOMS) and ">>> " in path.read_text("utf-8")
]


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
