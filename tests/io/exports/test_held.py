"""What users call to export, by the façade's `exports` and `manipulations`: the object first, wrong calls in one line."""

from datetime import datetime

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.io.exports.nir_export import NIRNetwork, nir_graph, write_nir
from rate2spike.spiking.simulator.nir_network import nir_network

from helpers import small_model

U = np.ones((1, 21)) * 20
SILENT = dict(t_ref_s=0.0, noise_sd_mv=0.0)  # what NIR has no place for
exports, manipulations = r2s.exports, r2s.manipulations


@pytest.fixture(scope="module")
def network():
    return r2s.SpikingNetwork.from_model(small_model(), 5.0, params=r2s.LIFParams(**SILENT))


@pytest.fixture(scope="module")
def record(network):
    return network.run(U, seed=1)


def test_the_facade_has_both_as_modules():
    assert {"exports", "manipulations"} <= set(dir(r2s))
    assert exports.__name__ == "rate2spike.spiking.simulator.exports" and manipulations.__name__.endswith(
        "manipulations"
    )
    for name in exports.__all__:
        assert hasattr(exports, name)


@pytest.mark.parametrize(
    ("tau_r_s", "form", "expected"),
    [(0.0, None, "cubalif"), (0.002, None, "cubali"), (0.0, "cubali", "cubali"), (0.0, "CubaLIF", "cubalif")],
)
def test_a_network_is_written_in_the_form_that_is_exact(tmp_path, tau_r_s, form, expected):
    pytest.importorskip("nir")
    params = r2s.LIFParams(tau_r_s=tau_r_s, **SILENT)
    network = r2s.SpikingNetwork.from_model(small_model(), 5.0, params=params)
    assert exports.to_nir(network, form).metadata["form"] == expected
    exports.write_nir(network, tmp_path / "n.nir", form=form)
    again = r2s.read_nir(tmp_path / "n.nir").run(U, seed=1, precision="float64")
    np.testing.assert_array_equal(again.events, network.run(U, seed=1, precision="float64").events)


def test_the_graph_may_still_come_after_the_path(network, tmp_path):
    pytest.importorskip("nir")
    described = nir_network(network)
    assert isinstance(described, NIRNetwork) and "n_units=12" in repr(described) and described == nir_network(network)
    graph = nir_graph(described)
    with pytest.warns(FutureWarning, match=r"write_nir\(path, graph\) is now called write_nir\(graph, path\)"):
        write_nir(tmp_path / "n.nir", graph)
    assert r2s.read_nir(tmp_path / "n.nir").n_units == 12


def test_a_session_shows_what_is_said():
    session = exports.NWBSession(experimenter="Doe, Jane")
    assert "experimenter=('Doe, Jane',)" in repr(session) and "lab" not in repr(session)
    assert session == exports.NWBSession(experimenter=("Doe, Jane",)) and hash(session)


def test_warnings_name_the_line_of_the_user(tmp_path):
    pytest.importorskip("nir")
    network = r2s.SpikingNetwork.from_model(small_model(), 5.0)
    with pytest.warns(UserWarning, match="NIR cannot hold") as warned:
        exports.write_nir(network, tmp_path / "n.nir")
    with pytest.warns(UserWarning, match="takes experimenters as") as of_name:
        exports.NWBSession(experimenter="Jane")
    assert {one[0].filename for one in (warned, of_name)} == {__file__}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n, r: exports.write_nwb("x.nwb", r), "path must be a path, got SpikeRecord"),
        (lambda n, r: exports.write_nwb(r), "write_nwb: path is missing; it takes records, path"),
        (lambda n, r: exports.write_nwb(r, "x.h5"), "x.h5: an NWB file is saved as .nwb"),
        (lambda n, r: exports.write_nwb(5, "x.nwb"), "a spike record, or a list of them, is needed; got 5"),
        (lambda n, r: exports.write_nwb([r, 5], "x.nwb"), "a spike record, or a list of them, is needed; got 5"),
        (lambda n, r: exports.write_nwb(r, "x.nwb", session="x"), "session must be an NWBSession, got 'x'"),
        (lambda n, r: exports.write_nwb(r, "x.nwb", session_start_time=datetime(2000, 1, 1)), "with a time zone"),
        (lambda n, r: exports.write_nwb(r, "x.nwb", stimuli=5), "stimuli must be a list of arrays"),
        (lambda n, r: exports.NWBSession(lab=5), "lab must be text, got 5"),
        (lambda n, r: exports.NWBSession(keywords=(5,)), "keywords must be text, got 5"),
        (lambda n, r: exports.NWBSession(who="x"), "NWBSession: unknown setting 'who'"),
        (lambda n, r: exports.write_neo("x.mat", r), "path must be a path, got SpikeRecord"),
        (lambda n, r: exports.to_neo("x"), "a spike record, or a list of them, is needed"),
        (lambda n, r: exports.write_nir("x.nir", n), "path must be a path, got SpikingNetwork"),
        (lambda n, r: exports.write_nir(n, "x.h5"), "x.h5: a NIR graph is saved as .nir"),
        (lambda n, r: exports.to_nir(5), "network must be a SpikingNetwork, got 5"),
        (lambda n, r: exports.to_nir(n, "cuba"), "unknown form 'cuba': choose from cubali, cubalif"),
        (lambda n, r: manipulations.lesion(5, "I"), "network must be a SpikingNetwork, got 5"),
        (lambda n, r: manipulations.lesion(n, 5), "units must be whole numbers from 0, or a mask of bool, got 5"),
        (lambda n, r: manipulations.lesion(n), "lesion: units is missing"),
        (lambda n, r: manipulations.scale_connections(n, "I", "E", "a"), "scaled by a number, got 'a'"),
        (lambda n, r: manipulations.scale_connections(n, 5, "E", 1), "units are named by .* or a unit type, got 5"),
        (lambda n, r: manipulations.scale_connections(n, "I", "E", 1, scale=1), "unknown setting 'scale'"),
        (lambda n, r: manipulations.shuffle_weights(n, "a"), "seed must be a whole number"),
        (lambda n, r: manipulations.replace_weights(n), "no weights are given: w, w_in or both"),
        (lambda n, r: manipulations.replace_weights(n, w="a"), r"w must be an array \(12, 12\) of numbers, got 'a'"),
        (lambda n, r: manipulations.replace_weights(n, w=5), "w must be 12 x 12, got a number"),
    ],
)
def test_wrong_calls_are_one_line(network, record, call, message):
    for module in ("pynwb", "neo", "nir"):
        pytest.importorskip(module)
    with pytest.raises(InputError, match=message) as caught:
        call(network, record)
    assert "\n" not in str(caught.value)
