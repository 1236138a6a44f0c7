"""When the loop of soma and dendrite comes to rest by itself: the largest gain, and what is said of a larger one."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError, InputWarning
from rate2spike.spiking.cascade.dendrite_soma_loop import DendriteSomaParams, simulate_dendrite_soma
from rate2spike.spiking.cascade.loop_stability import GAINS, _is_stable, is_stable, largest_stable_gain

PUBLISHED = DendriteSomaParams()
PULSE = np.repeat([3.0, 0.0], [500, 10_000])  # 50 ms, then 1 s of silence


def fires_on(params):
    """Whether there are spikes a second after the pulse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(simulate_dendrite_soma(PULSE, PULSE, params).spikes[-1000:].any())


def test_as_published_it_comes_to_rest_and_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not simulate_dendrite_soma(PULSE, PULSE).spikes[-9000:].any()
    assert is_stable(PUBLISHED)


def test_the_largest_gain_divides_resting_from_firing():
    largest = largest_stable_gain()
    assert largest == pytest.approx(12.506, abs=2e-3)
    assert is_stable(replace(PUBLISHED, dendritic_gain=largest))
    assert not is_stable(replace(PUBLISHED, dendritic_gain=largest * 1.0002))


@pytest.mark.parametrize("gain", [2, 6, 10, 12])
def test_below_it_a_pulse_is_forgotten(gain):
    assert not fires_on(replace(PUBLISHED, dendritic_gain=gain))


@pytest.mark.parametrize("gain", [15, 20, 50, 1000])
def test_above_it_the_cell_fires_for_ever(gain):
    assert fires_on(replace(PUBLISHED, dendritic_gain=gain))


def test_a_dendrite_that_cannot_reach_the_threshold_is_stable_with_every_spike_that_travels_back():
    """Without an input the soma stays below dendritic_gain times the area of its filter."""
    weak = replace(PUBLISHED, dendritic_gain=1.4)
    assert largest_stable_gain(weak, "backprop_gain") == np.inf
    assert largest_stable_gain(replace(PUBLISHED, backprop_gain=0.0)) == np.inf
    assert np.isfinite(largest_stable_gain(replace(PUBLISHED, dendritic_gain=9.0), "backprop_gain"))


def test_less_adaptation_allows_less_gain():
    weak = replace(PUBLISHED, adaptation_area=1.0, adaptation_first_tap=None)
    none = replace(PUBLISHED, adaptation_area=0.0, adaptation_first_tap=None)
    assert largest_stable_gain(none) == pytest.approx(1.5, rel=1e-3)  # the threshold
    assert largest_stable_gain(none) < largest_stable_gain(weak) < largest_stable_gain()


def said_of(params):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        simulate_dendrite_soma(np.zeros(10), np.zeros(10), params)
    return [one for one in caught if isinstance(one.message, InputWarning) and "goes on firing" in str(one.message)]


def test_an_unstable_gain_is_named_with_the_largest_stable_one():
    (said,) = said_of(replace(PUBLISHED, dendritic_gain=20.0))
    expected = (
        "the loop goes on firing after its input has ended: dendritic_gain is 20, and the largest stable one is 12.51"
    )
    assert str(said.message) == expected and said.message.fields == ("dendritic_gain",) and said.filename == __file__


def test_of_the_two_gains_the_one_that_was_set_is_named():
    wide = {"dendritic_half_activation": 0.5}
    (said,) = said_of(replace(PUBLISHED, backprop_gain=1000.0, **wide))
    assert said.message.fields[0] == "backprop_gain"
    assert "backprop_gain is 1000, and the largest stable one is" in str(said.message)


def test_adaptation_that_is_too_weak_is_named_beside_the_gain():
    (said,) = said_of(replace(PUBLISHED, adaptation_area=0.0, adaptation_first_tap=None))
    assert str(said.message).startswith("the loop goes on firing after its input has ended: dendritic_gain is 2, and")
    assert said.message.fields == ("dendritic_gain", "adaptation_area", "adaptation_first_tap")


def test_a_cell_that_no_gain_brings_to_rest():
    restless = replace(PUBLISHED, soma_threshold=-1.0)
    (said,) = said_of(restless)
    assert "even with dendritic_gain 0, or backprop_gain 0" in str(said.message) and "\n" not in str(said.message)
    assert said.message.fields == (*GAINS, "soma_threshold")
    with pytest.raises(InputError) as caught:
        largest_stable_gain(restless)
    assert caught.value.fields == ("dendritic_gain",)


def test_it_says_the_same_again():
    first = largest_stable_gain()
    _is_stable.cache_clear()
    assert largest_stable_gain() == first


@pytest.mark.parametrize("settings", [{"soma_tau_ms": 1e6}, {"dt_ms": 1e-6, "truncated": False}, {"dt_ms": 50.0}])
def test_constants_of_any_size_are_judged(settings):
    assert isinstance(is_stable(replace(PUBLISHED, **settings)), bool)


@pytest.mark.parametrize(("arguments", "field"), [((5,), "params"), ((None, "gain"), "gain"), ((None, 3), "gain")])
def test_bad_arguments(arguments, field):
    with pytest.raises(InputError) as caught:
        largest_stable_gain(*arguments)
    assert caught.value.fields == (field,)
