"""benchmarks/bench_dendritic_engine.py: what is compared has the same spikes to do, and runs."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import bench_dendritic_engine as bench
from random_network import mean_rate_hz, random_network


def test_points_and_dendrites_fire_alike_and_differ():
    points = random_network(50, 0.2, 20.0)
    dendritic = bench.with_compartments(points, 4)
    assert mean_rate_hz(dendritic) == pytest.approx(mean_rate_hz(points), rel=0.1)
    u = bench.silent_input(1000)
    ipsc = [one.run(u, seed=1, record="ipsc").ipsc for one in (points, dendritic)]
    assert np.abs(ipsc[1] - ipsc[0]).max() > 0.01


def test_every_case_is_timed_against_points():
    found = bench.run(n_steps=200, repeats=1)
    assert min(found.values()) > 0
    assert [name for name in found if " / " in name] == [
        f"{n} compartments / points, {percent} % connected" for percent in (20, 100) for n in (2, 4, 8)
    ]
