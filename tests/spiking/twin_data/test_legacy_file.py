"""The published pickles: nothing they name is run, what they hold comes back, and what is written has their layout."""

import collections
import os
import pickle
import re

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_data.legacy_file import export_legacy, import_legacy
from rate2spike.spiking.twin_data.safe_pickle import read_pickle
from rate2spike.spiking.twin_data.shard_file import ShardHead, write_shard
from rate2spike.spiking.twin_data.shards import CellDataset, shard_path

DURATION_MS, N_SEGMENTS = 5000, 6
FOLDER = "L5PC__activeDendrites_Ih_vshift_0_SKE2_mult_100__NMDA_GABA_A"
PARAMS = {
    "randomSeed": 7,
    "numSimulations": 3,
    "totalSimDurationInSec": 5,
    "collectAndSaveDVTs": True,
    "numSamplesPerMS_HighRes": 8,
    "excitatorySynapseType": "NMDA",
    "inhibitorySynapseType": "GABA_A",
    "useActiveDendrites": True,
    "Ih_vshift": 0,
    "inst_rate_sampling_time_interval_options_ms": [25, 30],
    "num_bas_ex_spikes_per_100ms_range": [0, 800],
    "num_bas_ex_inh_spike_diff_per_100ms_range": [-600, 200],
    "num_apic_ex_spikes_per_100ms_range": [0, 800],
    "num_apic_ex_inh_spike_diff_per_100ms_range": [-600, 200],
    "allSectionsType": ["basal", "apical"],
    "allSegmentsLength": np.linspace(10, 20, N_SEGMENTS).tolist(),
    "ISICV": 0.9,
    "listOfISIs": [12.5],
    "totalNumOutputSpikes": 9,
}


def legacy_simulation(seed, dendrites=True):
    rng = np.random.default_rng(seed)
    fine = rng.normal(-65, 4, 8 * DURATION_MS).astype("f2")
    peaks = np.sort(rng.choice(np.arange(8, 8 * DURATION_MS - 8, 80), 3, replace=False))
    fine[peaks] = 30
    spikes = {
        int(k): [int(t) for t in np.flatnonzero(rng.random(DURATION_MS) < 0.01)]
        for k in rng.permutation(N_SEGMENTS)[:5]
    }
    made = {
        "recordingTimeHighRes": (np.arange(fine.size) / 8).astype("f4"),
        "somaVoltageHighRes": fine,
        "nexusVoltageHighRes": rng.normal(-60, 4, fine.size).astype("f2"),
        "recordingTimeLowRes": np.arange(DURATION_MS, dtype="f4"),
        "somaVoltageLowRes": fine[::8],
        "nexusVoltageLowRes": rng.normal(-60, 4, DURATION_MS).astype("f2"),
        "exInputSpikeTimes": spikes,
        "inhInputSpikeTimes": {0: [3, 8], 5: [4999]},
        "outputSpikeTimes": (peaks / 8).astype("f2"),
    }
    return made | (
        {"dendriticVoltagesLowRes": rng.normal(-60, 9, (N_SEGMENTS, DURATION_MS)).astype("f2")} if dendrites else {}
    )


def write(path, simulations, **params):
    path.parent.mkdir(exist_ok=True)
    content = {"Params": PARAMS | params, "Results": {"listOfSingleSimulationDicts": simulations}}
    path.write_bytes(pickle.dumps(content, protocol=2))
    return path


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b


@pytest.mark.parametrize("dendrites", [True, False])
def test_what_was_imported_is_exported_as_it_was(tmp_path, dendrites):
    simulations = [legacy_simulation(k, dendrites) for k in range(3)]
    file = write(tmp_path / FOLDER / "first.p", simulations, collectAndSaveDVTs=dendrites)
    dataset = import_legacy(file, tmp_path / "set", progress=False)
    assert len(dataset) == 3 and dataset.cell == "L5PC NMDA" and dataset[1].number == 1
    assert dataset[2].events.n_synapses == 12 and dataset[2].recording.v_soma_mv.dtype == np.float32
    assert dataset[0].events.to_dense()[N_SEGMENTS, [3, 8]].all() and dataset[0].events.to_dense()[11, 4999]
    (exported,) = export_legacy(dataset, tmp_path / "again", progress=False)
    assert exported.parent.name == FOLDER
    assert exported.name == (
        "exBas_0_800_inhBasDiff_-600_200__exApic_0_800_inhApicDiff_-600_200__saved_InputSpikes_"
        f"{'DVTs' if dendrites else ''}__9_outSpikes__3_simulationRuns__5_secDuration__randomSeed_7.p"
    )
    with open(exported, "rb") as opened:
        content = pickle.load(opened, encoding="latin1")
    again = content["Results"]["listOfSingleSimulationDicts"]
    assert same(simulations, again)
    for name, value in simulations[0].items():
        assert type(again[0][name]) is type(value) and getattr(again[0][name], "dtype", 0) == getattr(value, "dtype", 0)
    given = PARAMS | {"collectAndSaveDVTs": dendrites}
    assert {name: content["Params"][name] for name in given} == given
    assert content["Params"]["numOutputSpikesPerSim"] == [3, 3, 3]


def test_rounded_times_can_be_moved_to_the_peaks(tmp_path):
    simulations = [legacy_simulation(k) for k in range(8)]
    file = write(tmp_path / "x" / "a.p", simulations)
    true = [np.flatnonzero(one["somaVoltageHighRes"] == 30) / 8 for one in simulations]
    as_kept = import_legacy(file, tmp_path / "kept")
    exact = import_legacy(file, tmp_path / "exact", exact_times=True)
    errors = [abs(a.recording.spike_times_ms - b).max() for a, b in zip(as_kept, true, strict=True)]
    assert max(errors) > 0.5
    assert all((a.recording.spike_times_ms == b).all() for a, b in zip(exact, true, strict=True))
    (exported,) = export_legacy(exact, tmp_path / "out")  # half precision does not hold them
    times = [one["outputSpikeTimes"] for one in read_pickle(exported)["Results"]["listOfSingleSimulationDicts"]]
    assert all((a == b).all() for a, b in zip(times, true, strict=True)) and times[0].dtype == np.float32


def test_a_data_set_of_ours_becomes_files_that_are_imported_again(tmp_path):
    source = import_legacy(write(tmp_path / "x" / "a.p", [legacy_simulation(k) for k in range(5)]), tmp_path / "source")
    settings = {
        "kind": "RandomInput",
        "duration_ms": DURATION_MS,
        "excitation_per_100ms": [0, 1900],
        "inhibition_excess_per_100ms": [-1500, 300],
        "apical_excitation_per_100ms": [0, 2000],
        "apical_inhibition_excess_per_100ms": None,
        "hold_ms": [25],
    }
    configuration = {"cell": {"name": "mine"}, "input": settings}
    simulations = list(source)
    write_shard(ShardHead(shard_path(tmp_path, 0), configuration, 3, (0, 1, 2)), simulations[:3])
    write_shard(ShardHead(shard_path(tmp_path, 1), configuration, 3, (3, 4)), simulations[3:])
    dataset = CellDataset.open(tmp_path)
    with pytest.raises(InputError, match=r"segments of .* must be given: only the published tree.s are known"):
        export_legacy(dataset, tmp_path / "out")
    segments = np.rec.fromarrays(
        [
            ["basal"] * 3 + ["apical"] * 3,
            [0, 0, 1, 2, 2, 2],
            [0.25, 0.75, 0.5, 1 / 6, 0.5, 5 / 6],
            [10.0] * 6,
            np.arange(6),
        ],
        names="kind,section,x,length_um,distance_um",
    )
    files = export_legacy(dataset, tmp_path / "out", variant="AMPA_SK", segments=segments, simulations_per_file=4)
    assert [re.search(r"__(\d)_simulationRuns__5_sec.*Seed_(\w+).p", one.name).groups() for one in files] == [
        ("4", "3"),
        ("1", "3_4"),
    ]
    assert files[0].parent.name == "L5PC__activeDendrites_Ih_vshift_0_SKE2_mult_10__AMPA_GABA_A"
    assert files[0].name.startswith("exBas_0_1900_inhBasDiff_-1500_300__exApic_0_2000_inhApicDiff_-1500_300__")
    params = read_pickle(files[0])["Params"]
    assert params["allSectionsLength"] == [20, 10, 30] and params["allSegments_SectionInd"] == [0, 0, 1, 2, 2, 2]
    assert params["allSectionsType"] == ["basal", "basal", "apical"]
    again = import_legacy(files, tmp_path / "again")
    assert list(again) == simulations


def test_without_finely_sampled_voltages_straight_lines_are_written(tmp_path):
    source = import_legacy(write(tmp_path / "x" / "a.p", [legacy_simulation(0)]), tmp_path / "source")
    one = source[0]
    for name in ("v_soma_fine_mv", "v_nexus_fine_mv", "v_dendrites_mv"):
        object.__setattr__(one.recording, name, None)
    write_shard(ShardHead(shard_path(tmp_path, 0), dict(source.configuration), 0, (0,)), [one])
    (file,) = export_legacy(CellDataset.open(tmp_path), tmp_path / "out")
    made = read_pickle(file)["Results"]["listOfSingleSimulationDicts"][0]
    fine, low = made["somaVoltageHighRes"].astype(float), made["somaVoltageLowRes"].astype(float)
    np.testing.assert_array_equal(fine[::8], low)
    np.testing.assert_allclose(fine[4:-8:8], (low[1:] + low[:-1]) / 2, atol=0.04)
    assert "dendriticVoltagesLowRes" not in made


class RunsACommand:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def built(*opcodes):
    return b"\x80\x02" + b"".join(opcodes) + b"."


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (pickle.dumps(RunsACommand(os.system, ("touch marker",)), 2), "it names posix.system, and would run it"),
        (pickle.dumps({"Params": [RunsACommand(eval, ("1/0",))]}, 4), "it names builtins.eval, and would run it"),
        (pickle.dumps(RunsACommand(getattr, ("x", "y")), 0), "it names __builtin__.getattr, and would run it"),
        (b"cnumpy.testing._private.utils\nrunstring\n(S'1'\n}tR.", "it names numpy.testing._private.utils.runstring"),
        (b"cnumpy\nload\n(S'x'\ntR.", "it names numpy.load"),
        (b"cos\nsystem\n(S'ls'\ntR.", "it names os.system"),
        (b"(ios\nsystem\n.", "it names os.system"),
        (built(b"cnumpy.core.multiarray\n_reconstruct.__globals__\n"), "_reconstruct.__globals__, and would run it"),
        (pickle.dumps(np.array([RunsACommand(os.system, ("ls",))], object), 2), "posix.system|array of type 'O8'"),
        (pickle.dumps(np.array([None, 1], object), 2), "it holds an array of type 'O8', which is neither numbers nor"),
        (pickle.dumps(np.zeros(2, [("a", "f4"), ("b", "O")]), 2), "array of type 'V12'"),
        (pickle.dumps(np.zeros(2, "M8[s]"), 2), "array of type 'M8'"),
        (b"cnumpy\nndarray\n(I1\ntR.", "it makes an array in a way that is not known"),
        (b"c_codecs\nencode\n(S'x'\nS'zlib'\ntR.", "it asks for the encoding 'zlib'"),
        (b"Pelsewhere\n.", "it names something outside of it"),
    ],
)
def test_nothing_that_a_pickle_names_is_run(tmp_path, monkeypatch, content, named):
    monkeypatch.chdir(tmp_path)
    path, marker = tmp_path / "bad.p", tmp_path / "marker"
    path.write_bytes(content)
    with pytest.raises(InputError, match=named) as caught:
        import_legacy(path, tmp_path / "set")
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert not marker.exists()


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("core", [b"numpy._core.", b"numpy.core."])
def test_plain_values_are_read(tmp_path, protocol, core):
    arrays = [np.arange(7, dtype=kind) for kind in ("f2", "f4", "f8", "i1", "i8", "u2", ">f4", "c8")]
    value = {
        "arrays": [
            *arrays,
            np.arange(6.0).reshape(2, 3).T,
            np.array([True, False]),
            np.array(["a", "bc"]),
            np.zeros(0),
        ],
        "numbers": [np.float16(2.5), np.int64(4), np.bool_(True), 3, 2**70, -0.5, 1j, None, True],
        "text": ("a", b"bytes", "ä"),
        "containers": [collections.OrderedDict(a=1), collections.defaultdict(list, {3: [1]}), {1, 2}, frozenset({3})],
    }
    path = tmp_path / "good.p"
    content = pickle.dumps(value, protocol)
    if protocol < 4:  # later ones count the letters of names
        content = content.replace(b"numpy._core.", core)
    path.write_bytes(content)
    read = read_pickle(path)
    assert same(value["arrays"], read["arrays"])
    assert [one.dtype for one in read["arrays"]] == [one.dtype for one in value["arrays"]]
    assert read["numbers"] == value["numbers"] and list(map(type, read["numbers"])) == list(map(type, value["numbers"]))
    assert read["text"] == value["text"] and read["containers"] == value["containers"]


def test_pickles_of_python_2_are_read(tmp_path):
    """Text in bytes, and arrays whose data are text."""
    path = tmp_path / "old.p"
    path.write_bytes(
        b"\x80\x02}q\x01(U\x01aq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nq\x05U\x02f2K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x04\x00\x3c\x00\xbctbU\x03setc__builtin__\nset\n]q\x06(K\x01K\x02e\x85Ru."
    )
    assert same(read_pickle(path), {"a": np.array([1, -1], "f2"), "set": {1, 2}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is damaged, or no pickle"),
        (b"some text", "is damaged, or no pickle"),
        (pickle.dumps({"Params": {}}, 2)[:-3], "is damaged, or no pickle"),
        (pickle.dumps([1, 2], 2), "has not the layout of the published simulations"),
        (pickle.dumps({"Params": {}, "Results": {}}, 2), r"has not the layout of the published simulations \(KeyError"),
        (b"]q\x00h\x00a.", "is damaged, or no pickle: maximum recursion depth"),
    ],
)
def test_other_files_are_one_line(tmp_path, content, message):
    path = tmp_path / "file.p"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        import_legacy(path, tmp_path / "set")
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dendriticVoltagesLowRes": np.zeros((3, 5), "f2")}, r"v_dendrites_mv has shape \(3, 5\), not \(6, 5000\)"),
        ({"somaVoltageHighRes": np.zeros(99, "f2")}, r"v_soma_fine_mv has shape \(99,\), not \(40000,\)"),
        ({"nexusVoltageLowRes": np.zeros(9, "f2")}, r"v_nexus_mv has shape \(9,\), not \(5000,\)"),
        ({"outputSpikeTimes": np.array([5004], "f2")}, "outputSpikeTimes are not from 0 to 5000 ms"),
        ({"exInputSpikeTimes": {6: [5]}, "inhInputSpikeTimes": {6: [5]}}, "synapse must be from 0 to 11, got 12"),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(tmp_path, changed, message):
    path = write(tmp_path / "x" / "a.p", [legacy_simulation(0) | changed])
    with pytest.raises(InputError, match=message) as caught:
        import_legacy(path, tmp_path / "set")
    assert "\n" not in str(caught.value) and not list((tmp_path / "set").glob("*.h5"))


def test_a_seed_that_is_none_or_no_number(tmp_path):
    (shard,) = import_legacy(
        write(tmp_path / "x" / "a.p", [legacy_simulation(0)], randomSeed=None), tmp_path / "y"
    ).shards
    assert shard.seed == 0
    with pytest.raises(InputError, match=r"a\.p: randomSeed must be a whole number from 0, got 'abc'"):
        import_legacy(write(tmp_path / "x" / "a.p", [legacy_simulation(0)], randomSeed="abc"), tmp_path / "z")
    with pytest.raises(InputError, match="paths must be a path, got None"):
        import_legacy(None, tmp_path / "z")


def test_files_of_different_seeds_are_one_data_set(tmp_path):
    for k in range(3):
        write(tmp_path / "x" / f"{k}.p", [legacy_simulation(k)], randomSeed=70 + k)
    imported = import_legacy(tmp_path / "x", tmp_path / "set")
    assert [shard.seed for shard in imported.shards] == [70, 71, 72]
    assert CellDataset.open(tmp_path / "set").n_simulations == 3


def test_files_of_different_settings_and_taken_folders_are_refused(tmp_path):
    one = write(tmp_path / "x" / "a.p", [legacy_simulation(0)])
    other = write(tmp_path / "x" / "b.p", [legacy_simulation(1)], randomSeed=8, Ih_vshift=5)
    with pytest.raises(InputError, match=r"do not belong together: legacy_params.Ih_vshift is 0 and 5"):
        import_legacy([one, other], tmp_path / "set")
    assert list((tmp_path / "set").iterdir()) == []
    import_legacy(one, tmp_path / "set")
    with pytest.raises(InputError, match="set holds a data set already: choose another folder"):
        import_legacy(one, tmp_path / "set")
    with pytest.raises(InputError, match=r"paths must name one file \(\*.p\) at least"):
        import_legacy(tmp_path, tmp_path / "new")
    with pytest.raises(InputError, match=r"cannot read .*none.p: No such file"):
        import_legacy(tmp_path / "none.p", tmp_path / "new")
