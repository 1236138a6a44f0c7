"""Neurons and circuit manipulations from the command line."""

import json

import pytest

import rate2spike as r2s
from rate2spike.spiking.simulator import manipulations as m

EVALUATE = ("--scaling-factor", "30", "--n-trials", "10", "--seed", "1", "--json")


@pytest.mark.parametrize("neuron", ["lif", "qif", "alif", "eif"])
def test_every_neuron_solves_the_task_after_conversion(cli, go_nogo_path, neuron):
    factor = {"qif": "45", "alif": "18", "eif": "22"}.get(neuron, "30")
    code, out, error = cli(
        "evaluate",
        go_nogo_path,
        "--neuron",
        neuron,
        "--scaling-factor",
        factor,
        "--n-trials",
        "100",
        "--seed",
        "1",
        "--json",
    )
    assert code == 0, error
    assert json.loads(out)["accuracy"] >= 0.95 and json.loads(out)["neuron"] == neuron


def test_manipulations_change_what_they_should(cli, go_nogo_path):
    def rates(*flags):
        code, out, error = cli("evaluate", go_nogo_path, *EVALUATE, *flags)
        assert code == 0, error
        return json.loads(out)["type_rates_hz"]

    plain = rates()
    assert rates("--lesion", "I")["inhibitory"] == 0
    assert rates("--scale", "I-E=0.5", "I-I=0.5")["excitatory"] > plain["excitatory"]
    assert rates("--neuron-option", "t_ref_s=0.02")["inhibitory"] < plain["inhibitory"]


def test_flags_do_what_the_library_does(cli, go_nogo_path):
    """Each flag gives the rates of the same network made in Python, which differ from those of the plain one."""
    model = r2s.load_model(go_nogo_path)

    def network(dt_s=None, **constants):
        return r2s.SpikingNetwork.from_model(model, 30, dt_s=dt_s, params=r2s.LIFParams(**constants))

    plain = network()
    ways = {
        (): plain,
        ("--no-self-connections",): m.remove_self_connections(plain),
        ("--scale", "I-E=0.5", "I-I=0.5"): m.scale_connections(
            m.scale_connections(plain, "I", "E", 0.5), "I", "I", 0.5
        ),
        ("--shuffle", "w"): m.shuffle_weights(plain, 1),
        ("--lesion", "3", "10-20"): m.lesion(plain, [2, *range(9, 20)]),
        ("--frozen-noise",): plain,
        ("--dt-ms", "0.1"): network(1e-4),
        ("--neuron-option", "noise_scaling=sqrt_dt", "--dt-ms", "0.1"): network(1e-4, noise_scaling="sqrt_dt"),
    }
    found = {}
    for flags, same in ways.items():
        code, out, error = cli("evaluate", go_nogo_path, *EVALUATE, *flags)
        assert code == 0, error
        found[flags] = json.loads(out)["type_rates_hz"]
        expected = r2s.evaluate(same, "go-nogo", 10, seed=1, frozen_noise="--frozen-noise" in flags).type_rates_hz
        assert found[flags] == pytest.approx(expected, rel=1e-9), flags
    assert len({str(rates) for rates in found.values()}) == len(ways)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--neuron", "hh"), "unknown neuron 'hh': choose from lif, qif, alif, eif"),
        (("--neuron-option", "t_ref"), "--neuron-option must be NAME=NUMBER, got 't_ref'"),
        (("--neuron-option", "t_ref_s=much"), "--neuron-option needs a number, got 'much'"),
        (("--neuron-option", "t_ref_s=nan"), "t_ref_s must be finite, got nan (--neuron-option)"),
        (("--neuron-option", "speed=1"), "lif neurons have no 'speed'"),
        (("--scale", "EI=2"), "--scale must be FROM-TO=FACTOR"),
        (("--neuron", "eif", "--neuron-option", "slope_mv=-1"), "slope_mv must be above 0, got -1 (--neuron-option)"),
        (("--scale", "E-I=-2"), "factor of at least 0, got -2.0 (--scale)"),
        (("--scale", "E-PV=2"), "no unit is of type 'PV': types are excitatory, inhibitory (--scale)"),
        (("--lesion", "PV"), "no unit is of type 'PV': types are excitatory, inhibitory (--lesion)"),
        (("--downsample", "1000"), "u must have at least 2 columns after downsampling, got 1 (--downsample)"),
        (("--lesion", "0"), "--lesion takes numbers from 1"),
        (("--lesion", "201"), "--lesion 201: the network has units 1 to 200"),
        (("--lesion", "9-3"), "--lesion takes numbers from 1"),
        (("--shuffle", "w_out"), "unknown weights to shuffle 'w_out': choose from w, w_in (--shuffle)"),
        (("--dt-ms", "0.3"), "the step must divide a column's 5 ms, got 0.3 ms (--dt-ms)"),
        (("--dt-ms", "-1"), "the step must be above 0"),
        pytest.param(
            ("--dt-ms", "1e-9"), "of memory", marks=pytest.mark.filterwarnings("ignore:the step .* is 1e-09 ms")
        ),
    ],
)
def test_bad_input(cli, go_nogo_path, flags, message):
    code, _, error = cli("evaluate", go_nogo_path, *EVALUATE, *flags)
    assert code == 2 and message in error.strip().splitlines()[-1], error


def test_diagnose_says_it_in_words_and_draws(cli, go_nogo_path, tmp_path):
    code, out, error = cli(
        "diagnose",
        go_nogo_path,
        "--scaling-factor",
        "65",
        "--n-trials",
        "5",
        "--seed",
        "1",
        "--output",
        tmp_path / "why.png",
    )
    assert code == 0, error
    assert "gain mismatch" in out and (tmp_path / "why.png").exists() and (tmp_path / "why.pdf").exists()
    for flags, message in (
        (("--output", "why.jpg"), "must end in .png or .pdf"),
        (("--n-trials", "0"), "number of trials"),
        (("--scaling-factor", "-1"), "scaling factor must be positive"),
    ):
        code, _, error = cli("diagnose", go_nogo_path, "--scaling-factor", "65", *flags)
        assert code == 2 and message in error, error


def test_simulate_takes_the_same_flags(cli, go_nogo_path, tmp_path):
    import numpy as np

    from rate2spike.matlab_compat.matfile import loadmat, savemat

    savemat(tmp_path / "in.mat", {"u": np.zeros((1, 5))})
    code, _, error = cli(
        "simulate",
        go_nogo_path,
        "--input",
        tmp_path / "in.mat",
        "--output",
        tmp_path / "o.mat",
        "--scaling-factor",
        "30",
        "--seed",
        "1",
        "--neuron",
        "qif",
        "--lesion",
        "E",
        "--dt-ms",
        "0.025",
        "--record",
        "all_fr,spk",
    )
    assert code == 0, error
    assert loadmat(tmp_path / "o.mat")["spk"].shape == (200, 800)
