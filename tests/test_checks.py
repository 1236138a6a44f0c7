"""An argument that takes several names takes one as well: a string is one name, never its letters."""

import numpy as np
import pytest

from rate2spike.checks import as_array, each_name, names_given, several
from rate2spike.errors import InputError
from rate2spike.io.exports.nwb_export import NWBSession
from rate2spike.matlab_compat.matfile import append, loadmat, savemat
from rate2spike.rate.cell_types import CellTypes
from rate2spike.spiking.analysis.firing_rates import firing_rates, psth
from rate2spike.spiking.analysis.trials import conditions_of
from rate2spike.spiking.search.options import checked_factors
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model


@pytest.fixture(scope="module")
def record():
    network = SpikingNetwork.from_model(small_model(), 10)
    return network.run(np.ones((1, 4)), seed=1, record=("output", "spikes", "rates"))


def test_each_name():
    assert each_name("w_in") == ("w_in",)
    assert each_name(["w", "w_in"]) == each_name(name for name in ("w", "w_in")) == ("w", "w_in")
    assert each_name(()) == ()


def test_several_things_and_one():
    assert several(range(2)) == several(np.arange(2)) == several(iter((0, 1))) == [0, 1]
    assert several("w_in") == ["w_in"] and several(b"x") == [b"x"] and several(None) == [None]
    assert several(np.array(3)) == [3]  # it says that it can be iterated over, and cannot


def test_what_is_no_array_is_one_line():
    np.testing.assert_array_equal(as_array([1, 2], "x", float), [1.0, 2.0])
    for wrong, dtype in (([[1, 2], [3]], None), ("", float), ({}, float), (None, np.int64), (2**63, np.int64)):
        with pytest.raises(InputError, match="x must be an array") as caught:
            as_array(wrong, "x", dtype)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="names must be text, or several texts, got array\\(3\\)"):
        names_given(np.array(3), "names", "names")


@pytest.mark.parametrize("version", ["5", "7", "7.3"])
def test_variables_of_a_mat_file(tmp_path, version):
    path = tmp_path / "f.mat"
    savemat(path, {"w": 1, "w_in": 2, "o": 3, "r": 4, "opt_scaling_factor": 5}, version)
    assert loadmat(path, "w_in") == {"w_in": 2}
    append(path, {}, remove="opt_scaling_factor")
    assert set(loadmat(path)) == {"w", "w_in", "o", "r"}
    assert loadmat(path, (name for name in ("w", "o"))) == {"w": 1, "o": 3}


def test_variables_of_a_v4_file(tmp_path):
    import scipy.io

    scipy.io.savemat(tmp_path / "f.mat", {"w": 1.0, "w_in": 2.0, "i": 3.0}, format="4")
    assert loadmat(tmp_path / "f.mat", "w_in") == {"w_in": 2}
    append(tmp_path / "f.mat", {}, remove="w_in")
    assert set(loadmat(tmp_path / "f.mat")) == {"w", "i"}


def test_quantities_of_a_record(tmp_path, record):
    record.save(tmp_path / "trial.h5")
    back = SpikeRecord.load(tmp_path / "trial.h5", only="events")
    assert back.output is None and back.rates is None and (back.events == record.events).all()
    with pytest.raises(InputError, match="a record holds no spikes: choose from output, events"):
        SpikeRecord.load(tmp_path / "trial.h5", only=("output", "spikes"))
    assert set(record.to_historic("spk")) == {"spk"}
    with pytest.raises(InputError, match="a record holds no V: choose from W, REC"):
        record.to_historic("V")
    network = SpikingNetwork.from_model(small_model(), 10)
    alone = network.run(np.ones((1, 4)), seed=1, record="rates")
    assert alone.output is None and (alone.rates == record.rates).all()


def test_unit_types_and_labels(record):
    assert firing_rates(record, types="excitatory").unit_types == ("excitatory",)
    assert psth(record, types="inhibitory").unit_types == ("inhibitory",)
    with pytest.raises(InputError, match="one label per trial: 2 trials"):
        conditions_of("ab", 2)  # not 'a' for one trial and 'b' for the other
    assert conditions_of("go", 1)[0] == ("go",)


def test_people_and_keywords_of_a_session():
    session = NWBSession(experimenter="Kim, Robert", keywords="simulation")
    assert session.experimenter == ("Kim, Robert",) and session.keywords == ("simulation",)


def test_scaling_factors_are_no_digits():
    assert checked_factors(25) == checked_factors(np.int64(25)) == checked_factors([25.0, 25]) == (25.0,)
    with pytest.raises(InputError, match="scaling factors are numbers, got '25'"):
        checked_factors("25")  # not 2 and 5


def test_cell_types_and_stimulated_units():
    assert CellTypes("PYR", (1.0,), (False,), ((True,),)).names == ("PYR",)
    with pytest.raises(InputError, match="shares must have 1 entries, one per name, got 2"):
        CellTypes("EI", (0.8, 0.2), (False, True), ((True, True), (True, True)))
    table = {"names": "PYR", "shares": [1], "inhibitory": [False], "allowed": [[True]]}
    assert CellTypes.from_table(table, "f.toml").names == ("PYR",)
    with pytest.raises(InputError, match="cell_type='SOM'"):
        Stimulation("exc", 0, 10, units="SOM")
