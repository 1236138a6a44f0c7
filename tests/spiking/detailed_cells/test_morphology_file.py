"""Trees from files: a small cell in both formats by arithmetic, what cannot be read, and that such a cell runs."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.detailed_cells.morphology_file import load_morphology
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets

pytest.importorskip("morphio")
SWC = """# a small cell
1 1 0 0 0 10 -1
2 3 10 0 0 1 1
3 3 60 0 0 1 2
4 3 100 30 0 .5 3
5 3 100 -30 0 .5 3
6 4 0 10 0 2 1
7 4 0 300 0 1 6
8 2 0 -10 0 1 1
9 2 0 -50 0 1 8
"""
ASC = """("CellBody" (CellBody) (-8 -8 0 0) (8 -8 0 0) (8 8 0 0) (-8 8 0 0))
((Dendrite) (8 0 0 2) (60 0 0 2) ( (100 30 0 1) | (100 -30 0 1) ) )
((Apical) (0 8 0 4) (0 300 0 2))
"""


def written(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def test_sections_of_a_swc_file(tmp_path):
    found = load_morphology(written(tmp_path, "cell.swc", SWC))
    assert [section.name for section in found.sections] == ["s0", "d0", "d1", "d2", "a0", "x0", "x1"]
    assert [section.parent for section in found.sections] == [None, 0, 1, 1, 0, 0, 5]
    assert [section.parent_x for section in found.sections[1:]] == [0.5, 1, 1, 0.5, 0.5, 1]
    assert [section.n_segments for section in found.sections] == [1, 3, 3, 3, 15, 1, 1]
    np.testing.assert_allclose([section.length_um for section in found.sections[:5]], [20, 50, 50, 50, 290])
    cone = np.pi * (2 + 1) / 2 * np.hypot(50, 0.5)
    np.testing.assert_allclose(
        [section.area_um2 for section in found.sections[:4]], [np.pi * 400, np.pi * 2 * 50, cone, cone]
    )
    apical = found.sections[4].diameters_um
    np.testing.assert_allclose(np.diff(apical), -2 / 15, rtol=1e-4)
    assert len(load_morphology(tmp_path / "cell.swc", axon_stump=False).sections) == 5


def test_a_contour_becomes_a_ball(tmp_path):
    found = load_morphology(written(tmp_path, "cell.asc", ASC), segment_um=1000)
    assert found.sections[0].diameters_um[0] == pytest.approx(2 * np.hypot(8, 8))
    assert [section.kind for section in found.sections] == ["soma", *["basal"] * 3, "apical", "axon", "axon"]
    assert found.n_compartments == 7


def test_a_cell_of_a_file_fires(tmp_path):
    cell = l5_pyramidal(morphology=load_morphology(written(tmp_path, "cell.swc", SWC)))
    assert cell.name == "own tree NMDA" and cell.nexus is None
    (found,) = cell.run([SynapticEvents(cell.n_synapses, 300, [], [])], current_na=0.5 * (np.arange(300) > 100))
    assert cell.n_segments == 24 and found.n_spikes > 1


def test_data_sets_of_a_cell_of_a_file(tmp_path):
    file = written(tmp_path, "cell.swc", SWC)
    config = SimulationConfig(morphology=str(file), n_train=2, n_valid=0, n_test=0, duration_ms=200)
    found = simulate_sets(config, tmp_path / "data", progress=False)["train"]
    assert found.cell == "own tree NMDA" and found[0].events.n_synapses == 48
    with pytest.raises(InputError, match="morphology is for layer 5 cells"):
        SimulationConfig(cell="NMDA_cable", morphology=str(file))
    with pytest.raises(InputError, match="morphology must be a Morphology"):
        l5_pyramidal(morphology=str(file))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "bad.swc",
            SWC.replace("3 3 60 0", "3 3 60 abc"),
            r"bad.swc, line 4: no reconstruction that can be read \(Unable",
        ),
        ("orphan.swc", SWC.replace("0 0 1 2\n", "0 0 1 77\n"), "orphan.swc, line 4: .* parent ID: 77"),
        ("bad.asc", ASC.replace("2) (60", "2 (60"), r"bad.asc, line 2: no reconstruction"),
        ("cell.txt", SWC, "cell.txt: no reconstruction that can be read"),
        ("axon.swc", SWC.splitlines()[1] + "\n", "axon.swc has no dendrites"),
        (
            "negative.swc",
            SWC.replace("60 0 0 1 2", "60 0 0 -1 2"),
            r"negative.swc has a negative radius at \(.*, 0\): -1 um",
        ),
        ("twice.swc", SWC.replace("\n9 2", "\n5 2"), r"twice.swc, line \d+: .*Repeated ID: .* line \d+"),
        ("long.swc", SWC.replace("3 3 60 0", "3 3 6e12 0"), "long.swc has a section of 6e.12 um: .* more than 100000"),
        (
            "crossed.swc",
            SWC + "10 3 9 400 0 1 7\n11 4 -9 400 0 1 7\n",
            r"crossed.swc has a basal dendrite that grows out of an apical dendrite, at \(0, 300, 0\)",
        ),
        ("headless.swc", "1 3 0 0 0 1 -1\n2 3 0 9 0 1 1\n", "headless.swc has no soma"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, name, text, message):
    with pytest.raises(InputError, match=message) as caught:
        load_morphology(written(tmp_path, name, text))
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"none\.swc does not exist"):
        load_morphology(tmp_path / "none.swc")
    with pytest.raises(InputError, match="is no file"):
        load_morphology(tmp_path)
    with pytest.raises(InputError, match="path must be a path, got None"):
        load_morphology(None)
