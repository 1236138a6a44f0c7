"""NWB files, read back by pynwb."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from rate2spike import __version__
from rate2spike.errors import InputError
from rate2spike.io.exports.nwb_export import NWBSession, nwb_file, write_nwb
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord

from helpers import small_model

pynwb = pytest.importorskip("pynwb")
U = np.ones((1, 4)) * 20


def recorded(seed=1, record=("output", "spikes", "voltage"), stride=1, u=U, **changes):
    network = SpikingNetwork.from_model(small_model(**changes), 5.0)
    return network.run(u, seed=seed, record=record, stride=stride)


@pytest.fixture
def read(tmp_path):
    """Write records, validate the file, and return the content that pynwb reads."""
    opened = []

    def write_and_read(records, **options):
        path = tmp_path / "r.nwb"
        write_nwb(records, path, **options)
        assert not pynwb.validate(path=str(path))
        opened.append(pynwb.NWBHDF5IO(str(path), "r"))
        return opened[-1].read()

    yield write_and_read
    for io in opened:
        io.close()


def test_units_trials_and_traces_of_one_record(read):
    record = recorded()
    file = read(record, session_start_time=datetime(2024, 5, 1, tzinfo=UTC))
    assert len(record.events) > 10 and len(file.units) == record.n_units
    for unit in range(record.n_units):
        np.testing.assert_array_equal(file.units["spike_times"][unit], record.spike_times_s(unit))
    assert list(file.units["cell_type"][:]) == np.where(record.inhibitory, "inhibitory", "excitatory").tolist()
    assert file.units.resolution == record.dt_s
    np.testing.assert_array_equal(file.trials.to_dataframe(), [[0, record.duration_s, 1]])
    voltage = file.acquisition["voltage"]
    np.testing.assert_array_equal(voltage.data[:], record.voltage_mv.T)
    assert (voltage.unit, voltage.conversion) == ("volts", 1e-3)
    output = file.acquisition["output"]
    np.testing.assert_array_equal(output.data[:], record.output.T)
    assert output.rate == pytest.approx(20_000) and output.starting_time == record.time_s[0]
    assert set(file.acquisition) == {"output", "voltage"}
    assert file.session_start_time == datetime(2024, 5, 1, tzinfo=UTC)
    assert file.notes == "seed: 1; scaling factor: 5; neuron: lif; step: 0.05 ms"
    assert file.was_generated_by[:].tolist() == [["rate2spike", __version__]]


@pytest.mark.parametrize("stride", [1, 7])
def test_trials_lie_end_to_end(read, stride):
    """Stride 7 does not divide a trial's 300 steps, so samples are not evenly spaced across trials."""
    records = [recorded(seed, stride=stride) for seed in (1, 2)]
    stimuli = [U, 2 * U]
    file = read(records, stimuli=stimuli)
    duration_s = records[0].duration_s
    np.testing.assert_array_equal(file.trials["start_time"][:], [0, duration_s])
    np.testing.assert_array_equal(file.trials["stop_time"][:], [duration_s, 2 * duration_s])
    assert file.trials["seed"][:].tolist() == [1, 2]
    for unit in range(12):
        expected = np.concatenate([records[0].spike_times_s(unit), duration_s + records[1].spike_times_s(unit)])
        np.testing.assert_array_equal(file.units["spike_times"][unit], expected)
        np.testing.assert_array_equal(
            file.units["obs_intervals"][unit], [[0, duration_s], [duration_s, 2 * duration_s]]
        )
    output = file.acquisition["output"]
    np.testing.assert_array_equal(output.data[:], np.concatenate([record.output.T for record in records]))
    expected = np.concatenate([records[0].time_s, duration_s + records[1].time_s])
    if stride == 7:
        np.testing.assert_array_equal(output.timestamps[:], expected)
    else:
        times_s = output.starting_time + np.arange(len(expected)) / output.rate
        np.testing.assert_allclose(times_s, expected, rtol=0, atol=1e-12)
    second = file.stimulus["input_2"]
    np.testing.assert_array_equal(second.data[:], stimuli[1].T)
    assert second.starting_time == duration_s and second.rate == pytest.approx(200)


def test_network_that_never_fires_and_cell_types_of_its_own(read):
    quiet = recorded(u=np.zeros((1, 3)), record=("spikes",))
    quiet = replace(quiet, events=np.zeros((0, 2), np.int32), unit_types=np.array(["PV", "E", "SOM"] * 4), seed=None)
    file = read(quiet)
    assert [len(times) for times in file.units["spike_times"][:]] == [0] * 12
    assert list(file.units["cell_type"][:3]) == ["PV", "E", "SOM"]
    assert "seed" not in file.trials.colnames and not file.acquisition and "seed: not recorded" in file.notes


def test_records_read_from_mat(read, tmp_path):
    from rate2spike.spiking.simulator.recording import RECORDABLE

    recorded(record=RECORDABLE).save(tmp_path / "r.mat")
    file = read(SpikeRecord.load(tmp_path / "r.mat"))
    assert set(file.units["cell_type"][:]) == {"unknown"}
    assert set(file.acquisition) == {"output", "voltage", "rates", "ipsc"}


def inspected(path) -> list[tuple[str, str]]:
    """What nwbinspector, which the DANDI archive runs, says of a file: importance and name of each failed check."""
    import nwbinspector  # with the test extra: never skipped

    found = nwbinspector.inspect_nwbfile(nwbfile_path=str(path))
    return sorted((message.importance.name, message.check_function_name) for message in found)


@pytest.mark.filterwarnings("ignore")  # of the inspector's own libraries
def test_the_inspector_misses_only_what_we_cannot_know(tmp_path):
    records = [recorded(seed, record=("output", "spikes", "voltage"), stride=7) for seed in (1, 2)]
    write_nwb(records, tmp_path / "r.nwb", stimuli=[U, U])
    suggestion = "BEST_PRACTICE_SUGGESTION"
    assert inspected(tmp_path / "r.nwb") == [
        (suggestion, "check_experimenter_exists"),
        (suggestion, "check_institution"),
    ]
    session = NWBSession(experimenter=("Kim, Robert",), institution="Salk Institute")
    write_nwb(records, tmp_path / "r.nwb", session=session)
    assert inspected(tmp_path / "r.nwb") == []


def test_the_subject_is_simulated_and_the_description_says_what_was(read):
    file = read([recorded(seed, record=("spikes",)) for seed in (3, 4)], session=NWBSession(subject_id="net-1"))
    what = "simulation of a spiking network of 12 lif units, 2 trials"
    assert file.session_description == what and file.subject.description == f"no animal or person: {what}"
    assert (file.subject.subject_id, file.subject.sex, file.subject.age) == ("net-1", "U", "P0D")
    notes = "seed: 3, 4; scaling factor: 5; neuron: lif; step: 0.05 ms"
    assert file.experiment_description == f"{what}; {notes}; rate2spike {__version__}"
    assert "simulation" in file.keywords[:]


def test_the_identifier_is_that_of_the_content():
    one, other = recorded(1), recorded(2)
    assert nwb_file(one).identifier == nwb_file(recorded(1)).identifier
    identifiers = {nwb_file(records).identifier for records in (one, other, [one, other], [other, one])}
    assert len(identifiers) == 4


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (list, "no spike record"),
        (lambda: recorded(record=("output",)), "spike record 1 holds no spikes"),
        (
            lambda: [recorded(), recorded(record=("spikes",))],
            "record 2 differs from the first in its recorded quantities",
        ),
        (lambda: [recorded(), recorded(n_units=9)], "record 2 differs from the first in its number of units"),
        (lambda: [recorded(), recorded(stride=2)], "record 2 differs from the first in its stride"),
    ],
)
def test_records_that_make_no_session_are_refused(tmp_path, records, message):
    with pytest.raises(InputError, match=message):
        write_nwb(records(), tmp_path / "r.nwb")
    assert not list(tmp_path.iterdir())


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"saved as \.nwb"):
        write_nwb(recorded(), tmp_path / "r.h5")
    with pytest.raises(InputError, match="1 trials, but 2 stimuli"):
        write_nwb(recorded(), tmp_path / "r.nwb", stimuli=[U, U])
    with pytest.raises(InputError, match=r"stimulus 1 must be inputs x columns.* \(4,\)"):
        write_nwb(recorded(), tmp_path / "r.nwb", stimuli=[U[0]])
