"""Calls that do not fit a signature are answered in one line; `help()` shows the settings of a record."""

import inspect
import pickle
from dataclasses import dataclass

import pytest

from rate2spike.calls import CallError, public
from rate2spike.deprecated import old_keywords
from rate2spike.errors import InputError
from rate2spike.options import option


@dataclass(frozen=True)
class Settings:
    """Of a test."""

    n_units: int = option(200, "number of units", flag="--N")
    learning_rate: float = option(0.01, "of Adam")


@public(settings=Settings)
def train(task: str, *, verbose: bool = False, **settings):
    """Train.

    Parameters
    ----------
    task : str
        Its name.
    """
    return task, settings


@public()
class Stimulus:
    """Of a test."""

    def __init__(self, amplitude_mv: float, duty: float = 0.5):
        self.amplitude_mv = amplitude_mv


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train("a", N=10), "train: unknown setting 'N'; did you mean n_units?"),
        (lambda: train("a", lr=1), "train: unknown setting 'lr'; did you mean learning_rate?"),
        (lambda: train("a", n_unit=1), "train: unknown setting 'n_unit'; did you mean n_units?"),
        (lambda: train("a", xyz=1), "unknown setting 'xyz'; known are task, verbose, n_units, learning_rate"),
        (lambda: train(N=1), "train: unknown setting 'N'; did you mean n_units?"),  # not that task is missing
        (lambda: train(), "train: task is missing; it takes task, verbose, n_units, learning_rate"),
        (lambda: train("a", "b"), "train: only task can be given without a name; write verbose=... for the rest"),
        (lambda: train("a", task="b"), "train: task is given twice"),
        (lambda: Stimulus(), "Stimulus: amplitude_mv is missing; it takes amplitude_mv, duty"),
        (lambda: Stimulus(1, amplitude=2), "Stimulus: unknown setting 'amplitude'; did you mean amplitude_mv?"),
    ],
)
def test_a_call_that_does_not_fit_is_one_line(call, message):
    with pytest.raises(CallError) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert isinstance(caught.value, InputError) and isinstance(caught.value, TypeError)
    assert caught.value.__cause__ is None


def test_what_fits_is_called():
    assert train("a", n_units=3) == ("a", {"n_units": 3})
    assert Stimulus(2.0).amplitude_mv == 2.0 and pickle.loads(pickle.dumps(train)) is train


def test_help_shows_the_real_settings():
    signature = inspect.signature(train)
    assert list(signature.parameters) == ["task", "verbose", "n_units", "learning_rate"]
    assert signature.parameters["n_units"].default == 200
    text = inspect.getdoc(train)
    assert "Other Parameters\n----------------\nn_units : int, default 200\n    Number of units." in text


def test_an_error_from_inside_is_left_alone():
    @public()
    def failing(x):
        raise TypeError("from inside")

    with pytest.raises(TypeError, match=r"^from inside$") as caught:
        failing(1)
    assert not isinstance(caught.value, CallError)


def test_help_says_where_a_default_is_decided_elsewhere():
    @public(settings=Settings, elsewhere={"learning_rate": "the recipe's"})
    def made(**settings):
        """Make one."""
        return settings

    assert "learning_rate: float = the recipe's" in str(inspect.signature(made)) and made() == {}
    assert "learning_rate : float, default the recipe's\n" in inspect.getdoc(made)


def test_a_record_of_settings_documents_its_fields():
    assert "Other Parameters\n----------------\nn_units : int, default 200\n" in inspect.getdoc(public()(Settings))


def test_a_keyword_of_an_earlier_version_works_with_a_warning():
    @old_keywords(config="task")
    @public()
    def made(task, n=1):
        return task, n

    assert made("a", n=2) == ("a", 2) and list(inspect.signature(made).parameters) == ["task", "n"]
    with pytest.warns(FutureWarning, match=r"^config of made is now called task; the old name works until version"):
        assert made(config="a") == ("a", 1)
    with pytest.warns(FutureWarning), pytest.raises(CallError, match="task is given twice"):
        made("a", config="b")


@public(hint="Made.of(model) makes one")
class Made:
    """Of a test."""

    def __init__(self, w: int):
        self.w = w


@public(hint="options go into the task")
def hinting(task: str, seeds: int) -> None:
    """Of a test."""


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Made(1, 2), "Made: Made.of(model) makes one"),
        (lambda: Made(), "Made: w is missing; Made.of(model) makes one"),
        (lambda: hinting("a", 1, stim_dur=3), "hinting: unknown setting 'stim_dur'; options go into the task"),
        (lambda: hinting("a", seed=3), "hinting: unknown setting 'seed'; did you mean seeds?"),
        (lambda: hinting("a"), "hinting: seeds is missing; it takes task, seeds"),
    ],
)
def test_a_hint_says_what_to_write_instead(call, message):
    with pytest.raises(CallError) as error:
        call()
    assert str(error.value) == message
