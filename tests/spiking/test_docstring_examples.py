"""The examples in docstrings of scoring, search and diagnosis run, in a folder with the published Go-NoGo network."""

import doctest
import inspect
import re
import shutil

import pytest

import rate2spike as r2s

WITH_EXAMPLES = (
    r2s.grid_search,
    r2s.search_files,
    r2s.with_search_result,
    r2s.network_table,
    r2s.evaluate,
    r2s.accuracy,
    r2s.diagnose,
)


@pytest.mark.parametrize("function", WITH_EXAMPLES, ids=lambda function: function.__name__)
def test_the_example_runs(function, tmp_path, monkeypatch, go_nogo_path):
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    monkeypatch.chdir(tmp_path)
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(function), {}, function.__name__, None, None)
    assert len(example.examples) > 1
    said = []
    outcome = doctest.DocTestRunner().run(example, out=said.append)
    assert outcome.failed == 0, "".join(said)


@pytest.mark.parametrize("function", WITH_EXAMPLES, ids=lambda function: function.__name__)
def test_every_parameter_is_explained(function):
    text = inspect.getdoc(function)
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    for name in inspect.signature(function).parameters:
        assert f"\n{name} : " in text or re.search(rf"^[\w, ]*\b{name}\b[\w, ]* : ", text, re.MULTILINE), name
