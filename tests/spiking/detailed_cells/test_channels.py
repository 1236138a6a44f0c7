"""Kinetics: the published curves at five voltages, nothing that is no number, and limits where rates are 0 / 0."""

import numpy as np
import pytest

from rate2spike.spiking.detailed_cells.channels import CALCIUM_START_MM, FASTER, calcium_reversal_mv, channels, linoid

VOLTAGES_MV = (-90.0, -70.0, -50.0, -30.0, 0.0)
# measured on the compiled mechanisms of the published model: inf and tau of m, then of h, at each voltage
MEASURED = {
    "NaTa_t": """0.00025273 0.052498 0.98201 0.90686 | 0.0070363 0.084336 0.66076 1.8147 | 0.16572 0.16418 0.064969 1.2277
                 | 0.84775 0.1452 0.0024726 0.62403 | 0.99879 0.04882 1.6701e-05 0.34206""",
    "NaTs2_t": """9.2989e-05 0.04708 0.99331 0.74249 | 0.0026001 0.071556 0.84113 1.5403 | 0.068098 0.13435 0.15887 1.5403
                 | 0.67196 0.17721 0.0066929 0.74249 | 0.99672 0.057677 4.5398e-05 0.37625""",
    "Nap_Et2": """0.00029435 0.31499 0.98402 1610.7 | 0.022257 0.50602 0.89283 2144.9 | 0.63766 0.98506 0.52996 1732.5
                 | 0.9927 0.87122 0.13239 1215.6 | 0.99999 0.29292 0.0075397 755.56""",
    "K_Tst": """0.014622 0.41954 0.80218 17.835 | 0.040781 0.41606 0.35434 14.765 | 0.10859 0.35154 0.069138 4.8271
                 | 0.25872 0.26273 0.0099518 2.7912 | 0.62862 0.16245 0.0005002 2.7093""",
    "K_Pst": """0.0013813 7.8285 0.91401 259.26 | 0.0072703 12.879 0.63308 395.27 | 0.037327 12.879 0.21879 394.54
                 | 0.17032 7.8284 0.043484 290.46 | 0.71436 3.8179 0.0029642 159.74""",
    "SKv3_1": "1.359e-05 1.0883 | 0.00010681 1.4811 | 0.00083899 1.9221 | 0.0065572 2.3708 | 0.12699 2.9668",
    "Im": "1.6701e-05 0.41939 | 0.00091105 3.0961 | 0.047426 21.812 | 0.73106 45.504 | 0.99909 3.0961",
    "Ih": "0.12354 68.871 | 0.018359 42.154 | 0.002345 23.413 | 0.00028475 12.822 | 1.147e-05 5.1813",
    "Ca_HVA": """9.6212e-08 0.44022 0.83618 392.26 | 4.1119e-05 1.4275 0.64122 448.74 | 0.013617 4.5665 0.39821 415.73
                 | 0.67325 4.9055 0.21108 328.76 | 0.99238 0.66772 0.079137 224.58""",
    "Ca_LVAst": """0.00024031 8.4662 0.5 23.65 | 0.0066929 8.4601 0.042088 22.786 | 0.15887 8.1451 0.0019267 15.239
                 | 0.84113 3.5148 8.4811e-05 7.6927 | 0.99873 1.6994 7.8115e-07 6.7864""",
}
BY_NAME = {channel.name: channel for channel in channels()}


@pytest.mark.parametrize("name", MEASURED)
def test_curves_are_those_of_the_published_mechanisms(name):
    measured = np.array([at.split() for at in MEASURED[name].split("|")], float).T
    v = np.array(VOLTAGES_MV)
    found = [curve(v) for gate in BY_NAME[name].gates for curve in (gate.inf, gate.tau_ms)]
    np.testing.assert_allclose(found, measured, rtol=1e-4)


def test_the_calcium_gate_is_that_of_the_published_mechanism():
    (gate,) = BY_NAME["SK_E2"].gates
    calcium_mm = np.array([5e-5, 1e-4, 2e-4, 4.3e-4, 1e-3])
    np.testing.assert_allclose(gate.inf(calcium_mm), [3.269e-5, 9.098e-4, 0.02474, 0.5, 0.98289], rtol=2e-4)
    np.testing.assert_array_equal(gate.tau_ms(calcium_mm), 1)
    assert gate.inf(np.array(0.0)) < 1e-15  # no division by zero


def test_eleven_channels_with_the_published_gates():
    gates = {channel.name: (channel.ion, *(gate.power for gate in channel.gates)) for channel in channels()}
    assert gates == {
        "NaTa_t": ("na", 3, 1),
        "NaTs2_t": ("na", 3, 1),
        "Nap_Et2": ("na", 3, 1),
        "K_Tst": ("k", 4, 1),
        "K_Pst": ("k", 2, 1),
        "SKv3_1": ("k", 1),
        "Im": ("k", 1),
        "Ih": ("h", 1),
        "Ca_HVA": ("ca", 2, 1),
        "Ca_LVAst": ("ca", 2, 1),
        "SK_E2": ("k", 1),
    }


@pytest.mark.parametrize("name", MEASURED)
def test_curves_are_smooth_numbers_from_minus_120_to_60_mv(name):
    v = np.round(np.arange(-12000, 6001) / 100, 2)
    singular = [-38.0, -66.0, -32.0, -60.0, -17.0, -64.4, -27.0]
    v = np.union1d(v, singular)
    for gate in BY_NAME[name].gates:
        inf, tau_ms = gate.inf(v), gate.tau_ms(v)
        assert np.isfinite(inf).all() and np.isfinite(tau_ms).all()
        assert (inf >= 0).all() and (inf <= 1).all() and (tau_ms > 0).all()
        assert np.abs(np.diff(inf)).max() < 1e-3
        steps = np.abs(np.diff(np.log(tau_ms)))
        assert steps.max() < 0.01


def test_limits_stand_where_a_rate_is_0_by_0():
    near = np.array([-1e-6, 0.0, 1e-6])
    np.testing.assert_allclose(linoid(near, 0.182, 6), 0.182 * 6, rtol=1e-6)
    np.testing.assert_allclose(linoid(np.array([12.0, -12.0]), 2, 6), [24 / (1 - np.exp(-2)), -24 / (1 - np.exp(2))])
    for name, at in (
        ("NaTa_t", -38),
        ("NaTa_t", -66),
        ("NaTs2_t", -60),
        ("Nap_Et2", -64.4),
        ("Ca_HVA", -27),
        ("Ih", -154.9),
    ):
        for gate in BY_NAME[name].gates:
            around = at + np.array([-1e-4, 0, 1e-4])
            below, here, above = gate.tau_ms(around)
            assert here == pytest.approx((below + above) / 2, rel=1e-6), name
    assert np.isfinite(BY_NAME["NaTa_t"].gates[0].tau_ms(np.array([-1e5, 1e5]))).all()


def test_a_shift_moves_ih_along_the_voltage_and_nothing_else():
    v = np.linspace(-120, 40, 50)
    for plain, shifted in zip(channels(), channels(ih_shift_mv=-20.0), strict=True):
        by = -20.0 if plain.name == "Ih" else 0.0
        if plain.name != "SK_E2":
            for one, other in zip(plain.gates, shifted.gates, strict=True):
                np.testing.assert_allclose(other.inf(v + by), one.inf(v), rtol=1e-12)
                np.testing.assert_allclose(other.tau_ms(v + by), one.tau_ms(v), rtol=1e-12)


def test_temperature_speeds_gates_up_by_the_published_factor():
    assert pytest.approx(2.953, abs=1e-3) == FASTER


def test_calcium_battery():
    assert calcium_reversal_mv(CALCIUM_START_MM) == pytest.approx(127.59, abs=0.01)
    assert calcium_reversal_mv(1e-4) == pytest.approx(119.2, abs=0.05)
    assert calcium_reversal_mv(CALCIUM_START_MM, 34) - 127.59 == pytest.approx(12.65, abs=0.1)
