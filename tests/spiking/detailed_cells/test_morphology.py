"""Trees: lengths, areas and counts of the published pyramidal cell, and the order of what is in them."""

import math

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.morphology import Morphology, Section, ball_and_stick_morphology, l5_morphology
from rate2spike.spiking.detailed_cells.segments import morphology_dict, segments_of

PUBLISHED = {  # kind: sections, segments, length, area
    "soma": (1, 1, 23.17, 1131.4),
    "basal": (84, 262, 5133.5, 8863),
    "apical": (109, 377, 7440.9, 21009),
    "axon": (2, 2, 60.0, 188.5),
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_the_pyramidal_cell_is_as_large_as_published(kind):
    sections = [section for section in l5_morphology().sections if section.kind == kind]
    n_sections, n_segments, length_um, area_um2 = PUBLISHED[kind]
    assert (len(sections), sum(section.n_segments for section in sections)) == (n_sections, n_segments)
    assert sum(section.length_um for section in sections) == pytest.approx(length_um, rel=2e-3)
    assert sum(section.area_um2 for section in sections) == pytest.approx(area_um2, rel=2e-3)


def test_segments_of_sections_follow_the_rule_of_40_um():
    for section in l5_morphology().sections:
        if section.kind != "axon":  # it is put on after the cutting
            assert section.n_segments == 1 + 2 * math.floor(section.length_um / 40), section.name


def test_paths_are_as_long_as_published():
    cell = l5_morphology()
    starts = cell.start_distances_um
    ends = starts + [section.length_um for section in cell.sections]
    longest = {
        kind: max(e for e, section in zip(ends, cell.sections, strict=True) if section.kind == kind)
        for kind in ("basal", "apical")
    }
    assert longest == pytest.approx({"basal": 293.7, "apical": 1312.1}, abs=0.2)
    assert starts[cell.index("a0")] == pytest.approx(11.58, abs=0.05)
    assert ends.max() - starts[cell.index("a0")] == pytest.approx(1300.53, abs=0.1)
    assert sum(section.parent == 0 and section.kind == "basal" for section in cell.sections) == 8


def test_every_section_comes_after_its_parent_and_compartments_are_counted_through():
    cell = l5_morphology()
    assert all(section.parent is None or section.parent < k for k, section in enumerate(cell.sections))
    assert cell.n_compartments == 642 and cell.is_dendrite.sum() == 639
    assert cell.compartment("s0", 0.5) == 0 and cell.compartment("d0", 1.0) == 1 and cell.compartment("x1", 0.5) == 641
    nexus = segments_of(cell).distance_um[cell.compartment("a50", 0.9) - 1]
    assert nexus == pytest.approx(690, abs=1)


def test_segments_are_in_canonical_order_and_groups_as_in_the_figures():
    segments = segments_of(l5_morphology())
    assert segments.n_segments == 639 and (segments.kind == "basal").sum() == 262
    assert (segments.kind[:262] == "basal").all() and (np.diff(segments.section) >= 0).all()
    inside = np.diff(segments.section) == 0
    assert (np.diff(segments.distance_um)[inside] > 0).all()
    lengths = segments.length_um
    assert [lengths.mean(), lengths.min(), lengths.max()] == pytest.approx([19.68, 1.75, 39.91], abs=0.06)
    groups = segments.groups
    np.testing.assert_array_equal(groups["basal"], np.arange(262))
    np.testing.assert_array_equal(groups["tuft"], np.arange(366, 559))
    np.testing.assert_array_equal(groups["oblique"], [*range(262, 366), *range(559, 639)])


def test_coordinates_of_segments_lie_on_their_section():
    straight = Section("d0", "basal", 0, 0.5, 40.0, (1.0, 2.0), (0.0, 0.0, 30.0, 10.0))
    segments = segments_of(Morphology((Section("s0", "soma", None, 0, 20.0, (20.0,)), straight)))
    np.testing.assert_allclose(segments.ends_um, [[0, 0, 15, 5], [15, 5, 30, 10]])
    np.testing.assert_allclose(segments.centres_um, [[7.5, 2.5], [22.5, 7.5]])
    np.testing.assert_allclose(segments.distance_um, [20, 40])
    np.testing.assert_allclose(segments.area_um2, [20 * np.pi, 40 * np.pi])
    assert list(segments.groups) == ["all"]


def test_the_morphology_dictionary_has_every_published_key():
    tree = morphology_dict(l5_morphology())
    for name, length in (("length", 193), ("distance_from_soma", 193)):
        assert len(tree[f"all_sections_{name}"]) == length
    for name in ("length", "type", "distance_from_soma", "section_distance_from_soma", "section_index"):
        assert len(tree[f"all_segments_{name}"]) == 639
    within = tree["all_segments_segment_index_within_section_index"]
    assert len(within) == 639 and max(within) == 12
    assert sum(tree["all_segments_length"]) == pytest.approx(5133.5 + 7440.9, rel=5e-3)
    starts = np.array(tree["all_sections_distance_from_soma"])[tree["all_segments_section_index"]]
    np.testing.assert_allclose(tree["all_segments_section_distance_from_soma"], starts)
    for kind, n_sections, n_segments in (("basal", 84, 262), ("apical", 109, 377)):
        assert list(tree[f"all_{kind}_section_coords"]) == list(range(n_sections))
        coordinates = tree[f"all_{kind}_segment_coords"]
        assert len(coordinates) == n_segments and (0, 0) in coordinates
    whole, last = tree["all_apical_section_coords"][50], tree["all_apical_segment_coords"][50, 2]
    assert (whole["x"][0], whole["y"][1], last["x"][1]) == (19, 655, 15) and whole["d"][0] == 1.80


def test_a_ball_with_a_stick():
    cell = ball_and_stick_morphology(64, length_um=2048, diameter_um=1)
    soma, stick = cell.sections
    assert soma.area_um2 == pytest.approx(1963.5, abs=0.1) and stick.area_um2 == pytest.approx(6434, abs=1)
    assert segments_of(cell).distance_um[0] == 25 + 16 and cell.compartment("d0", 1.0) == 64
    assert ball_and_stick_morphology(8, 128, 4).sections[1].area_um2 == pytest.approx(1608.5, abs=0.1)
    for wrong in (dict(n_segments=0), dict(length_um=0), dict(diameter_um=float("nan"))):
        with pytest.raises(InputError, match=next(iter(wrong))) as caught:
            ball_and_stick_morphology(**wrong)
        assert "\n" not in str(caught.value)
