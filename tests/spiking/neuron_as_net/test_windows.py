"""Batches of windows: shapes and numbers as published, cut where they should be, files in turn, the same from a seed."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.seeding import Role
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.neuron_as_net.dendritic_pca import DendriticPCA
from rate2spike.spiking.neuron_as_net.heads import layer_5_heads
from rate2spike.spiking.neuron_as_net.targets import Targets
from rate2spike.spiking.neuron_as_net.window_source import DataFile, Prepared, PreparedFiles, files_of
from rate2spike.spiking.neuron_as_net.windows import WindowBatches, WindowOptions
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation

N = 1278


def simulation(number, n_ms=6000, n_synapses=N, n_events=400):
    """Spikes at 100, 200, ... ms; the voltage says the time."""
    rng = np.random.default_rng(number)
    time = np.sort(rng.integers(0, n_ms, n_events))
    events = SynapticEvents(n_synapses, n_ms, time, np.zeros(n_events, int))
    v = -80 + np.arange(n_ms, dtype="f4") / 500
    dendrites = rng.normal(-70, 3, (25, n_ms)).astype("f2")
    return CellSimulation(number, events, CellRecording(v, np.arange(100.5, n_ms, 100), v_dendrites_mv=dendrites))


SIMULATION = simulation(0)
PCA = DendriticPCA.fit([SIMULATION.recording.v_dendrites_mv], 20)


def prepared(one):
    return Prepared(one.events, Targets().of(one, layer_5_heads(20), PCA))


def batches(n_files=7, per_epoch=6, n_simulations=128, n_left_out=0, role=Role.TRAINING, seed=1, asked=None, **options):
    """Files whose simulations are all the same one, so that 128 of them are made at once."""
    files = [DataFile(f"file {k}", n_simulations, lambda: [SIMULATION] * 2, "") for k in range(n_files)]
    source = PreparedFiles(files, prepared, 2, N)
    return WindowBatches(source, WindowOptions(**options), n_left_out, per_epoch, seed, role, 6000, asked)


def test_published_numbers_and_shapes():
    assert batches().n_batches == 288
    assert batches(per_epoch=3, role=Role.VALIDATION).n_batches == 144
    ends = []
    epoch = batches().epoch(0)
    for _ in range(5):
        batch = next(epoch)
        assert batch.events.to_dense(N).shape == (8, 400, N)
        assert [batch.targets[name].shape for name in ("spikes", "somatic", "dendritic")] == [
            (8, 400, 1),
            (8, 400, 1),
            (8, 400, 20),
        ]
        assert all(one.dtype == np.float32 for one in batch.targets.values()) and (batch.mask == 1).all()
        assert len(set(batch.starts_ms)) == 8
        ends += (batch.starts_ms + 400).tolist()
    assert min(ends) >= 500 and max(ends) <= 5999


def test_input_and_targets_are_of_the_same_time():
    batch = next(batches().epoch(3))
    dense = SIMULATION.events.to_dense().T
    for b, start in enumerate(batch.starts_ms):
        assert np.array_equal(batch.events.to_dense(N)[b] > 0, dense[start : start + 400])
        np.testing.assert_allclose(
            batch.targets["somatic"][b, :, 0], -80 + (start + np.arange(400)) / 500 + 67.7, rtol=1e-5
        )
        spikes = start + np.flatnonzero(batch.targets["spikes"][b, :, 0])
        np.testing.assert_array_equal(spikes % 100, 0)
        np.testing.assert_array_equal(
            batch.targets["dendritic"][b], PCA.targets(SIMULATION.recording.v_dendrites_mv)[start : start + 400]
        )


def test_files_in_turn():
    one = batches()
    files = one.files_of(0)
    assert len(files) == 6 and set(files.values()) == {48}
    assert len({tuple(one.files_of(k)) for k in range(5)}) > 1
    assert sum(batches(asked=10).files_of(0).values()) == 10 == batches(asked=10).n_batches
    read = []
    files = [DataFile(str(k), 128, lambda k=k: read.append(k) or [SIMULATION], "") for k in range(3)]
    source = PreparedFiles(files, prepared, 2, N)
    three = WindowBatches(source, WindowOptions(), 0, 3, 1, Role.TRAINING, 6000, 6)
    assert len(list(three.epoch(0))) == 6 and sorted(read) == [0, 1, 2]
    assert [str(k) for k in read] == list(three.files_of(0))


def test_the_same_from_a_seed():
    def starts(epoch, **changed):
        return next(batches(**changed).epoch(epoch)).starts_ms.tolist()

    assert starts(2) == starts(2)
    assert len({tuple(x) for x in (starts(0), starts(1), starts(0, seed=2), starts(0, role=Role.VALIDATION))}) == 4


def test_samples_without_history_are_left_out():
    assert WindowOptions(left_out_ms=None).n_left_out(153) == 152
    assert WindowOptions(left_out_ms=7).n_left_out(153) == 7
    mask = next(batches(n_left_out=99).epoch(0)).mask
    assert (mask[:, :99] == 0).all() and (mask[:, 99:] == 1).all()
    from_the_start = batches(n_left_out=50, window_ms=5998, ignore_ms=0).epoch(0)
    batch = next(from_the_start)
    np.testing.assert_array_equal(batch.mask[:, 0], batch.starts_ms == 0)


def test_simulations_in_memory_are_one_file():
    (file,) = files_of([SIMULATION, SIMULATION], "training_data")
    assert file.n_simulations == 2 and len(list(file.read())) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: batches(window_ms=6000),
            "window_ms 6000 and ignore_ms 500 must be below the length of simulations, 6000 ms",
        ),
        (lambda: WindowOptions(load_fraction=0), "load_fraction must be above 0"),
        (
            lambda: WindowOptions(window_ms=100, left_out_ms=None).n_left_out(153),
            "window_ms must be longer than what is left out",
        ),
        (lambda: files_of([], "training_data"), "training_data must be a CellDataset, or a list of CellSimulation"),
        (lambda: files_of("folder", "training_data"), "training_data must be a CellDataset"),
        (lambda: Targets().of(SIMULATION, layer_5_heads(20)), "the dendritic head needs components"),
        (lambda: Targets().of(SIMULATION, layer_5_heads(7), PCA), "head dendritic has 7 outputs, and its target 20"),
        (
            lambda: PreparedFiles(files_of([simulation(1, n_synapses=5)], "x"), prepared, 2, N)[0],
            "5 synapses, and a network of 1278",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
