"""Spoken digits as frames: bins as published and mended, counts, batches, and the cache."""

import logging
import pickle
import shutil

import h5py
import numpy as np
import pytest

from rate2spike.errors import InputError, InputWarning
from rate2spike.io.datasets.shd import SHDRecordings
from rate2spike.io.datasets.synthetic_events import write_synthetic_shd
from rate2spike.spiking.cascade_networks import digits
from rate2spike.spiking.cascade_networks.batches import batches
from rate2spike.spiking.cascade_networks.config import SHDConfig
from rate2spike.spiking.cascade_networks.digit_counts import bin_edges_s, time_bins
from rate2spike.spiking.cascade_networks.digit_sets import digits as digits_of
from rate2spike.spiking.cascade_networks.digits import digit_frames

CHECK_TIMES_S = np.array([0, 0.0141, 0.0142, 1.3999, 1.4])
TWICE = ([0.0, 0.001, 0.001, 0.5], [3, 3, 3, 699])
NOTHING = ([], [])


def written(path, rows, kind=np.float16):
    with h5py.File(path, "w") as file:
        for k, (name, dtype) in enumerate((("times", kind), ("units", np.uint16))):
            data = file.create_dataset(f"spikes/{name}", (len(rows),), h5py.vlen_dtype(np.dtype(dtype)))
            for i, row in enumerate(rows):
                data[i] = np.array(row[k], dtype)
        file["labels"] = np.arange(len(rows)) % 20
    return path


def frames_of(path, *arguments, **settings):
    with SHDRecordings(path) as recordings:
        return digit_frames(recordings, *arguments, **settings)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    return write_synthetic_shd(tmp_path_factory.mktemp("shd"), 2, 1) / "shd_train.h5"


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """Ten recordings of 2000 events in 50 channels and 1.39 s, and one without any."""
    rng = np.random.default_rng(1)
    rows = [(np.sort(rng.uniform(0, 1.39, 2000)), rng.integers(100, 150, 2000)) for _ in range(10)]
    return written(tmp_path_factory.mktemp("busy") / "shd_train.h5", [*rows, NOTHING])


def slowly(path, n_steps, window_s, legacy_bins):
    """Counts (n, T, 700), event by event: the definition."""
    with SHDRecordings(path) as recordings:
        found = np.zeros((len(recordings), n_steps, 700), np.float32)
        for k in range(len(recordings)):
            for t, unit in zip(*recordings.times_and_units(k), strict=True):
                if legacy_bins:
                    row = sum(edge <= t for edge in np.linspace(0, window_s, n_steps))
                else:
                    row = sum(edge <= t for edge in np.linspace(0, window_s, n_steps + 1)) - 1
                if t < window_s:
                    found[k, row, unit] += 1
    return found


def test_bins_are_the_published_ones():
    """Golden: the index is the number of edges up to the time; 100 of 100 bins is what the published code wrote to."""
    assert time_bins(CHECK_TIMES_S, bin_edges_s(100, 1.4, True), 100).tolist() == [1, 1, 2, 99, 100]


def test_mended_bins_use_the_first_and_are_as_wide_as_said():
    assert time_bins(CHECK_TIMES_S, bin_edges_s(100, 1.4, False), 100).tolist() == [0, 1, 1, 99, 100]
    assert time_bins(np.array([0, 0.49, 0.51, 0.99, 1.0, 7]), bin_edges_s(2, 1.0, False), 2).tolist() == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]


@pytest.mark.parametrize("legacy_bins", [True, False])
@pytest.mark.parametrize(("n_steps", "window_s"), [(100, 1.4), (2, 1.4), (7, 0.9)])
@pytest.mark.filterwarnings("ignore:.*are left out")
def test_frames_are_those_of_a_slow_loop(synthetic, n_steps, window_s, legacy_bins):
    wanted = slowly(synthetic, n_steps, window_s, legacy_bins)
    frames = frames_of(synthetic, n_steps, window_s, legacy_bins)
    found = frames.dense(np.arange(40))
    assert found.dtype == np.float32 and found.shape == (40, n_steps, 700)
    np.testing.assert_array_equal(found, wanted)
    with SHDRecordings(synthetic) as recordings:
        times_s = [recordings.times_and_units(k)[0] for k in range(40)]
    n_inside = sum(int(np.sum(one < window_s)) for one in times_s)
    assert found.sum(dtype=float) == frames.n_events == n_inside
    assert frames.n_dropped == sum(one.size for one in times_s) - n_inside
    assert found[:, 0].any() == (not legacy_bins)


def test_any_number_of_steps_keeps_all_events(busy):
    for n_steps in (1, 2, 3, 140, 1400, 5000):
        for legacy_bins in (True, False)[n_steps == 1 :]:
            frames = frames_of(busy, n_steps, 1.4, legacy_bins)
            assert frames.n_events == 20_000 and frames.n_dropped == 0
            assert frames.dense([3]).shape == (1, n_steps, 700) and frames.dense([3]).sum() == 2000


def test_events_of_one_bin_and_channel_add_up_and_a_recording_may_be_empty(tmp_path):
    frames = frames_of(written(tmp_path / "a.h5", [TWICE, NOTHING, TWICE]))
    bins, channels, counts = frames.triples(0)
    assert (bins.tolist(), channels.tolist(), counts.tolist()) == ([1, 36], [3, 699], [3, 1])
    assert [one.size for one in frames.triples(1)] == [0, 0, 0]
    dense = frames.dense([1, 0, 0])
    assert not dense[0].any() and dense[1, 1, 3] == 3 and dense[1, 36, 699] == 1 and np.array_equal(dense[1], dense[2])
    assert frames.dense([]).shape == (0, 100, 700)
    nothing = frames_of(written(tmp_path / "b.h5", [NOTHING, NOTHING]))
    assert nothing.n_events == 0 and not nothing.dense([0, 1]).any()


@pytest.mark.parametrize(("n", "kind"), [(255, np.uint8), (256, np.uint16), (70_000, np.uint32)])
def test_counts_are_not_clipped_however_many(tmp_path, n, kind):
    frames = frames_of(written(tmp_path / "a.h5", [TWICE, (np.full(n, 0.25), np.full(n, 8))]))
    assert frames.counts.dtype == kind and frames.dense([1]).max() == n and frames.n_events == 4 + n


def test_times_are_compared_as_they_are_stored(tmp_path):
    """An event a tenth of a microsecond before or after an edge: whole microseconds would not tell."""
    edge = np.linspace(0, 1.4, 100)[1]
    assert int((edge - 1e-7) * 1e6) == int((edge + 1e-7) * 1e6)
    frames = frames_of(written(tmp_path / "a.h5", [([edge - 1e-7, edge, edge + 1e-7], [0, 1, 2])], np.float64))
    assert frames.triples(0)[0].tolist() == [1, 2, 2]


def test_late_events_are_counted_and_many_of_them_told(tmp_path):
    late = ([0.5] * 98 + [1.5, 1.5], [1] * 100)
    with pytest.warns(InputWarning, match=r"a\.h5: 2 of 100 events come at 1\.4 s or later .* a longer window_s keeps"):
        assert frames_of(written(tmp_path / "a.h5", [late])).n_dropped == 2
    few = written(tmp_path / "b.h5", [late, ([0.5] * 100, [1] * 100)])
    assert frames_of(few).n_dropped == 2  # 1 %: no warning, which would be an error here
    assert frames_of(few, window_s=1.6).n_dropped == 0


def test_frames_can_be_read(synthetic):
    frames = frames_of(synthetic)
    assert repr(frames).startswith(
        "DigitFrames(n_recordings=40, n_steps=100, window_s=1.4, legacy_bins=True, n_events="
    )
    assert "<table>" in frames._repr_html_() and len(frames) == 40 and frames.class_names[10] == "null"
    assert pickle.loads(pickle.dumps(frames)) == frames != frames_of(synthetic, legacy_bins=False)
    assert frames.labels.tolist() == [*range(20)] * 2 and set(frames.subjects) == {0, 1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_steps": 0}, "n_steps must be a whole number from 2, got 0"),
        ({"n_steps": 1}, "n_steps must be a whole number from 2, got 1"),
        ({"n_steps": 0, "legacy_bins": False}, "n_steps must be a whole number from 1, got 0"),
        ({"n_steps": 10**7}, "n_steps must be at most 1000000"),
        ({"window_s": 0}, "window_s must be a positive number, got 0"),
        ({"legacy_bins": 1}, "legacy_bins must be true or false, got 1"),
        ({"cache": 5}, "cache must be a path, got 5"),
        ({"steps": 5}, "digit_frames: unknown setting 'steps'"),
    ],
)
def test_wrong_settings_are_one_line(busy, settings, message):
    with pytest.raises(InputError, match=message):
        frames_of(busy, **settings)


def test_wrong_indices_are_one_line(busy):
    with pytest.raises(InputError, match="recordings must be SHDRecordings"):
        digit_frames(busy)
    frames = frames_of(busy)
    for wrong in (11, -1):
        with pytest.raises(InputError, match=f"recording {wrong} of 11") as caught:
            frames.dense([0, wrong])
        assert isinstance(caught.value, IndexError)
    for wrong in (3, [0.5], [[1]], [True]):
        with pytest.raises(InputError, match="indices of recordings must be whole numbers"):
            frames.dense(wrong)


def test_too_large_a_batch_is_refused_before_it_is_made(tmp_path):
    frames = frames_of(written(tmp_path / "a.h5", [TWICE]), n_steps=10**6)
    with pytest.raises(InputError, match=r"a batch of 4000 recordings needs .* use a smaller batch_size"):
        frames.dense(np.zeros(4000, int))


def test_a_damaged_recording_is_named(tmp_path):
    for row, message in ((([0.1, np.nan], [1, 2]), "times must be finite"), (([0.1], [700]), "units must be 0 to 699")):
        with pytest.raises(InputError, match=rf"recording 1 of .*a\.h5: {message}") as caught:
            frames_of(written(tmp_path / "a.h5", [TWICE, row]), cache=tmp_path / "kept")
        assert "\n" not in str(caught.value) and not (tmp_path / "kept").exists()


# batches


def test_batches_are_as_many_as_published():
    training, test = batches(8156, seed=1), batches(2264, shuffle=False)
    assert len(training) == 31 and len(test) == 8 and {len(one) for one in (*training, *test)} == {256}
    assert np.unique(np.concatenate(training)).size == 7936
    np.testing.assert_array_equal(np.concatenate(test), np.arange(2048))  # the first ones


def test_all_recordings_are_kept_on_demand():
    parts = batches(2264, shuffle=False, drop_last=False)
    assert len(parts) == 9 and len(parts[-1]) == 216
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(2264))
    assert sorted(np.concatenate(batches(10, 4, drop_last=False))) == list(range(10))


def test_the_order_follows_from_seed_and_epoch():
    def order(**which):
        return np.concatenate(batches(1000, 100, **which)).tolist()

    np.random.seed(0)  # noqa: NPY002 (of no effect, as it must be)
    first = order(seed=1, epoch=0)
    assert first == order(seed=1, epoch=0) and sorted(first) == list(range(1000)) != first
    assert len({tuple(order(seed=seed, epoch=epoch)) for seed in (1, 2) for epoch in range(3)}) == 6
    dropped = [set(range(1000)) - set(np.concatenate(batches(1000, 300, seed=1, epoch=epoch))) for epoch in (0, 1)]
    assert len(dropped[0]) == len(dropped[1]) == 100 and dropped[0] != dropped[1]


def test_no_batch_at_all_is_refused():
    with pytest.raises(InputError, match=r"batch_size 256 is more than there are recordings \(40\)"):
        batches(40)
    assert [len(one) for one in batches(40, drop_last=False)] == [40]
    with pytest.raises(InputError, match="batch_size must be a whole number from 1, got 0"):
        batches(40, 0)


# cache


def never(*_):
    raise AssertionError("recordings were counted again")


@pytest.mark.parametrize("place", ["beside", "elsewhere"])
def test_counts_are_kept_and_used(tmp_path, monkeypatch, caplog, place):
    path = written(tmp_path / "shd_train.h5", [TWICE, NOTHING, ([0.1, 0.2, 1.5], [1, 2, 3])])
    cache = True if place == "beside" else tmp_path / "kept" / "here"
    with pytest.warns(InputWarning, match="1 of 7 events"):
        first = frames_of(path, cache=cache)
    (file,) = (tmp_path if cache is True else cache).glob("*.npz")
    assert file.name.startswith("shd_train_100_bins_")
    monkeypatch.setattr(digits, "counted", never)
    with pytest.warns(InputWarning, match="1 of 7 events"), caplog.at_level(logging.INFO, "rate2spike"):
        second = frames_of(path, cache=cache)
    assert second == first and second.n_dropped == 1 and f"counts of events are those of {file}" in caplog.text


def test_other_settings_and_other_recordings_are_counted_anew(tmp_path):
    kept = tmp_path / "kept"
    path = written(tmp_path / "a.h5", [TWICE])
    for settings in ({}, {"n_steps": 50}, {"window_s": 1.0}, {"legacy_bins": False}):
        assert frames_of(path, **settings, cache=kept) == frames_of(path, **settings)
    assert len(list(kept.iterdir())) == 4
    written(path, [([0.5], [8])])
    assert frames_of(path, cache=kept).n_events == 1 and len(list(kept.iterdir())) == 5


def test_a_damaged_cache_is_made_again(tmp_path):
    """Every byte of a small file changed in turn, and every length cut off: never an error, never other counts."""
    path = written(tmp_path / "a.h5", [TWICE, NOTHING])
    wanted = frames_of(path, cache=tmp_path / "kept")
    (file,) = (tmp_path / "kept").iterdir()
    whole = file.read_bytes()
    damaged = [whole[:k] + bytes([whole[k] ^ 0xFF]) + whole[k + 1 :] for k in range(0, len(whole), 5)]
    damaged += [whole[:k] for k in range(0, len(whole), 40)] + [np.lib.format.magic(1, 0), b"PK\3\4"]
    with SHDRecordings(path) as recordings:
        for content in damaged:
            file.write_bytes(content)
            assert digit_frames(recordings, cache=tmp_path / "kept") == wanted
    file.write_bytes(whole[: len(whole) // 2])
    frames_of(path, cache=tmp_path / "kept")
    assert file.read_bytes()[:1000] and len(file.read_bytes()) == len(whole)
    assert [one.name for one in file.parent.iterdir()] == [file.name]  # nothing is left beside it


def test_counts_of_other_recordings_do_not_fit(tmp_path):
    path = written(tmp_path / "a.h5", [TWICE, NOTHING])
    frames_of(path, cache=tmp_path)
    (file,) = tmp_path.glob("*.npz")
    with np.load(file) as arrays:
        np.savez(file, **{**arrays, "starts": arrays["starts"][:-1]})
    assert frames_of(path, cache=tmp_path) == frames_of(path)


def test_a_folder_that_cannot_be_written_costs_a_warning(tmp_path):
    path = written(tmp_path / "a.h5", [TWICE])
    with pytest.warns(UserWarning, match="counts of events are not kept for the next time: output folder"):
        frames = frames_of(path, cache=path)  # a file, where no folder can be
    assert frames == frames_of(path)


def test_recordings_are_known_by_what_is_in_them(tmp_path):
    """Not by where they lie, nor by whether their counts were kept."""

    def known_by(folder, **settings):
        return digits_of(SHDConfig(data_path=str(folder), n_steps=20, batch_size=5, **settings)).known_by

    first, other = (write_synthetic_shd(tmp_path / str(seed), 1, 1, seed=seed, n_classes=5) for seed in (1, 2))
    found = known_by(first)
    shutil.copytree(first, tmp_path / "moved")
    assert {known_by(tmp_path / "moved", cache=True) for _ in range(2)} == {found}
    assert known_by(other) != found
