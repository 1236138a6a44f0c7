"""Blocks of Neo, read back by Neo, and by SciPy as MATLAB would."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.io

from rate2spike.errors import InputError
from rate2spike.io.exports.neo_export import to_neo, write_neo
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.recording import RECORDABLE

from helpers import small_model

neo = pytest.importorskip("neo")
pq = pytest.importorskip("quantities")


def recorded(seed=1, record=("output", "spikes", "voltage"), stride=1):
    network = SpikingNetwork.from_model(small_model(), 5.0)
    return network.run(np.ones((1, 4)) * 20, seed=seed, record=record, stride=stride)


def written_and_read(records, path):
    write_neo(records, path)
    return neo.io.NeoMatlabIO(str(path)).read_block()


def test_block_has_a_segment_per_trial_and_a_train_per_unit(tmp_path):
    records = [recorded(1), recorded(2)]
    for block in (to_neo(records), written_and_read(records, tmp_path / "b.mat")):
        assert [segment.annotations["seed"] for segment in block.segments] == [1, 2]
        assert [segment.index for segment in block.segments] == [0, 1]
        assert block.annotations["scaling_factor"] == 5 and block.annotations["neuron"] == "lif"
        for record, segment in zip(records, block.segments, strict=True):
            assert len(segment.spiketrains) == record.n_units and len(record.events) > 10
            for unit, train in enumerate(segment.spiketrains):
                np.testing.assert_array_equal(train.times.rescale(pq.s).magnitude, record.spike_times_s(unit))
                assert train.t_start == 0 * pq.s and train.t_stop == record.duration_s * pq.s
                kind = "inhibitory" if record.inhibitory[unit] else "excitatory"
                assert train.annotations["unit"] == unit and train.annotations["cell_type"] == kind


@pytest.mark.parametrize("stride", [1, 7])
def test_signals_have_units_and_times(tmp_path, stride):
    record = recorded(record=RECORDABLE, stride=stride)
    (segment,) = written_and_read(record, tmp_path / "b.mat").segments
    signals = {signal.name: signal for signal in segment.analogsignals}
    expected = {
        "output": (record.output, pq.dimensionless),
        "voltage": (record.voltage_mv, pq.mV),
        "rates": (record.rates, pq.Hz),
        "ipsc": (record.ipsc, pq.mV),
    }
    assert set(signals) == set(expected)
    for name, (values, unit) in expected.items():
        np.testing.assert_array_equal(signals[name].magnitude, values.T)
        assert signals[name].units == unit
        np.testing.assert_allclose(signals[name].times.rescale(pq.s).magnitude, record.time_s, rtol=0, atol=1e-12)


def test_matlab_finds_the_block_as_a_struct(tmp_path):
    record = recorded()
    write_neo(record, tmp_path / "b.mat")
    block = scipy.io.loadmat(tmp_path / "b.mat", simplify_cells=True)["block"]
    trains = block["segments"]["spiketrains"]
    np.testing.assert_array_equal(trains[3]["times"], record.spike_times_s(3))
    assert trains[3]["annotations"]["cell_type"] == "excitatory" and trains[3]["times_units"] == "s"


def test_units_without_spikes_and_records_without_seed(tmp_path):
    record = replace(recorded(record=("spikes",)), events=np.array([[2, 299]], np.int32), seed=None)
    (segment,) = written_and_read(record, tmp_path / "b.mat").segments
    assert [len(train) for train in segment.spiketrains] == [0, 0, 1] + [0] * 9
    assert segment.spiketrains[2].times[0] == segment.spiketrains[2].t_stop  # fired in the last step
    assert "seed" not in segment.annotations and not segment.analogsignals


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no spikes"):
        to_neo(recorded(record=("output",)))
    with pytest.raises(InputError, match=r"saved as \.mat"):
        write_neo(recorded(), tmp_path / "b.nix")
