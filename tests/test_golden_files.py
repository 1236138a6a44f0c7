"""Golden tests find their numbers: where CI demands it, a missing file or case is a failure, not a test that is skipped."""

import os

import pytest

from helpers import golden_csnn, golden_dendsn, golden_folder, missing_golden


@pytest.mark.skipif("RATE2SPIKE_REQUIRE_GOLDEN" not in os.environ, reason="only where RATE2SPIKE_REQUIRE_GOLDEN is set")
def test_every_golden_file_and_case_is_there():
    assert missing_golden(golden_folder(), golden_csnn(), golden_dendsn()) == []


def test_what_is_missing_is_named(tmp_path):
    (tmp_path / "lif").mkdir()
    (tmp_path / "lif" / "in_base.mat").touch()
    missing = missing_golden(tmp_path, {"alif": {}}, {"neuron.vdiff_seg": {}})
    assert {"lif/out_base.mat", "csnn.json: stack", "dendsn.json: neuron.vact_seg"} <= set(missing)
    assert not {"lif/in_base.mat", "csnn.json: alif", "dendsn.json: neuron.vdiff_seg"} & set(missing)


def test_every_case_is_of_a_kind_that_tests_take():
    """They take every case of these kinds; of `training` only the published figures are known (test_training.py)."""
    taken = "dendrite functional learning neuron pa passive soma stochastic surrogate synapse wiring".split()
    left = sorted(name for name in golden_dendsn() if name.split(".")[0] not in taken)
    if left:
        pytest.skip(f"no test takes {', '.join(left)}")
