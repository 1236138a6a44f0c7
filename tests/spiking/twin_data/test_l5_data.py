"""Data of the layer-5 cell: the same files on any number of threads, sizes, and the published layout there and back."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS
from rate2spike.spiking.twin_data.legacy_file import export_legacy, import_legacy
from rate2spike.spiking.twin_data.safe_pickle import read_pickle
from rate2spike.spiking.twin_data.simulate import simulate
from rate2spike.spiking.twin_data.synapse_sites import sites_of

CELL = l5_pyramidal()
STRONG = replace(L5_VARIANTS["NMDA"].input, duration_ms=600, inhibition_excess_per_100ms=(-600.0, -300.0))
SETTINGS = dict(n_simulations=5, seed=2, progress=False, simulations_per_shard=5)
KEPT = dict(with_dendrites=True, with_fine_soma=True)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return simulate(CELL, STRONG, tmp_path_factory.mktemp("l5"), run_options=KEPT, n_threads=2, **SETTINGS)


def test_sites_are_the_segments():
    sites = sites_of(CELL)
    assert (sites.n_synapses, sites.n_excitatory, sites.n_trees) == (1278, 639, 2)
    for rows in (slice(0, 262), slice(262, 639), slice(639, 901), slice(901, 1278)):
        assert sites.share[rows].sum() == pytest.approx(1) and len(set(sites.tree[rows])) == 1
    share_of_first = (CELL.segments.length_um[0] + 10) / (CELL.segments.length_um[:262].sum() + 2620)
    assert sites.share[0] == pytest.approx(share_of_first)


def test_the_same_files_on_one_thread(dataset, tmp_path):
    again = simulate(CELL, STRONG, tmp_path, run_options=KEPT, n_threads=1, **SETTINGS)
    assert again.shards[0].path.read_bytes() == dataset.shards[0].path.read_bytes()


def test_with_all_segments_a_simulation_takes_less_than_half(dataset):
    """Row 17: at most 70 % of the published file, of which the segments alone take 639 * 600 * 2 bytes."""
    assert sum(one.n_spikes for one in dataset) > 3
    assert dataset.shards[0].path.stat().st_size / 5 < 0.5 * 639 * 600 * 2


def test_published_layout_there_and_back(dataset, tmp_path):
    (file,) = export_legacy(dataset, tmp_path, segments=CELL.segments, progress=False)
    params = read_pickle(file)["Params"]
    assert len(params["allSegmentsLength"]) == 639 and len(params["allSectionsLength"]) == 193
    assert params["allSectionsType"].count("basal") == 84 and params["allSegments_SectionInd"][-1] == 192
    assert sum(params["allSectionsLength"]) == pytest.approx(5133.5 + 7440.9, rel=0.005)
    for here, there in zip(dataset, import_legacy(file, tmp_path / "set", progress=False), strict=True):
        assert there.events == here.events
        np.testing.assert_array_equal(there.recording.spike_times_ms, here.recording.spike_times_ms)
        np.testing.assert_array_equal(there.recording.v_dendrites_mv, here.recording.v_dendrites_mv)
        for name in ("v_soma_mv", "v_nexus_mv", "v_soma_fine_mv"):  # half precision there
            np.testing.assert_allclose(getattr(there.recording, name), getattr(here.recording, name), atol=0.04)
