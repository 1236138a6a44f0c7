"""Numbers in the wrong unit: warned of with value, unit and plausible range, or refused where they can have no effect."""

import warnings

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.unit_indices import unit_indices
from rate2spike.rate import tasks
from rate2spike.rate.config import TrainConfig
from rate2spike.spiking.analysis.binning import trial_rates
from rate2spike.spiking.analysis.discriminability import cross_temporal_discriminability
from rate2spike.spiking.analysis.targeted_reduction import targeted_reduction
from rate2spike.spiking.analysis.timescale import intrinsic_timescales
from rate2spike.spiking.analysis.variability import interspike_intervals_s
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.simulator import manipulations
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import PLAUSIBLE, AdLIFParams, EIFParams, LIFParams, QIFParams, neuron_params
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model

U = np.ones((1, 21))


@pytest.fixture(scope="module")
def network():
    return SpikingNetwork.from_model(small_model(), 20)


@pytest.fixture(scope="module")
def record(network):
    return network.run(U, seed=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LIFParams(t_ref_s=5), r"^t_ref_s is 5 s; plausible is 0, or 1e-05 to 0.1 s. Is it in another unit\?$"),
        (lambda: LIFParams(tau_m_s=10), "tau_m_s is 10 s; plausible is 0.0005 to 0.2 s"),
        (lambda: LIFParams(tau_r_s=[0.002, 2]), "tau_r_s is 2 s for 1 of 2; plausible is 0, or"),
        (lambda: LIFParams(bias_mv=-0.04), "bias_mv is -0.04 mV; plausible is -500 to 1000 mV, of 1 or more in size"),
        (lambda: LIFParams(v_peak_mv=-0.04), "v_peak_mv is -0.04 mV"),
        (lambda: LIFParams(v_reset_mv=-65e3), "v_reset_mv is -65000 mV"),
        (lambda: LIFParams(noise_sd_mv=1e-4), "noise_sd_mv is 0.0001 mV"),
        (lambda: QIFParams(t_ref_s=2), "t_ref_s is 2 s"),
        (lambda: AdLIFParams(tau_a_s=100), "tau_a_s is 100 s"),
        (lambda: AdLIFParams(adaptation_mv=5e-4), "adaptation_mv is 0.0005 mV"),
        (lambda: EIFParams(slope_mv=0.002), "slope_mv is 0.002 mV"),
        (lambda: EIFParams(v_threshold_mv=-0.04), "v_threshold_mv is -0.04 mV"),
        (lambda: SpikingNetwork.from_model(small_model(), 0.05), "scaling factor is 0.05; plausible is 1 or more.*λ"),
        (lambda: SpikingNetwork.from_model(small_model(), 20, dt_s=5e-8), "dt_s. is 5e-05 ms; plausible is 0.001"),
        (
            lambda: TrainConfig(tau_steps=(20, 1000)),
            r"synaptic time constant \(tau_steps\) is 1000 steps of 5 ms for 1 of 2; plausible is 1 to 200",
        ),
        (lambda: ContextConfig(tau_soma_ms=0.02), "tau_soma_ms is 0.02 ms; plausible is 1 to 1000 ms"),
        (
            lambda: Stimulation("exc", 0, 5, (1,), amplitude_mv=5e-4),
            "amplitude_mv is 0.0005 mV; plausible is 0, or 0.01",
        ),
        (lambda: neuron_params("lif", t_ref_s=5), "t_ref_s is 5 s"),
    ],
)
def test_a_number_in_another_unit_is_warned_of(make, message):
    with pytest.warns(UserWarning, match=message) as warned:
        make()
    assert [one.filename for one in warned] == [__file__]  # the caller's line


@pytest.mark.parametrize("kind", ["lif", "qif", "adlif", "eif"])
def test_what_the_paper_varies_is_no_matter_of_warning(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in (dict(t_ref_s=0), dict(t_ref_s=0.02), dict(tau_r_s=0), dict(noise_sd_mv=0), dict(bias_mv=0)):
            neuron_params(kind, **values)
        TrainConfig(tau_steps=(20, 100))
        ContextConfig(tau_soma_ms=12.0)
    assert set(neuron_params(kind).numbers()) <= set(PLAUSIBLE)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ("train", "--decay_taus", "4", "1000"),
            "synaptic time constant (--decay_taus) is 1000 steps of 5 ms for 1 of 2",
        ),
        (("context", "--tau_soma", "0.02", "--gpu", "x"), "--tau_soma is 0.02 ms"),
        (
            ("evaluate", "MODEL", "--scaling-factor", "30", "--n-trials", "1", "--dt-ms", "5e-4"),
            "the step (--dt-ms) is",
        ),
    ],
)
def test_the_command_line_names_its_flag(cli, go_nogo_path, command, message):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        error = cli(*(go_nogo_path if word == "MODEL" else word for word in command))[2]
    lines = [line for line in error.splitlines() if "plausible is" in line]
    assert len(lines) == 1 and lines[0].startswith(f"rate2spike {command[0]}: warning: {message}"), error


def test_the_command_line_says_it_in_a_line_and_goes_on(cli, go_nogo_path):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        code, _, error = cli(
            "evaluate",
            go_nogo_path,
            "--scaling-factor",
            30,
            "--n-trials",
            2,
            "--seed",
            1,
            "--neuron-option",
            "t_ref_s=5",
        )
    line, saturated = (line for line in error.splitlines() if "warning" in line)
    assert "saturated: of the 0.2 Hz that the refractory period allows its units fire 0.1" in saturated
    assert code == 0 and line.startswith(
        "rate2spike evaluate: warning: t_ref_s is 5 s; plausible is 0, or 1e-05 to 0.1 s"
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Stimulation("exc", 0.25, 0.5, (1,)),
            "whole steps of 0.05 ms .*in seconds by name: start_s=0.25, end_s=0.5",
        ),
        (lambda: Stimulation("exc", 5, 5, (1,)), "must hold a step: .* got 5 to 5"),
        (lambda: Stimulation("exc", 0, 5), "without units has no effect"),
        (lambda: Stimulation("exc", 0, 5, np.array([])), "without units has no effect"),
        (lambda: Stimulation("exc", 0, 5, (1.5,)), "whole numbers from 0, got"),
        (lambda: Stimulation("exc", 0, 5, (True, False)), "whole numbers from 0, got"),
        (lambda: Stimulation("exc", 0, 5, 1.5), "whole numbers from 0, got"),
        (lambda: Stimulation("exc", 0, 5, (1,), amplitude_mv="0.5"), "amplitude must be finite .*, got '0.5'"),
        (lambda: Stimulation.from_matlab("exc", [10, 10], [1]), r"stims has no step in dur \(10, 10\)"),
        (lambda: Stimulation.from_matlab("exc", [-5, 1], [1]), r"stims has no step in dur \(-5, 1\)"),
        (lambda: Stimulation.from_matlab("exc", [10, 20], []), "stims has no units"),
    ],
)
def test_a_stimulation_without_effect_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_window_after_the_trial_is_refused_and_one_that_begins_in_it_is_not(network, precision):
    assert network.run(U, seed=1, stimulation=Stimulation("exc", 1999, 9000, np.array([1])), precision=precision)
    with pytest.raises(
        InputError, match=r"from step 2000 on has no effect: the trial ends after 2000 steps of 0.05 ms, 0.1 s"
    ):
        network.run(U, seed=1, stimulation=Stimulation("exc", 2000, 9000, (1,)), precision=precision)


@pytest.mark.parametrize("unit", [12, -1, "E", 1.0, True, None])
def test_a_unit_that_there_is_not_has_no_spike_times(record, unit):
    for ask in (record.spike_times_s, lambda one: interspike_intervals_s(record, one)):
        with pytest.raises(InputError, match=rf"unit must be a whole number from 0 to 11, got {unit!r}") as error:
            ask(unit)
        assert isinstance(error.value, IndexError)


def test_a_unit_may_be_any_whole_number_type(record):
    assert sum(record.spike_times_s(np.int32(k)).size for k in range(12)) == len(record.events) > 0


def test_lesions_take_indices_or_a_mask_and_nothing_else(network):
    mask = np.arange(12) % 5 == 3
    for units in (mask, mask.tolist(), [3, 8], np.array([3.0, 8.0])):
        np.testing.assert_array_equal(manipulations.lesion(network, units).silent, mask)
    for units, message in (
        ([1.5], "whole numbers from 0"),
        (mask[:5], "must hold 12 values"),
        ([12], "unit 12 .* 12 units"),
    ):
        with pytest.raises(InputError, match=message):
            manipulations.lesion(network, units)
    assert unit_indices([], 3).size == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: trial_rates(r, sigma_s=20), "sigma_s of 20 is longer than all 20 bins"),
        (lambda r: trial_rates(r, sigma_s=1e-5), "does not reach the next bin of 0.005: None does not smooth"),
        (
            lambda r: cross_temporal_discriminability([r] * 4, [0, 0, 1, 1], seed=1, gaussian_s=50),
            "gaussian_s must be from a bin of 0.01 s to the trial's 0.1 s, got 50",
        ),
        (
            lambda r: cross_temporal_discriminability([r] * 4, [0, 0, 1, 1], seed=1, bin_s=10),
            "^bin_s of 10 s is longer",
        ),
        (
            lambda r: targeted_reduction([r] * 4, {"x": [1, 2, 1, 2]}, sigma_s=40),
            "sigma_s of 40 is longer than all 10 bins",
        ),
    ],
)
def test_widths_in_ms_are_refused(record, call, message):
    with pytest.raises(InputError, match=message):
        call(record)


def test_a_longest_timescale_beyond_the_window_is_warned_of(record):
    with pytest.warns(UserWarning, match="max_tau_s is 50 s; plausible is 0 to 0.1 s") as warned:
        intrinsic_timescales([record] * 3, bin_s=0.01, max_tau_s=50)
    assert warned[0].filename == __file__


@pytest.mark.parametrize(("task", "option"), [("go-nogo", "stim_dur"), ("xor", "response_dur"), ("sine", "stim_dur")])
def test_a_duration_of_no_step_is_refused(task, option):
    with pytest.raises(InputError, match=f"{option} must be at least 1 step of 5 ms, got 0"):
        tasks.get(task, {option: 0})
