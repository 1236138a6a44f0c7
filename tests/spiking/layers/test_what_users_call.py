"""What users call: signatures and help with the real options, one line for what does not fit, examples that run."""

import doctest
import inspect
import pickle
import re
from importlib import import_module

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.spiking.layers.lif import LIFCell


def ones(*shape):
    return np.ones(shape, np.float32)


def called_twice(layer, first, second):
    layer(first)
    layer(second)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: r2s.LIF(0), "units must be a whole number from 1"),
        (lambda: r2s.LIF(3, tau_ms=-1.0), "tau_ms must be a positive number"),
        (lambda: r2s.LIF(3, tau_ms=(20.0, 5.0)), "0 < low <= high"),
        (lambda: r2s.LIF(3, tau_ms=[1.0, 2.0])(ones(1, 4, 2)), "2 values for 3 units"),
        (lambda: r2s.LIF(3, reset="soft"), "unknown reset 'soft': choose from subtraction, zero, none"),
        (
            lambda: r2s.LIF(3, surrogate="box"),
            "unknown surrogate 'box': choose from triangle, super, gaussian, sigmoid",
        ),
        (
            lambda: r2s.LIF(3, surrogate_scale=0.0),
            r"surrogate's scale must be a number from 1.2e-38, got 0.0 \(surrogate_scale\)",
        ),
        (lambda: r2s.LIF(3, threshold=float("nan")), "threshold must be a number from 1.2e-38, got nan"),
        (lambda: r2s.LIF(3, dt_ms=0.0), "dt_ms must be a positive number"),
        (lambda: r2s.ALIF(3, threshold_increment=-1.0), "threshold_increment must be a number from 0"),
        (lambda: r2s.CLIF(3, interaction="mult"), "unknown interaction 'mult': choose from relu_mult"),
        (lambda: r2s.CLIF(3)(ones(1, 4, 5)), "n_context"),
        (lambda: r2s.CLIF(3)((ones(1, 4, 5), ones(1, 5, 2))), r"same number of steps, and one at least; got \[4, 5\]"),
        (lambda: r2s.CLIF(3)((ones(3, 4, 5), ones(1, 4, 2))), r"same number of trials"),
        (lambda: r2s.CLIF(3)((ones(1, 4, 5),) * 3), "takes the pair"),
        (lambda: called_twice(r2s.LIF(3), ones(1, 4, 5), ones(1, 10, 4)), r"made for inputs of width \[5\], got \[4\]"),
        (lambda: r2s.LIF(3)(ones(1, 0, 5)), r"got \[0\]"),
        (lambda: r2s.LIF(3)(ones(4, 5)), r"\(batch, time, inputs\)"),
        (lambda: r2s.LIF(3, input_rate_hz=0), "input_rate_hz must be a positive number"),
        (lambda: r2s.LIF(10**6)(ones(1, 2, 1)), r"drawing 1000001000000 weights needs .* take fewer units \(units\)"),
        (lambda: r2s.LIF("a"), "units must be a whole number from 1, got 'a'"),
        (lambda: r2s.LIF(3, threshold=1e-50), "threshold must be a number from 1.2e-38, got 1e-50"),
        (lambda: r2s.record_states(keras.Sequential([keras.layers.Dense(1)]), ones(1, 3)), "no layer of this package"),
        (lambda: r2s.SpikeRateRegularizer(2.0), "^target_probability must be a number from 0 to 1, got 2.0"),
        (lambda: r2s.load_network("missing.keras"), "no file missing.keras"),
        (lambda: r2s.load_network(None), "^path must be the name of a .keras file, got NoneType"),
        (lambda: r2s.load_network("."), "is a folder: name a .keras file in it"),
        (lambda: r2s.LIF(10, tau=20), "^LIF: unknown setting 'tau'; did you mean tau_ms?"),
        (lambda: r2s.CLIF(10, tau_ms=20), "^CLIF: unknown setting 'tau_ms'; did you mean tau_soma_ms?"),
        (lambda: r2s.CLIF(10, dt=1), "^CLIF: unknown setting 'dt'; did you mean dt_ms?"),
        (lambda: r2s.ALIF(n_units=10), "^ALIF: unknown setting 'n_units'; did you mean units?"),
        (lambda: r2s.LIF(hidden=10), "did you mean units?"),
        (lambda: r2s.LIF(10, 20.0), "^LIF: only units can be given without a name; write tau_ms=... for the rest"),
        (lambda: r2s.LI(), "^LI: units is missing"),
        (lambda: LIFCell(3, tau=2), "^LIFCell: unknown setting 'tau'; did you mean tau_ms?"),
        (lambda: r2s.LIF(3, tau_ms="x"), "tau_ms must be a positive number"),
        (lambda: r2s.LIF(3, tau_ms={"uniform": ["a", 2]}), "0 < low <= high"),
        (lambda: r2s.LIF(3, recurrent="no"), "^recurrent must be true or false, got 'no'"),
        (lambda: r2s.LIF(3, recompute="no"), "^recompute must be true or false"),
        (lambda: r2s.LIF(3, dtype=5), "^dtype must be a dtype policy of Keras"),
        (lambda: r2s.CLIF(3, n_context="a"), "^n_context must be a whole number"),
        (lambda: r2s.CLIF(3)(ones(1, 4, 5), ones(1, 4, 2)), r"several inputs as one list \[x, c\]"),
        (lambda: r2s.LIF(3)([ones(1, 4, 5), ones(1, 4, 2)]), "takes one input, got 2"),
        (lambda: r2s.LIF(3)([[1, 2]]), "arrays or tensors"),
        (lambda: r2s.LIF(3)(np.array([[["a"]]])), "inputs of a layer are numbers"),
        (lambda: r2s.LIF(3).states("abc"), "arrays or tensors"),
        (lambda: r2s.record_states(r2s.LIF(3), ones(1, 4, 2)), "^model must be a Keras model"),
        (lambda: r2s.SpikeRateRegularizer(target=1), "did you mean target_probability?"),
    ],
)
def test_bad_options_are_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", [r2s.LIF, r2s.ALIF, r2s.CLIF, r2s.LI])
def test_signature_and_help_show_every_option_with_its_default(kind):
    """Of the layer and of its cell; the docstring names each, its example runs."""
    of_layer, of_cell = (inspect.signature(one).parameters for one in (kind, kind.cell_class))
    own = {"recompute", "input_gradient", "activity_regularizer"}
    assert set(of_layer) - own == set(of_cell) and own <= set(of_layer)
    assert all(item.kind not in (item.VAR_KEYWORD, item.VAR_POSITIONAL) for item in of_layer.values())
    for one, parameters in ((kind, of_layer), (kind.cell_class, of_cell)):
        for name, item in parameters.items():
            default = "" if item.default is item.empty else f", default {item.default!r}"
            assert re.search(rf"^{name} : .*{re.escape(default)}\n    \w", one.__doc__, re.MULTILINE), name


def test_a_layer_of_an_own_cell_takes_its_options():
    class SlowCell(LIFCell):
        def __init__(self, units, slowness=1.0, **kwargs):
            super().__init__(units, tau_ms=20.0 * slowness, **kwargs)

    class Slow(r2s.LIF):
        cell_class = SlowCell

    assert Slow(3, slowness=2.0, threshold=0.5, seed=1).cell.tau_ms == 40.0
    assert "slowness" in inspect.signature(Slow).parameters
    with pytest.raises(InputError, match=r"LIFCell: unknown setting .threshhold.; did you mean threshold"):
        Slow(3, threshhold=1.0)


@pytest.mark.parametrize("home", ["lif", "alif", "clif", "li", "regularizers", "recorded_states", "saved_network"])
def test_examples_of_docstrings_run(home):
    found = doctest.testmod(import_module(f"rate2spike.spiking.layers.{home}"))
    assert found.attempted and not found.failed


def test_a_foreign_file_is_no_network(tmp_path):
    (tmp_path / "x.keras").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"x\.keras is no \.keras file") as error:
        r2s.load_network(tmp_path / "x.keras")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: r2s.LIF(3)(keras.Input((None, None))), "must know the number of inputs"),
        (lambda: r2s.LIF(3)(tf.sparse.from_dense(ones(2, 4, 3))), "dense tensors .* SparseTensor"),
        (lambda: r2s.LIF(3)(tf.ragged.constant([[[1.0]], [[1.0], [2.0]]])), "dense tensors .* RaggedTensor"),
        (lambda: r2s.SpikeRateRegularizer()(None), "takes the spikes .* got None"),
        (lambda: r2s.SpikeRateRegularizer()(ones(2, 3)), r"takes the spikes .* got shape \(2, 3\)"),
        (lambda: r2s.record_states(small(), None), "shapes .* got NoneType"),
        (lambda: r2s.record_states(small(), "x"), "shapes .* got str"),
        (lambda: r2s.record_states(small(), ones(4, 2)), r"shapes \(None, None, 2\), got \(4, 2\)"),
        (lambda: r2s.record_states(small(), ones(1, 4, 3)), r"shapes \(None, None, 2\), got \(1, 4, 3\)"),
    ],
)
def test_inputs_that_no_layer_can_use_are_one_line(call, message):
    with pytest.raises(InputError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def small():
    return keras.Sequential([keras.Input((None, 2)), r2s.LIF(3, seed=1, threshold=0.1)])


def test_spikes_of_truth_values_are_those_of_numbers():
    layer, spikes = r2s.LIF(3, seed=1, threshold=0.1), np.random.default_rng(1).random((2, 20, 4)) < 0.5
    expected = layer(spikes.astype("f4")).numpy()
    assert expected.any()
    assert np.array_equal(layer(spikes), expected)


def test_states_and_regulariser_show_themselves_and_states_are_pickled():
    states = r2s.record_states(small(), ones(1, 4, 2))[0]
    assert len(repr(states)) < 200
    again = pickle.loads(pickle.dumps(states))
    assert again._fields == ("v", "z")
    assert np.array_equal(again.v, states.v)
    assert repr(r2s.SpikeRateRegularizer(0.02)) == "SpikeRateRegularizer(target_probability=0.02, weight=0.0001)"
