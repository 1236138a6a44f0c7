"""What is recorded: sparse events, strides, streams to a file; and what does not fit is refused."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.machine import memory
from rate2spike.spiking.simulator import recording
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.recording import RECORDABLE, RecordingPlan
from rate2spike.spiking.simulator.spike_record import SpikeRecord
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model

U = np.ones((1, 21)) * 30
PRECISIONS = ["float32", "float64"]


@pytest.fixture(scope="module")
def network() -> SpikingNetwork:
    return SpikingNetwork.from_model(small_model(n_units=30, n_som=2), 5.0)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_stride_takes_every_kth_step(network, precision):
    every = network.run(U, seed=1, record=RECORDABLE, precision=precision)
    strided = network.run(U, seed=1, record=RECORDABLE, precision=precision, stride=7)
    for name in ("voltage_mv", "rates", "ipsc", "output"):
        np.testing.assert_array_equal(getattr(strided, name), getattr(every, name)[:, 6::7])
    np.testing.assert_array_equal(strided.events, every.events)
    np.testing.assert_allclose(strided.time_s, every.time_s[6::7])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("stride", [1, 7])
def test_a_streamed_record_equals_the_one_in_memory(network, precision, stride, tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "_STREAMED_BLOCK_BYTES", 100_000)  # several blocks
    pushed = [Stimulation("exc", 100, 900, (1, 2)), Stimulation("inh", 500, 1500, cell_type="SOM", continuous=True)]
    options = dict(seed=1, record=RECORDABLE, precision=precision, stride=stride, stimulation=pushed)
    memory_record = network.run(U, **options)
    told = network.run(U, **options, to=tmp_path / "trial.h5")
    streamed = SpikeRecord.load(tmp_path / "trial.h5")
    for name in ("voltage_mv", "rates", "ipsc", "output", "events", "firing_rate_hz", "w"):
        np.testing.assert_array_equal(getattr(streamed, name), getattr(memory_record, name), err_msg=name)
    assert told.voltage_mv is None
    np.testing.assert_array_equal(told.firing_rate_hz, memory_record.firing_rate_hz)
    part = SpikeRecord.load(tmp_path / "trial.h5", only=("events",))
    assert part.voltage_mv is None and part.events.size


def test_many_events_come_in_several_blocks_and_in_order(network, monkeypatch):
    once = network.run(U, seed=1, record="spikes")
    monkeypatch.setattr(recording, "_EVENTS_PER_BLOCK", 3000)
    again = network.run(U, seed=1, record="spikes")
    np.testing.assert_array_equal(once.events, again.events)
    assert (np.diff(once.events[:, 1]) >= 0).all() and once.events.dtype == np.int32


def test_a_unit_may_fire_at_every_step(network):
    """Pulses act in the refractory period too."""
    hard = Stimulation("exc", 0, 2000, (0,), amplitude_mv=200.0, duty=1.0)
    record = network.run(U, seed=1, record="spikes", stimulation=hard)
    assert (record.events[:, 0] == 0).sum() == 2000


def test_nothing_is_kept_that_was_not_asked_for(network):
    record = network.run(U, seed=1, record=())
    assert record.output is record.events is record.voltage_mv is record.rates is record.ipsc is None
    assert record.firing_rate_hz.any()
    with pytest.raises(InputError, match="holds no spikes"):
        record.spike_times_s(0)


def test_spike_times_are_the_ends_of_their_steps(network):
    record = network.run(U, seed=1, record=("spikes",))
    unit = record.events[0, 0]
    np.testing.assert_allclose(record.spike_times_s(unit), (np.flatnonzero(record.spikes[unit]) + 1) * record.dt_s)


def test_what_does_not_fit_is_refused_with_the_estimate(network, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 2.0**30)
    with pytest.raises(
        InputError, match=r"recording 100000000 steps of 30 units needs 11.2 GiB of memory, 1 GiB are free"
    ):
        RecordingPlan.of(network, 10**8, ("voltage",))
    with pytest.raises(InputError, match=r"needs 22\.4 GiB"):  # of the reference path
        RecordingPlan.of(network, 10**8, ("voltage",), itemsize=8)
    RecordingPlan.of(network, 10**8, ("voltage",), stride=1000)
    RecordingPlan.of(network, 10**8, ("voltage",), streamed=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(stride=0), "stride must be a whole number from 1 to the 2000 steps simulated, got 0"),
        (dict(stride=2001), "got 2001"),
        (dict(stride=1.5), "got 1.5"),
        (dict(record="membrane"), "cannot record membrane: choose from output"),
        (dict(stimulation=Stimulation("exc", 0, 5, cell_type="PV")), "no unit is of type 'PV': types are"),
    ],
)
def test_refusals(network, options, message):
    with pytest.raises(InputError, match=message):
        network.run(U, seed=1, **options)


def test_a_stream_that_cannot_be_written_leaves_nothing(network, tmp_path):
    with pytest.raises(InputError, match="a record is streamed to"):
        network.run(U, seed=1, to=tmp_path / "trial.mat")
    with pytest.raises(InputError, match="cannot write"):
        network.run(U, seed=1, to=tmp_path / "nowhere" / "trial.h5")
    assert not list(tmp_path.iterdir())


def test_a_strided_record_is_no_historic_one(network, tmp_path):
    record = network.run(U, seed=1, stride=2)
    with pytest.raises(InputError, match=r"save a record with a stride as .h5"):
        record.save(tmp_path / "trial.mat")
    record.save(tmp_path / "trial.h5")
    assert SpikeRecord.load(tmp_path / "trial.h5").stride == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(amplitude_mv=np.nan), "amplitude must be finite"),
        (dict(amplitude_mv=-1.0), "at least 0 mV, got -1"),
        (dict(duty=1.5), "duty must be from 0 to 1, got 1.5"),
        (dict(units=(1,), cell_type="SOM"), "units or a cell type, not both"),
    ],
)
def test_stimulation_refusals(changes, message):
    with pytest.raises(InputError, match=message):
        Stimulation("exc", 0, 5, **changes)
