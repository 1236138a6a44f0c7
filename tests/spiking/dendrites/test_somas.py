"""Somas: charge, fire, reset; the surrogate; recorders, stochastic firing, dtypes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError

d = r2s.dendrites
KINDS = {
    "IF": d.IFSoma,
    "LIF": lambda **o: d.LIFSoma(3.0, **o),
    "LIF, not divided": lambda **o: d.LIFSoma(3, False, **o),
}
FURTHER = {"QIF": d.QIFSoma, "EIF": d.EIFSoma, "AdLIF": d.AdLIFSoma}


def drawn(n_steps, *shape, dtype="float64", seed=0):
    return tf.constant(np.random.default_rng(seed).normal(0.7, 1.0, size=(n_steps, *shape)), dtype)


def by_hand(kind, x, v_threshold, v_reset):
    """Spikes, H and V by the published equations."""
    rest = 0.0 if v_reset is None else v_reset
    v, series = np.full(x.shape[1:], rest), []
    for now in np.asarray(x):
        leak = (v - rest) / 3
        h = {"IF": v + now, "LIF": v + now / 3 - leak, "LIF, not divided": v - leak + now}[kind]
        s = (h >= v_threshold).astype(float)
        v = h - s * v_threshold if v_reset is None else (1 - s) * h + s * v_reset
        series.append((s, h, v))
    return tuple(map(np.stack, zip(*series, strict=True)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("v_reset", [0, -0.25, None])
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_the_equations(kind, v_reset, step_mode):
    threshold, x = (0.5 if kind == "LIF" else 2), drawn(13, 2, 3)
    soma = KINDS[kind](v_threshold=threshold, v_reset=v_reset, store_v_seq=True, store_v_pre_spike=True)
    spikes, h, v = by_hand(kind, x, threshold, v_reset)
    assert 0 < spikes.sum() < spikes.size
    soma.step_mode = step_mode
    assert soma.v == (v_reset or 0.0)
    if step_mode == "m":
        found, pre, post = soma(x), soma.v_pre_spike, soma.v_seq
    else:
        steps = [(soma(one), soma.v_pre_spike, soma.v) for one in x]
        found, pre, post = map(tf.stack, zip(*steps, strict=True))
    np.testing.assert_array_equal(found, spikes)
    np.testing.assert_allclose(pre, h, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(post, v, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("v_reset", [0.0, None])
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_training_and_evaluation_are_the_same(kind, v_reset, step_mode):
    """Whether a network is called for training or for a prediction, and whether somebody watches."""
    soma, x = KINDS[kind](v_reset=v_reset, v_threshold=0.5, step_mode=step_mode), drawn(9, 2, 3, dtype="float32")
    net, found = keras.Sequential([soma]), []
    for training in (True, False):
        soma.reset()
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = net(x, training=training)
            loss = tf.reduce_sum(y)
        found.append((y, tape.gradient(loss, x)))
    soma.reset()
    np.testing.assert_array_equal(found[0][0], soma(x))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert np.any(found[1][1])


def test_equality_fires():
    np.testing.assert_array_equal(d.IFSoma()(np.array([1.0, 0.75, 1.25])), [1, 0, 1])


def test_the_published_example():
    x = np.array([-0.1875, 2.3125, 0.3125, 0.3125, 2.3125, -0.1875, 2.5625, 0.8125])
    soma = d.LIFSoma(tau=3, step_mode="m", store_v_pre_spike=True)
    np.testing.assert_array_equal(tf.where(soma(x[:, None]))[:, 0], [4])
    expected = [-0.0625, 0.729167, 0.590278, 0.497685, 1.102623, -0.0625, 0.8125, 0.8125]
    np.testing.assert_allclose(soma.v_pre_spike[:, 0], expected, atol=1e-6)


class TestSurrogate:
    def test_spikes_and_slope(self):
        u = tf.constant([-1.0, -1e-9, 0.0, 0.3])
        with tf.GradientTape() as tape:
            tape.watch(u)
            s = d.SigmoidSurrogate()(u)
        np.testing.assert_array_equal(s, [0, 0, 1, 1])
        sigmoid = tf.sigmoid(4 * u)
        np.testing.assert_allclose(tape.gradient(s, u), 4 * sigmoid * (1 - sigmoid), rtol=1e-6)
        assert float(4 * sigmoid[2] * (1 - sigmoid[2])) == 1.0

    def test_without_spikes_it_is_a_sigmoid(self):
        u = tf.constant([-1.0, 0.0, 0.3])
        np.testing.assert_array_equal(d.SigmoidSurrogate(2, spiking=False)(u), tf.sigmoid(2 * u))

    def test_nan_is_not_silent(self):
        assert np.isnan(d.SigmoidSurrogate()(tf.constant(np.nan)))

    def test_every_soma_has_its_own(self):
        one, other = d.IFSoma(), d.IFSoma()
        one.surrogate_function = d.SigmoidSurrogate(2)
        assert other.surrogate_function == d.SigmoidSurrogate(4) != one.surrogate_function

    @pytest.mark.parametrize("step_mode", ["s", "m"])
    def test_any_function_will_do_and_is_followed(self, step_mode):
        soma, x = d.IFSoma(v_reset=None, step_mode=step_mode), np.full((9, 1), 0.3, "f4")
        soma(x)
        soma.reset()
        soma.surrogate_function = lambda u: tf.nn.relu(u)
        np.testing.assert_allclose(soma(x + 1)[0], np.full(x[0].shape, 0.3), rtol=1e-5)


def test_the_gradient_of_the_reset_can_be_left_out():
    """One IF soma, two steps: with the reset, V = (1 - s) H passes on (1 - s) - H ds/dH; without, 1 - s alone."""
    x = tf.constant([[0.75], [0.75]], tf.float64)
    slope = float(d_sigmoid(-0.25))
    h = [0.75, 1.5]
    for detach_reset, through in ((False, 1 - h[0] * slope), (True, 1.0)):
        soma = d.IFSoma(detach_reset=detach_reset, step_mode="m")
        with tf.GradientTape() as tape:
            tape.watch(x)
            last = tf.reduce_sum(soma(x)[1])
        np.testing.assert_allclose(
            tape.gradient(last, x).numpy().ravel(), [d_sigmoid(0.5) * through, d_sigmoid(0.5)], rtol=1e-12
        )


def d_sigmoid(u):
    s = 1 / (1 + np.exp(-4 * u))
    return 4 * s * (1 - s)


@pytest.mark.parametrize("kind", KINDS | FURTHER)
def test_pieces_and_steps_are_the_whole_with_their_gradients(kind):
    n_steps, found = 11, []
    x = 1.5 * drawn(n_steps, 2, 3)
    for pieces in ((n_steps,), (2, n_steps - 2)):
        soma = (KINDS | FURTHER)[kind](step_mode="m")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.concat([soma(one) for one in tf.split(x, pieces)], 0)
            loss = tf.reduce_sum(tf.range(1, n_steps + 1, dtype=x.dtype)[:, None, None] * y)
        found.append((y, tape.gradient(loss, x), soma.v))
    soma = (KINDS | FURTHER)[kind]()
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.stack([soma(one) for one in x])
        loss = tf.reduce_sum(tf.range(1, n_steps + 1, dtype=x.dtype)[:, None, None] * y)
    found.append((y, tape.gradient(loss, x), soma.v))
    assert 0 < float(tf.reduce_sum(y)) < x.shape.num_elements()
    for other in found[1:]:
        np.testing.assert_array_equal(other[0], found[0][0])
        for ours, theirs in zip(other[1:], found[0][1:], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


class TestStochasticFiring:
    """A soma with stochastic firing draws alike in single steps and sequences, and goes on drawing after a reset."""

    def firing(self):
        return d.LogisticStochasticFiring(0.45, 5.0, seed=3)

    def test_steps_and_sequences_draw_the_same(self):
        x, found = drawn(11, 2, 300), []
        for step_mode in ("s", "m"):
            soma = d.LIFSoma(3.0, surrogate_function=self.firing(), step_mode=step_mode)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = soma(x) if step_mode == "m" else tf.stack([soma(one) for one in x])
                loss = tf.reduce_sum(y[-1])
            found.append((y, tape.gradient(loss, x)))
        np.testing.assert_array_equal(found[0][0], found[1][0])
        np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-10, atol=1e-14)
        assert set(np.unique(found[0][0])) == {0.0, 1.0}

    @pytest.mark.parametrize("step_mode", ["s", "m"])
    def test_a_reset_does_not_repeat_the_draws(self, step_mode):
        soma, x = d.IFSoma(surrogate_function=self.firing(), step_mode=step_mode), np.ones((3, 200), "f4")
        first = soma(x)
        soma.reset()
        assert np.any(first != soma(x))

    @pytest.mark.parametrize("step_mode", ["s", "m"])
    def test_it_fires_at_its_rate_whether_trained_or_evaluated(self, step_mode):
        """0.373 is the published rate in training; what the published evaluation gave was 0."""
        n = 100_000
        for trained in (True, False):
            soma = d.IFSoma(v_threshold=0.0, surrogate_function=self.firing(), step_mode=step_mode)
            with tf.GradientTape() as tape:
                x = tf.fill([1, n], -0.0702) if step_mode == "m" else tf.fill([n], -0.0702)
                if trained:
                    tape.watch(x)
                spikes = soma(x)
            rate = float(soma.surrogate_function.rate_function(-0.0702))
            assert abs(float(tf.reduce_mean(spikes)) - rate) < 4 * np.sqrt(rate * (1 - rate) / n)

    def test_rates_in_place_of_spikes_are_followed(self):
        soma, x = d.IFSoma(surrogate_function=self.firing(), step_mode="m"), np.ones((9, 5), "f4")
        soma(x)
        soma.reset()
        soma.surrogate_function.spiking = False
        assert not set(np.unique(soma(x))) <= {0.0, 1.0}


@pytest.mark.parametrize("kind", KINDS | FURTHER)
def test_the_dtype_is_kept(kind):
    soma = (KINDS | FURTHER)[kind]()
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        soma.reset()
        assert soma(tf.ones([2, 3], dtype)).dtype == soma.v.dtype == dtype


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_dtype_of_sequences_is_kept(dtype):
    soma = d.LIFSoma(step_mode="m")
    assert soma(tf.ones([9, 2, 3], dtype)).dtype == soma.v.dtype == dtype


def test_recorders_are_cleared():
    soma = d.IFSoma(step_mode="m", store_v_seq=True, store_v_pre_spike=True)
    soma(np.ones((9, 2)))
    assert soma.v_seq.shape == soma.v_pre_spike.shape == (9, 2)
    soma.step_mode = "s"
    soma.reset()
    assert soma.v_seq is soma.v_pre_spike is None
    soma(np.ones(2))
    assert soma.v_seq is None and soma.v_pre_spike.shape == (2,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: d.LIFSoma(tau=0.9), "tau must be a number from 1, got 0.9"),
        (lambda: d.LIFSoma(tau="x"), "tau must be a number from 1, got 'x'"),
        (lambda: d.LIFSoma(decay_input=None), "decay_input must be true or false, got None"),
        (lambda: d.IFSoma(v_threshold=None), "v_threshold must be a finite number, got None"),
        (lambda: d.IFSoma(v_reset="x"), "v_reset must be a finite number, got 'x'"),
        (lambda: d.IFSoma(surrogate_function=4), "surrogate_function must be a function of a voltage, or None, got 4"),
        (lambda: d.IFSoma(detach_reset=2), "detach_reset must be true or false, got 2"),
        (lambda: d.SigmoidSurrogate(0), "alpha must be a positive number, got 0"),
        (lambda: d.SigmoidSurrogate(1, 1), "spiking must be true or false, got 1"),
        (lambda: d.QIFSoma(v_critical=-1), "v_critical must be above v_rest 0, got -1"),
        (lambda: d.QIFSoma(curvature=0), "curvature must be a positive number, got 0"),
        (lambda: d.EIFSoma(sharpness=0), "sharpness must be a positive number, got 0"),
        (lambda: d.AdLIFSoma(adaptation=-1), "adaptation must be a number from 0, got -1"),
        (lambda: d.AdLIFSoma(tau_adaptation=0), "tau_adaptation must be a number from 1, got 0"),
    ],
)
def test_wrong_options_are_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert isinstance(caught.value, ValueError) and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [d.IFSoma, d.LIFSoma])
def test_the_order_of_arguments_is_the_published_one(kind):
    own = (2, True) if kind is d.LIFSoma else ()
    soma = kind(*own, 1, None, d.SigmoidSurrogate(2), True, "m", "torch", True, True)
    assert (soma.v_threshold, soma.v_reset, soma.detach_reset, soma.step_mode) == (1.0, None, True, "m")
    assert soma.store_v_seq and soma.store_v_pre_spike
