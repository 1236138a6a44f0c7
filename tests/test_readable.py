"""Records that users hold: one line, a table for notebooks, equality by value, a dict; figures that show themselves."""

import copy
import json
import pickle
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.sparse import csc_matrix

from rate2spike.errors import InputError
from rate2spike.figures import Figure, canvas, panel, whole
from rate2spike.readable import LONGEST_LINE, Readable, as_json, brief, dataframe, same


@dataclass(frozen=True, eq=False, repr=False)
class Result(Readable):
    """A record of a test."""

    mean_rate_hz: float
    values: np.ndarray = field(repr=False)
    parts: tuple["Result", ...] = ()
    note: str | None = None


def result(value=1.0, **other):
    return Result(12.34567, np.array([value, np.nan], np.float32), **other)


def test_one_line_with_what_is_there():
    assert repr(result(note="two\nlines")) == "Result(mean_rate_hz=12.35, parts=(), note='two\\nlines')"
    assert "note" not in repr(result())
    assert len(repr(result(note="x" * 500))) <= LONGEST_LINE and "\n" not in repr(result(parts=(result(),) * 50))


def test_a_table_for_notebooks_with_units_and_escaped_text():
    table = result(note="<script>")._repr_html_()
    assert "mean rate (Hz)" in table and "&lt;script&gt;" in table and "<script>" not in table


def test_equality_by_value_never_raises():
    assert result() == result() and result() != result(2.0) and result() != 1 and (result() == "x") is False
    assert result() != Result(12.34567, np.array([1.0, np.nan])), "another class of numbers"
    assert result(parts=(result(),)) == result(parts=(result(),)) != result(parts=(result(3.0),))
    with pytest.raises(TypeError, match="unhashable type: 'Result'"):
        hash(result())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (np.array([[1.0]]), np.array([1.0]), False),
        (np.array(["a", None], object), np.array(["a", None], object), True),
        (csc_matrix([[1.0]]), np.array([[1.0]]), False),
        (csc_matrix([[1.0]]), csc_matrix([[1.0]]), True),
        ({"a": float("nan")}, {"a": float("nan")}, True),
        ((1, np.zeros(2)), (1, np.zeros(2)), True),
        ([1], (1,), False),
        (None, np.zeros(0), False),
    ],
)
def test_values_are_the_same(a, b, expected):
    assert same(a, b) is expected


def test_records_travel_and_become_dicts_and_json():
    one = result(parts=(result(),))
    assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one)
    assert one.to_dict()["parts"][0]["mean_rate_hz"] == 12.34567
    read = json.loads(as_json(one))
    assert read["values"] == [1.0, None] and read["parts"][0]["note"] is None


def test_values_in_a_few_letters():
    assert brief(np.float32(0.5)) == "0.5" and brief(np.zeros((3, 2))) == "array(3, 2)"
    assert brief({"PYR": 4.25}) == "{PYR: 4.25}" and brief(range(3)) == "range(0, 3)" and brief([1] * 9) == "9 values"
    assert brief(("a",)) == "('a',)" and brief((1, 2)) == "(1, 2)"


def test_tables_need_pandas_and_say_so(monkeypatch):
    assert list(dataframe({"a": [1, 2]}).a) == [1, 2]
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(InputError, match=r"needs pandas .*pip install 'rate2spike\[pandas\]'"):
        dataframe({"a": [1]})


def test_a_notebook_shows_a_figure_by_itself():
    from IPython.core.formatters import DisplayFormatter

    axes = panel(None, (2, 1))
    axes.plot([1, 2])
    shown = DisplayFormatter().format(whole(axes))[0]
    assert shown["image/png"].startswith(b"\x89PNG")


def test_figures_are_drawn_into_given_axes():
    figure, (left, right) = plt.subplots(1, 2)
    try:
        assert panel(left, (2, 1)) is left and whole(left) is figure
        part = canvas(right, (2, 1))
        part.subplots(2, 1)
        assert whole(part) is figure and len(figure.axes) == 3 and right not in figure.axes
        for wrong in (figure, [left], 3):
            with pytest.raises(InputError, match="ax must be a matplotlib Axes"):
                panel(wrong, (2, 1))
        with pytest.raises(InputError, match="made by subplots"):
            canvas(figure.add_axes((0, 0, 0.1, 0.1)), (2, 1))
    finally:
        plt.close(figure)
    assert isinstance(canvas(None, (2, 1)), Figure)
