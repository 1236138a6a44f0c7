"""benchmarks/bench_dendrites.py: the rival computes the same, and both are timed."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import bench_dendrites as bench

SMALL = tuple(
    bench.Contest(one.name, one.coupling, n_steps=9, n_batch=4, n_soma=32, tau_soma=5.0) for one in bench.CONTESTS
)


@pytest.mark.parametrize("contest", SMALL, ids=lambda one: one.name)
def test_ours_and_the_rival_agree_and_are_timed(contest):
    pytest.importorskip("torch")
    import dendrites_in_pytorch as rival

    inputs, slopes = contest.drawn()
    own = bench.Ours(contest, inputs, slopes)
    said = rival.Statement(
        contest.tau_dend, contest.tau_soma, contest.forward_strength, contest.coupling, inputs, contest.n_soma, slopes
    )
    theirs = rival.take(said, 1)
    bench.check_agreement(own.eager(), theirs)
    assert rival.seconds() > 0
    wrong = (theirs[0], [1.1 * one for one in theirs[1]])
    with pytest.raises(AssertionError):
        bench.check_agreement(own.compiled(), wrong)


def test_without_the_rival_ours_is_timed():
    found = bench.timed(SMALL[0], None, 1, repeats=1)
    assert [name.split(", ")[2].split(":")[0] for name in found] == ["eager", "compiled"]
    assert min(found.values()) > 0


def test_the_closed_form_keeps_to_its_memory():
    found = bench.closed_form(repeats=1)
    assert len(found) == 2 and all(np.isfinite(value) for value in found.values())
