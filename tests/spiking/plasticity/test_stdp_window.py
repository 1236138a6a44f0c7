"""The window of STDP: closed form, functions, table and figure."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.plasticity.stdp_window import stdp_window


def test_both_sides_fall_off_with_their_time_constants():
    window = stdp_window(3.0, 5.0, 0.4, 2.0, n_steps=6)
    np.testing.assert_array_equal(window.lags_steps, np.arange(-6, 7))
    lags = np.arange(1, 7)
    np.testing.assert_allclose(window.changes[7:], 0.4 * (1 - 1 / 3) ** lags, rtol=1e-12)
    np.testing.assert_allclose(window.changes[:6][::-1], -2.0 * (1 - 1 / 5) ** lags, rtol=1e-12)
    assert window.changes[6] == pytest.approx(0.4 - 2.0)
    assert (window.largest_growth, window.largest_loss) == (window.changes[7], window.changes[6])


def test_functions_of_weight_and_trace():
    window = stdp_window(
        2.0, 2.0, lambda w: 1 - w, lambda w: w, lambda t: t * t, lambda t: 3 * t, weight=0.25, n_steps=2
    )
    np.testing.assert_allclose(window.changes, [-0.1875, -0.375, 0.0, 0.1875, 0.046875])


def test_it_has_a_table_and_a_figure():
    window = stdp_window(2.0, 4.0, n_steps=3)
    assert repr(window) == "STDPWindow(n_lags=7, largest_growth=0.5, largest_loss=-0.75)"
    pytest.importorskip("pandas")
    assert window.to_dataframe()["change"].tolist() == window.changes.tolist()
    curves = window.plot().axes[0].lines[2:]
    np.testing.assert_array_equal(np.concatenate([one.get_ydata() for one in curves]), window.changes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_steps": 0}, "n_steps must be a whole number from 1"),
        ({"weight": None}, "weight must be a finite number"),
        ({"tau_pre": 0}, "tau_pre must be a number from 1"),
        ({"f_w_post_pre": "x"}, "f_w_post_pre, unless it is a function, must be a finite number"),
    ],
)
def test_what_does_not_fit_is_one_line(options, message):
    with pytest.raises(InputError, match=f"^{message}"):
        stdp_window(**{"tau_pre": 2.0, "tau_post": 2.0, **options})
