"""Stochastic firing: rates, draws, gradients."""

import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure

from rate2spike.errors import InputError
from rate2spike.spiking.dendrites.stochastic_firing import ExpStochasticFiring, LogisticStochasticFiring

N = 200_000
DTYPES = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-6, "float64": 1e-12}
KINDS = [LogisticStochasticFiring, ExpStochasticFiring]
POINTS = [(KINDS[0], (0.45, 5.0, 0.125), v) for v in (-0.25, 0.125, 0.5)]
POINTS += [(KINDS[1], (0.3, 2.0, 0.125), v) for v in (-0.25, 0.125, 0.5, 1.0)]


def logistic(v, f_thres, beta, theta):
    return 2 * f_thres / (1 + np.exp(-beta * (v - theta)))


def exponential(v, f_thres, beta, theta):
    return f_thres * np.exp(beta * (v - theta))


RATES = dict(zip(KINDS, (logistic, exponential), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_the_rate_and_its_slope(kind):
    settings, v = (0.45, 5.0, 0.125), np.linspace(-1, 1, 9)
    firing, x = kind(*settings, seed=1), tf.constant(v)
    slope = (RATES[kind](v + 1e-6, *settings) - RATES[kind](v - 1e-6, *settings)) / 2e-6
    for answer in (firing, kind(*settings, spiking=False, seed=1), firing.spiking_function, firing.rate_function):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = answer(x)
        np.testing.assert_allclose(tape.gradient(y, x, tf.constant(3 * v)), 3 * v * slope, rtol=1e-8)
        is_drawn = answer in (firing, firing.spiking_function)
        np.testing.assert_allclose(y, y.numpy() > 0 if is_drawn else RATES[kind](v, *settings), atol=1e-12)
    assert firing.rate_function(0.125).numpy() == pytest.approx(0.45, abs=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize(("kind", "settings", "v"), POINTS)
def test_the_frequency_is_the_rate(kind, settings, v, dtype):
    firing = kind(*settings, seed=1)
    p = min(float(firing.rate_function(tf.constant(v, dtype))), 1)
    spikes = firing(tf.fill([N], tf.constant(v, dtype))).numpy()
    assert spikes.dtype == dtype and set(np.unique(spikes)) <= {0, 1}
    assert abs(spikes.astype(float).mean() - p) <= 4 * np.sqrt(p * (1 - p) / N)


def test_rates_of_0_and_above_1():
    assert not LogisticStochasticFiring(0.0, 5.0, seed=1)(np.zeros(N)).numpy().any()
    assert ExpStochasticFiring(1.0, 5.0, seed=1)(np.full(N, 0.1)).numpy().all()
    assert np.isnan(ExpStochasticFiring(1.0, 5.0, seed=1)(np.array([np.nan]))).all()


def test_units_and_steps_are_drawn_independently():
    firing = LogisticStochasticFiring(0.5, 1.0, seed=1)
    draws = np.stack([firing.uniforms([1000], "float64").numpy() for _ in range(50)])
    assert draws.min() >= 0 and draws.max() < 1
    correlation = np.corrcoef(draws)[~np.eye(50, dtype=bool)]
    assert abs(correlation).max() < 5 / np.sqrt(1000)
    along = np.corrcoef(draws[:, :-1].ravel(), draws[:, 1:].ravel())[0, 1]
    assert abs(along) < 5 / np.sqrt(draws.size)


def test_shapes_that_are_known_stay_known_in_a_compiled_function():
    firing, shapes = LogisticStochasticFiring(0.5, 1.0, seed=1), []
    tf.function(lambda: shapes.append(firing.uniforms_of_sequence(4, [2, 3], "float32").shape))()
    assert shapes == [(4, 2, 3)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sequence_draws_what_its_steps_draw(dtype):
    single, at_once = (LogisticStochasticFiring(0.5, 1.0, seed=1) for _ in range(2))
    by_step = [single.uniforms((2, 3), dtype).numpy() for _ in range(7)]
    first, rest = at_once.uniforms_of_sequence(4, (2, 3), dtype), at_once.uniforms_of_sequence(3, (2, 3), dtype)
    assert first.dtype == dtype and first.shape == (4, 2, 3)
    np.testing.assert_array_equal(np.concatenate([first, rest]), by_step)


def test_the_seed_decides():
    first, same, other = (LogisticStochasticFiring(0.5, 1.0, seed=seed)(np.zeros(99)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first.numpy() != other.numpy()).any()
    assert LogisticStochasticFiring(0.5, 1.0).seed != LogisticStochasticFiring(0.5, 1.0).seed


def test_a_compiled_function_draws_anew_at_every_call_what_the_steps_would_draw():
    eager, compiled = (ExpStochasticFiring(0.5, 1.0, seed=1) for _ in range(2))
    v = tf.zeros([4, 5])
    expected = [eager(v).numpy() for _ in range(8)]
    run = tf.function(compiled)
    found = [run(v).numpy() for _ in range(2)]
    run_sequence = tf.function(lambda n: compiled.uniforms_of_sequence(n, tf.shape(v), v.dtype))
    found += [(draws <= 0.5).astype("f4") for n in (2, 3) for draws in run_sequence(tf.constant(n)).numpy()]
    found += [compiled(v).numpy()]
    np.testing.assert_array_equal(found, expected)


def test_it_can_be_made_inside_a_compiled_function_that_is_traced():
    made = []

    @tf.function
    def run():
        if not made:
            made.append(LogisticStochasticFiring(0.5, 1.0, seed=1))
        return made[0](tf.zeros([20]))

    assert (run().numpy() != run().numpy()).any()


def test_spikes_for_draws_that_are_given():
    firing = LogisticStochasticFiring(0.5, 1.0, seed=1)
    assert firing.needs_draws
    spikes = firing(np.zeros(3), tf.constant([0.2, 0.5, 0.51]))
    assert spikes.numpy().tolist() == [1, 1, 0] and spikes.dtype == "float64"
    assert firing._n_drawn.numpy() == 0


def test_the_rate_needs_no_draws():
    firing = LogisticStochasticFiring(0.5, 1.0, spiking=False, seed=1)
    assert not firing.needs_draws
    assert firing(np.zeros(2)).numpy().tolist() == [0.5, 0.5] and firing._n_drawn.numpy() == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_dtype_of_the_voltage_is_kept(kind, dtype):
    firing, v = kind(0.45, 2.0, 0.1, seed=1), tf.constant([-0.5, 0, 0.5], dtype)
    assert firing(v).dtype == firing.rate_function(v).dtype == dtype
    expected = RATES[kind](np.array([-0.5, 0, 0.5]), 0.45, 2.0, 0.1)
    np.testing.assert_allclose(firing.rate_function(v).numpy().astype(float), expected, atol=2 * DTYPES[dtype])


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_made_anew_by_keras_and_pickle(kind):
    firing = kind(0.45, 2.0, 0.1, seed=3)
    firing.uniforms([1], "float32")
    by_keras = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(firing))
    by_pickle = pickle.loads(pickle.dumps(firing))
    assert repr(by_keras) == repr(by_pickle) == repr(firing)
    np.testing.assert_array_equal(by_keras.uniforms([9], "float32"), by_pickle.uniforms([9], "float32"))


def test_the_plot_gives_figure_and_axes_and_uses_those_given():
    firing = ExpStochasticFiring(1.0, 5.0, 1.0, seed=1)
    figure, axes = firing.plot_firing_rate()
    assert isinstance(figure, Figure) and figure.axes == [axes]
    v, rate = axes.lines[0].get_data()
    np.testing.assert_allclose(v, -1.25 + 0.025 * np.arange(101), atol=1e-12)
    np.testing.assert_allclose(rate, exponential(v, 1, 5, 1))
    assert LogisticStochasticFiring(0.95, 5.0, 1.0, seed=1).plot_firing_rate(figure, axes) == (figure, axes)
    assert firing.plot_firing_rate(ax=axes) == (figure, axes) and len(axes.lines) == 6
    assert firing.plot_firing_rate(figure) == (figure, axes)
    empty = Figure()
    assert firing.plot_firing_rate(empty)[0] is empty and len(empty.axes) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((-0.1, 5.0), {}, "f_thres must be a number from 0, got -0.1"),
        (("x", 5.0), {}, "f_thres must be a number from 0, got 'x'"),
        ((0.5, None), {}, "beta must be a finite number, got None"),
        ((0.5, 5.0, float("inf")), {}, "theta must be a finite number, got inf"),
        ((0.5, 5.0, 0.0, 1), {}, "spiking must be true or false, got 1"),
        ((0.5, 5.0), {"seed": 0.5}, "seed must be a whole number"),
        ((0.5, 5.0), {"tau": 2}, "unknown setting 'tau'"),
        ((0.5,), {}, "beta is missing"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(kind, arguments, options, said):
    with pytest.raises(InputError, match=said) as caught:
        kind(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_what_is_no_axes_or_figure_is_one_line():
    for given in ({"ax": 3}, {"f": 3}):
        with pytest.raises(InputError, match="must be a matplotlib") as caught:
            LogisticStochasticFiring(0.5, 1.0, seed=1).plot_firing_rate(**given)
        assert "\n" not in str(caught.value)
