"""What every export does. A new one adds a line to EXPORTS; the first test finds those that are not listed."""

import pkgutil
import re
import sys
from importlib import import_module

import numpy as np
import pytest

import rate2spike as r2s
import rate2spike.io.exports
from rate2spike.cli.export import SUFFIXES
from rate2spike.errors import InputError
from rate2spike.io.exports.neo_export import write_neo
from rate2spike.io.exports.nir_export import nir_graph, write_nir
from rate2spike.io.exports.nwb_export import write_nwb
from rate2spike.spiking.simulator.nir_network import nir_network

from helpers import small_model

pytestmark = pytest.mark.filterwarnings("ignore:NIR cannot hold")
U = np.ones((1, 4)) * 20
NETWORK = r2s.SpikingNetwork.from_model(small_model(), 5.0)


def trial():
    return NETWORK.run(U, seed=1, record=("output", "spikes"), precision="float64")


def spikes_by_nir(path):
    return r2s.read_nir(path).run(U, seed=1, record="spikes", precision="float64").events


def spikes_by_nwb(path):
    import pynwb

    with pynwb.NWBHDF5IO(str(path), "r") as file:
        units = file.read().units
        return _events([units["spike_times"][k] for k in range(len(units))])


def spikes_by_neo(path):
    import neo

    return _events(
        [train.rescale("s").magnitude for train in neo.io.NeoMatlabIO(str(path)).read_block().segments[0].spiketrains]
    )


def _events(times_s):
    """(n, 2) unit and step, in order of time."""
    events = [(unit, round(t / NETWORK.dt_s) - 1) for unit, times in enumerate(times_s) for t in times]
    return np.array(sorted(events, key=lambda event: event[::-1]))


# what --to takes: what writes it, spikes as the other library has them, that library, and where it writes
EXPORTS = {
    "nir": (lambda path: write_nir(nir_graph(nir_network(NETWORK)), path), spikes_by_nir, "nir", "nir.write"),
    "nwb": (lambda path: write_nwb(trial(), path), spikes_by_nwb, "pynwb", "pynwb.NWBHDF5IO.write"),
    "neo": (lambda path: write_neo(trial(), path), spikes_by_neo, "neo", "neo.io.NeoMatlabIO.write_block"),
}
every_export = pytest.mark.parametrize("name", EXPORTS)


def path_of(name, tmp_path):
    pytest.importorskip(EXPORTS[name][2])
    return tmp_path / f"export{SUFFIXES[name]}"


def test_every_export_of_the_room_is_listed():
    room = rate2spike.io.exports
    modules = [import_module(f"{room.__name__}.{item.name}") for item in pkgutil.iter_modules(room.__path__)]
    writers = {name for module in modules for name in vars(module) if name.startswith("write_")} - {"write_atomically"}
    assert writers == {f"write_{name}" for name in EXPORTS} and set(SUFFIXES) == set(EXPORTS)


@every_export
def test_the_other_library_reads_the_spikes(name, tmp_path):
    path = path_of(name, tmp_path)
    write, spikes, *_ = EXPORTS[name]
    write(path)
    events = trial().events
    assert len(events) > 10
    np.testing.assert_array_equal(spikes(path), events[np.lexsort(events.T)])
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@every_export
def test_a_write_that_fails_leaves_the_old_file(name, tmp_path, monkeypatch):
    path = path_of(name, tmp_path)
    path.write_text("old")

    def fails(*arguments, **options):
        raise ValueError("too large")

    monkeypatch.setattr(EXPORTS[name][3], fails)
    with pytest.raises((ValueError, InputError), match="too large"):
        EXPORTS[name][0](path)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(path.name, "old")]


@every_export
def test_without_the_library_the_extra_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, EXPORTS[name][2], None)
    with pytest.raises(InputError, match=re.escape(f"pip install 'rate2spike[{name}]'")):
        EXPORTS[name][0](tmp_path / f"export{SUFFIXES[name]}")
    assert not list(tmp_path.iterdir())
