"""Many simulations on disk: the same files on any number of threads, after an interruption, and by several jobs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.twin_data.random_input import POINT_INPUT
from rate2spike.spiking.twin_data.shards import CellDataset, shard_path
from rate2spike.spiking.twin_data.simulate import simulate

CELL = IntegrateAndFire()
SHORT = replace(POINT_INPUT, duration_ms=800)
SMALL = dict(n_simulations=22, seed=4, simulations_per_shard=5, progress=False)


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    simulate(CELL, SHORT, folder, n_threads=1, **SMALL)
    return folder


@dataclass(frozen=True)
class Picky:
    """Input of which simulations without a spike are refused."""

    most_attempts: int = 10**9

    def draw(self, cell, seed, simulation, attempt):
        assert attempt < self.most_attempts
        return SHORT.draw(cell, seed, simulation, attempt)

    def accepts(self, recording):
        return recording.n_spikes > 0


def test_simulations_are_those_of_the_cell_with_the_input_of_their_number(whole):
    dataset = CellDataset.open(whole)
    assert [one.number for one in dataset] == list(range(22)) and dataset.n_shards == 5
    for k in (0, 13, 21):
        given = SHORT.draw(CELL, 4, k)
        assert dataset[k].events == given.events and dataset[k].recording == CELL.run(given.events)[0]
        assert dataset[k].drawn == {**given.drawn, "attempt": 0}
    assert dataset.configuration["cell"]["tau_ms"] == 20 and dataset.configuration["input"]["duration_ms"] == 800


@pytest.mark.parametrize("n_threads", [2, 5])
def test_files_are_the_same_on_any_number_of_threads(whole, tmp_path, n_threads):
    """First half of row 14."""
    simulate(CELL, SHORT, tmp_path, n_threads=n_threads, **SMALL)
    assert files(tmp_path) == files(whole)


@pytest.mark.parametrize("after", [3, 8, 15])
def test_an_interrupted_run_goes_on_to_the_same_files(whole, tmp_path, after):
    told = []

    def interrupt(n_done, n_total, _text):
        told.append((n_done, n_total))
        if n_done == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="finished simulations are kept: run the same again to go on"):
        simulate(CELL, SHORT, tmp_path, n_threads=2, **SMALL | dict(progress=interrupt))
    kept = len(CellDataset.open(tmp_path))
    assert 0 < kept <= after
    simulate(CELL, SHORT, tmp_path, **SMALL | dict(progress=lambda *one: told.append(one[:2])))
    assert told[-1] == (22, 22) and (kept, 22) in told
    assert files(tmp_path) == files(whole)


def test_nothing_is_written_anew_that_is_there(whole, tmp_path):
    simulate(CELL, SHORT, tmp_path, **SMALL)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    simulate(CELL, SHORT, tmp_path, **SMALL | dict(seed=None))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    shard_path(tmp_path, 2).unlink()
    simulate(CELL, SHORT, tmp_path, **SMALL)
    assert files(tmp_path) == files(whole)


@pytest.mark.parametrize("n_simulations", [22, 24])  # the last file is full, or goes on
def test_a_damaged_file_is_named_and_made_again_once_it_is_deleted(whole, tmp_path, n_simulations):
    for path in whole.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    last = shard_path(tmp_path, 4)
    last.write_bytes(last.read_bytes()[:3000])
    options = SMALL | {"n_simulations": n_simulations}
    with pytest.raises(
        InputError, match=r"shard_00004.h5 is damaged: .*; delete it, and the same call .* anew"
    ) as caught:
        simulate(CELL, SHORT, tmp_path, **options)
    assert "\n" not in str(caught.value)
    last.unlink()
    assert simulate(CELL, SHORT, tmp_path, **options).n_simulations == n_simulations


def test_more_simulations_than_before_are_added(whole, tmp_path):
    simulate(CELL, SHORT, tmp_path, **SMALL | dict(n_simulations=7))
    assert len(CellDataset.open(tmp_path)) == 7
    simulate(CELL, SHORT, tmp_path, **SMALL)
    assert files(tmp_path) == files(whole)


def test_jobs_fill_the_folder_together(whole, tmp_path):
    for job in ("2/3", "3/3", "1/3"):
        simulate(CELL, SHORT, tmp_path, shard=job, **SMALL)
    assert files(tmp_path) == files(whole)


def test_an_executor_makes_the_same_files(whole, tmp_path):
    with ThreadPoolExecutor(2) as executor:
        simulate(CELL, SHORT, tmp_path, executor=executor, **SMALL)
    assert files(tmp_path) == files(whole)


def test_refused_simulations_are_drawn_anew(tmp_path):
    datasets = [
        simulate(CELL, Picky(), tmp_path / f"{n}", n_threads=n, **SMALL | dict(n_simulations=12)) for n in (1, 3)
    ]
    attempts = [one.drawn["attempt"] for one in datasets[0]]
    assert max(attempts) > 0 and min(attempts) == 0 and all(one.n_spikes for one in datasets[0])
    assert files(tmp_path / "1") == files(tmp_path / "3")
    for k in (int(np.argmax(attempts)), 0):
        assert datasets[0][k].events == SHORT.draw(CELL, 4, k, attempts[k]).events


def test_input_that_never_gives_what_is_kept_is_one_line(tmp_path):
    silent = replace(SHORT, excitation_per_100ms=(0, 0), inhibition_excess_per_100ms=(0, 0), duration_ms=20)

    @dataclass(frozen=True)
    class Hopeless(Picky):
        def draw(self, cell, seed, simulation, attempt):
            return silent.draw(cell, seed, simulation, attempt)

    with pytest.raises(InputError, match="none of 1000 inputs of simulation 0 gives one within the bounds"):
        simulate(CELL, Hopeless(), tmp_path, **SMALL | dict(n_simulations=1))


@pytest.mark.parametrize(
    ("cell", "settings", "other", "message"),
    [
        (IntegrateAndFire(tau_ms=10), SHORT, {}, "is of another data set: cell.tau_ms is 20.0 and 10.0"),
        (CELL, replace(SHORT, noise=0.25), {}, "is of another data set: input.noise is 0.5 and 0.25"),
        (CELL, SHORT, dict(seed=5), "is of seed 4, not 5: choose another folder"),
        (CELL, SHORT, dict(simulations_per_shard=4), "was written with another simulations_per_shard, not 4"),
        (CELL, SHORT, dict(shard="4/3"), "shard must be I/N with I from 1 to N, such as 2/8; got '4/3'"),
        (CELL, SHORT, dict(n_simulations=0), "number of simulations must be a whole number from 1, got 0"),
        ("cell", SHORT, {}, "cell must be a cell, with name, .* got 'cell'"),
        (CELL, 5, {}, "input_settings must be settings of input, with draw and accepts, got 5"),
        (CELL, SHORT, dict(n_threads=0), "number of threads must be a whole number from 1, got 0"),
        (
            CELL,
            SHORT,
            dict(n_simulations=30, run_options=dict(with_dendrites=True)),
            "is of another data set: run.with",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(whole, cell, settings, other, message):
    before = files(whole)
    with pytest.raises(InputError, match=message) as caught:
        simulate(cell, settings, whole, **SMALL | other)
    assert "\n" not in str(caught.value) and files(whole) == before


def test_a_cell_that_cannot_record_what_is_asked_says_so(tmp_path):
    with pytest.raises(InputError, match="with_dendrites: integrate_and_fire is a point"):
        simulate(CELL, SHORT, tmp_path, run_options=dict(with_dendrites=True), **SMALL)
