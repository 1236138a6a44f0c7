"""Data sets on disk: nothing is lost, little is taken, what is damaged or does not belong is named."""

import warnings

import h5py
import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS
from rate2spike.spiking.twin_data.packed_arrays import (
    packed_events,
    packed_voltages,
    unpacked_events,
    unpacked_voltages,
)
from rate2spike.spiking.twin_data.shard_file import ShardError, ShardHead, read_head, read_simulations, write_shard
from rate2spike.spiking.twin_data.shards import CellDataset, shard_path
from rate2spike.spiking.twin_data.synapse_sites import sites_on_segments

CONFIGURATION = {"cell": {"name": "made up", "n_synapses": 12}, "input": {"duration_ms": 300, "noise": 0.5}}


def simulation(number, *, weighted=False, dendrites=False, fine=False, duration_ms=300):
    rng = np.random.default_rng(number)
    x = rng.random((12, duration_ms)) < 0.05
    x = np.where(x, rng.random(x.shape).astype("f2"), 0).astype("f4") if weighted else x
    recording = CellRecording(
        rng.normal(-70, 3, duration_ms).astype("f4"),
        np.sort(rng.integers(0, 8 * duration_ms, rng.poisson(3)) / 8),
        rng.normal(-65, 3, duration_ms).astype("f4") if dendrites else None,
        rng.normal(-60, 20, (7, duration_ms)).astype("f2") if dendrites else None,
        rng.normal(-70, 3, 8 * duration_ms).astype("f4") if fine else None,
    )
    return CellSimulation(number, SynapticEvents.from_dense(x), recording, {"hold_ms": number + 40, "sigma_ms": 60})


def write(folder, index, simulations, configuration=CONFIGURATION, seed=0):
    head = ShardHead(
        shard_path(folder, index), configuration, seed, tuple(one.number for one in simulations), {"a": "1"}
    )
    write_shard(head, simulations)
    return head


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rate", [0.0, 0.001, 0.05, 1.0])
def test_packed_events_are_the_same(rate, weighted):
    rng = np.random.default_rng(4)
    x = rng.random((700, 90)) < rate
    x = x * rng.random(x.shape).astype("f4") if weighted else x
    events = SynapticEvents.from_dense(x)
    packed = packed_events(events)
    assert unpacked_events(700, *packed) == events
    assert packed[0].dtype == (np.uint16 if rate == 1 else np.uint8)


def test_several_events_of_one_place_stay_several():
    events = SynapticEvents(5, 4, [0, 0, 0, 3], [2, 2, 4, 4], [1.0, 70000.0, 1e-9, 3.0])
    assert unpacked_events(5, *packed_events(events)) == events


def test_packed_voltages_are_the_same():
    every_pattern = np.random.default_rng(0).permutation(2**16).astype("u2").view("f2").reshape(64, 1024)
    v_mv = np.random.default_rng(0).normal(-60, 20, (5, 400)).astype("f2")
    for one in (every_pattern, v_mv, v_mv[:1], v_mv[:, :1]):
        assert unpacked_voltages(packed_voltages(one)).tobytes() == one.tobytes()


def test_voltages_that_change_together_take_little():
    together = np.cumsum(np.random.default_rng(0).normal(size=300)) - 60
    assert packed_voltages(np.tile(together, (50, 1)).astype("f2"))[1:].max() == 0


def test_what_another_version_wrote_is_named(tmp_path):
    path = write(tmp_path, 0, [simulation(0)]).path
    with h5py.File(path, "a") as file:
        file["further"] = [1]
    with pytest.raises(ShardError, match=r"was written by another version, with further, which is not known here"):
        list(CellDataset.open(tmp_path))


@pytest.mark.parametrize(
    "kept", [{}, dict(weighted=True), dict(dendrites=True), dict(fine=True, weighted=True, dendrites=True)]
)
def test_what_was_written_is_read(tmp_path, kept):
    simulations = [simulation(k, **kept) for k in (3, 4, 5)]
    head = write(tmp_path, 0, simulations)
    assert list(read_simulations(head.path)) == simulations
    assert read_head(head.path) == head


def test_a_data_set_is_a_sequence(tmp_path):
    simulations = [simulation(k) for k in range(7)]
    write(tmp_path, 0, simulations[:3])
    write(tmp_path, 1, simulations[3:4])
    write(tmp_path, 10, simulations[4:])
    dataset = CellDataset.open(tmp_path)
    assert (len(dataset), dataset.n_shards, dataset.cell, dataset.duration_ms) == (7, 3, "made up", 300)
    assert list(dataset) == simulations and [dataset[k] for k in range(7)] == simulations
    assert dataset[-1] == simulations[-1] and dataset.configuration == CONFIGURATION
    for k in (7, -8):
        with pytest.raises(IndexError):
            dataset[k]
    assert CellDataset.open([shard_path(tmp_path, 10), shard_path(tmp_path, 0)])[0] == simulations[4]


@pytest.mark.parametrize(("variant", "most"), [("NMDA", 0.16e6), ("AMPA", 0.26e6)])
def test_a_layer_5_simulation_takes_little(tmp_path, variant, most):
    """Row 17: less than 0.4 MB, and than a tenth of the published file's 4.2 MB, of 6 s with soma and nexus."""
    sites = sites_on_segments(np.full(639, 20.0), np.arange(639) < 262)
    rng = np.random.default_rng(0)
    simulations = []
    for k in range(2):
        given = L5_VARIANTS[variant].input.draw(sites, 0, k)
        v_mv = rng.normal(-65, 5, (2, 6000)).astype("f4")
        recording = CellRecording(v_mv[0], np.arange(10) * 500.125, v_mv[1])
        simulations.append(CellSimulation(k, given.events, recording, given.drawn))
    head = write(tmp_path, 0, simulations)
    assert list(read_simulations(head.path)) == simulations
    assert head.path.stat().st_size / 2 < most


def test_equal_simulations_make_equal_files(tmp_path):
    first, second = (write(tmp_path, k, [simulation(1, dendrites=True)]).path.read_bytes() for k in (0, 1))
    assert first == second


def test_any_changed_byte_is_named_or_harmless(tmp_path):
    simulations = [simulation(k, weighted=True, dendrites=True) for k in range(2)]
    path = write(tmp_path, 0, simulations).path
    good = path.read_bytes()
    named = 0
    for place in range(0, len(good), len(good) // 400):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        said = what_is_wrong(path, simulations)
        assert said == "" or (str(path) in said and "\n" not in said)
        named += said != ""
    assert named > 200


def what_is_wrong(path, simulations):
    try:
        is_right = list(read_simulations(path)) == simulations and read_head(path).configuration == CONFIGURATION
    except ShardError as error:
        return str(error)
    return "" if is_right else "silent"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_shard_is_named(tmp_path, share):
    write(tmp_path, 0, [simulation(0)])
    path = write(tmp_path, 1, [simulation(1)]).path
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ShardError, match=r"shard_00001.h5 is damaged: .* \(damaged 'skip' leaves it out\)") as caught:
        CellDataset.open(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.warns(UserWarning, match=r"left out: .*shard_00001.h5 is damaged"):
        dataset = CellDataset.open(tmp_path, damaged="skip")
    assert list(dataset) == [simulation(0)]


def test_damage_inside_is_found_when_it_is_read_or_skipped_beforehand(tmp_path):
    write(tmp_path, 0, [simulation(0)])
    path = write(tmp_path, 1, [simulation(k, fine=True) for k in (1, 2)]).path
    good = path.read_bytes()
    for place in range(4000, len(good), 500):  # the first place whose damage leaves the head whole
        path.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        try:
            dataset = CellDataset.open(tmp_path)
            list(dataset)
        except ShardError:
            if read_head_or_none(path):
                break
    assert dataset[0] == simulation(0)
    with pytest.raises(ShardError, match=r"shard_00001.h5 is damaged"):
        list(dataset)
    with pytest.warns(UserWarning, match=r"shard_00001.h5 is damaged"):
        assert len(CellDataset.open(tmp_path, damaged="skip")) == 1


def read_head_or_none(path):
    try:
        return read_head(path)
    except ShardError:
        return None


def test_whole_data_sets_are_opened_without_a_warning(tmp_path):
    write(tmp_path, 0, [simulation(0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(CellDataset.open(tmp_path, damaged="skip")) == 1


def test_mixed_configurations_are_refused(tmp_path):
    write(tmp_path, 0, [simulation(0)])
    other = {**CONFIGURATION, "input": {"duration_ms": 300, "noise": 0.25}}
    write(tmp_path, 1, [simulation(1)], other)
    with pytest.raises(InputError, match=r"do not belong together: input.noise is 0.5 and 0.25"):
        CellDataset.open(tmp_path)


def test_another_cell_is_named_first_whatever_else_differs(tmp_path):
    write(tmp_path, 0, [simulation(0)])
    other = {"cell": {"a_setting": 1, "digest": "5", "name": "point"}, "input": {"duration_ms": 300}}
    write(tmp_path, 1, [simulation(1)], other)
    with pytest.raises(InputError, match=r"do not belong together: cell.name is 'made up' and 'point'"):
        CellDataset.open(tmp_path)


def test_a_simulation_that_stands_twice_is_refused(tmp_path):
    write(tmp_path, 0, [simulation(0), simulation(1)])
    write(tmp_path, 1, [simulation(1)])
    with pytest.raises(InputError, match=r"simulation 1 of seed 0 stands in .*shard_00000.h5 and in .*shard_00001.h5"):
        CellDataset.open(tmp_path)


def test_shards_of_two_seeds_are_refused_in_one_folder_and_joined_from_two(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    write(tmp_path / "one", 0, [simulation(0), simulation(1)])
    write(tmp_path / "two", 1, [simulation(1)], seed=1)
    assert len(CellDataset.open([tmp_path / "one", tmp_path / "two"])) == 3
    write(tmp_path / "one", 1, [simulation(1)], seed=1)
    with pytest.raises(InputError, match=r"shard_00000.h5 and .*shard_00001.h5 .* of seeds 0 and 1; join"):
        CellDataset.open(tmp_path / "one")


def test_simulations_of_a_shard_hold_the_same(tmp_path):
    for other in (simulation(1, dendrites=True), simulation(1, duration_ms=200)):
        with pytest.raises(InputError, match=r"simulations of one shard must all hold the same: v_.* differs"):
            write(tmp_path, 0, [simulation(0), other])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.h5", "none.h5: there is no such folder or file"),
        ("empty", "empty holds no shards"),
        ("text.h5", "text.h5 is damaged"),
    ],
)
def test_what_is_no_data_set_is_one_line(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.h5").write_text("a text")
    with pytest.raises(InputError, match=message):
        CellDataset.open(tmp_path / name)
    with pytest.raises(InputError, match=r"damaged must be|unknown"):
        CellDataset.open(tmp_path, damaged="ignore")
