"""The sweep of the recurrent dendrite: every row is the run that it names, whatever the threads and the runs beside it."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import loadmat, savemat
from rate2spike.readable import same
from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
from rate2spike.spiking.cascade.recurrent_dendrite_sweep import PUBLISHED_GRID, sweep_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_sweep_result import RESULTS

SMALL = {
    "peak": (0.0, 1.75, 2.5),
    "half_activation": (1.4, 1.9),
    "gain": (0.0, 3.0),
    "sensitivity": (0.3,),
    "pulse_height": (0.0, 2.0),
    "soma_threshold": (0.19, 1.0),
}


@pytest.fixture(scope="module")
def small():
    return sweep_recurrent_dendrite(SMALL, n_threads=1)


def test_every_row_is_the_run_it_names(small):
    assert small.n_runs == 3 * 2 * 2 * 2 * 2
    for k in range(small.n_runs):
        params = small.params_of(k)
        assert tuple(small.settings[k]) == tuple(getattr(params, name) for name in SMALL)
        expected = simulate_recurrent_dendrite(params=params).peaks()
        assert same(dict(zip(RESULTS, small.results[k].tolist(), strict=True)), expected), params


def test_the_last_setting_changes_fastest(small):
    assert small.column("soma_threshold")[:4].tolist() == [0.19, 1.0, 0.19, 1.0]
    assert small.column("peak")[:16].tolist() == [0.0] * 16 and small.column("peak")[16] == 1.75


@pytest.mark.parametrize("n_threads", [2, 3, None])
def test_threads_change_no_number(small, n_threads):
    assert sweep_recurrent_dendrite(SMALL, n_threads=n_threads) == small


def test_common_settings_are_those_of_all_runs():
    params = RecurrentDendriteParams(tau_soma_ms=10.0, dt_ms=0.05, peak=77.0)
    found = sweep_recurrent_dendrite({"peak": [1.0, 2.0], "half_activation": 1.9, "sensitivity": 0.3}, params)
    assert found.params_of(1) == RecurrentDendriteParams(tau_soma_ms=10.0, dt_ms=0.05, peak=2.0, soma_threshold=1.0)
    assert same(found.run(1), simulate_recurrent_dendrite(params=found.params_of(1)))


@pytest.mark.slow
def test_the_published_sweep():
    done = []
    found = sweep_recurrent_dendrite(progress=lambda n, total, text: done.append((n, total)))
    assert [len(values) for values in PUBLISHED_GRID.values()] == [61, 10, 1, 11, 1, 1]
    assert found.settings.shape == (6710, 6) and found.results.shape == (6710, 8)
    assert done[-1] == (6710, 6710)
    # the first run is the published example: no input
    assert found.settings[0].tolist() == [0.0, 1.4, 3.0, 0.2, 2.0, 1.0]
    assert found.results[0, 0] == pytest.approx(0.00273315, abs=1e-8)
    np.testing.assert_allclose(found.column("max_soma_linear"), 0.1115782 * found.column("peak"), atol=1e-7)
    assert not found.column("n_spikes").any()  # a threshold of 1 is never reached
    of_c2 = (found.column("half_activation") == 1.8) & (found.column("sensitivity") == 0.2)
    by_peak = dict(zip(found.column("peak")[of_c2], found.column("max_dendrite")[of_c2], strict=True))
    for peak, expected in zip((0.5, 1, 1.25, 1.5, 1.75, 2.1, 2.5, 3), SCAN_OF_C2, strict=True):
        assert by_peak[peak] == pytest.approx(expected, abs=1e-4)


SCAN_OF_C2 = (0.0994, 0.1996, 0.2516, 0.3260, 0.4810, 0.9692, 2.0193, 3.1052)


def test_table_and_figure(small):
    table = small.table()
    assert list(table) == [*SMALL, *RESULTS] and {len(values) for values in table.values()} == {48}
    assert table["n_spikes"].dtype == int
    frame = small.to_dataframe()
    assert len(frame) == 48 and frame["first_spike_ms"].isna().sum() == 48 - small.n_runs_with_spikes
    (axes,) = small.plot().axes
    assert len(axes.lines) == 2 and axes.get_xlabel() == "height of the input (a.u.)"
    assert "n_runs=48" in repr(small)


def test_matlab_gets_published_names_and_signals_on_request(small, tmp_path):
    savemat(tmp_path / "sweep.mat", small.traces() | small.signals(0.5))
    found = loadmat(tmp_path / "sweep.mat")
    assert found["sensit"].shape == (48, 1) and found["soma_thresh"][1].item() == 1.0
    assert found["time"].shape == (1, 101) and found["Vd"].shape == found["Vs_nl"].shape == (48, 101)
    at = found["time"][0] == 12.5
    run = small.run(20)
    np.testing.assert_allclose(found["Vd"][20, at], run.dendrite[np.isclose(run.time_ms, 12.5)], atol=1e-14)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"sensit": (0.3,)}, "no setting 'sensit'; did you mean sensitivity?"),
        ({"sensitivity": (0.3, 0.0)}, "sensitivity must be a positive number, got 0"),
        ({"peak": ()}, "peak must be one or more numbers"),
        ({"peak": "1:3"}, "peak must be one or more numbers, got '1:3'"),
        ({"peak": [[1.0, 2.0]]}, "peak must be one or more numbers"),
        ({"peak": (1.0, "x")}, "peak must be a finite number"),
        ({"peak": object()}, "peak must be a finite number"),
        (5, "grid must be values by setting, got 5"),
    ],
)
def test_grids_that_cannot_be_used_are_named(grid, message):
    with pytest.raises(InputError) as caught:
        sweep_recurrent_dendrite(grid)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_more_runs_than_fit_are_refused_before_they_are_listed():
    with pytest.raises(InputError, match="take fewer"):
        sweep_recurrent_dendrite({name: np.linspace(0.1, 1, 4000) for name in PUBLISHED_GRID})


@pytest.mark.parametrize("n_threads", [0, "two", 1.5])
def test_threads_that_cannot_be_used_are_named(n_threads):
    with pytest.raises(InputError, match="number of threads"):
        sweep_recurrent_dendrite(SMALL, n_threads=n_threads)
