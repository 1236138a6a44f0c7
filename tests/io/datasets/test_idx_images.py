"""MNIST and FashionMNIST files: what is read, from where, and every way in which they can be wrong."""

import gzip
import struct

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.idx_images import read_idx_images

LABELS = np.array([3, 0, 9, 3], np.uint8)
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 28, 28), dtype=np.uint8)


def idx(values, magic=None):
    magic = magic or {1: 2049, 3: 2051}[values.ndim]
    return struct.pack(f">{1 + values.ndim}I", magic, *values.shape) + values.tobytes()


def write(folder, images=IMAGES, labels=LABELS, prefix="train", packed=False, mark="-"):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in ((f"images{mark}idx3", images), (f"labels{mark}idx1", labels)):
        content = data if isinstance(data, bytes) else idx(data)
        name = f"{prefix}-{name}-ubyte"
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mark", "-.")
@pytest.mark.parametrize("folder", [".", "FashionMNIST/raw"])
def test_images_and_labels_are_read(tmp_path, folder, packed, mark):
    write(tmp_path / folder, packed=packed, mark=mark)
    found = read_idx_images(tmp_path, "train")
    assert np.array_equal(found.images, IMAGES) and found.labels.tolist() == LABELS.tolist()
    assert found.images.dtype == np.uint8 and found.labels.dtype == np.int64
    assert "n_images=4" in repr(found) and found.source == str(tmp_path / folder)


def test_the_test_split_has_files_of_its_own(tmp_path):
    write(tmp_path)
    write(tmp_path, IMAGES[:2], LABELS[:2], prefix="t10k")
    assert read_idx_images(str(tmp_path), "test").n_images == 2


def test_rows_go_from_0_to_1(tmp_path):
    rows = read_idx_images(write(tmp_path), "train").rows()
    assert rows.shape == (4, 784) and rows.dtype == np.float32
    assert np.array_equal(np.round(rows[2] * 255), IMAGES[2].ravel())
    assert read_idx_images(tmp_path, "train").chosen(np.array([2, 0])).labels.tolist() == [9, 3]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            dict(images=idx(IMAGES, magic=2049)),
            "images-idx3-ubyte is no idx file of images: expected magic number 2051",
        ),
        (
            dict(labels=idx(LABELS, magic=2051)),
            "labels-idx1-ubyte is no idx file of labels: expected magic number 2049",
        ),
        (dict(labels=b"abc"), "expected magic number 2049, got 3 bytes"),
        (dict(images=idx(IMAGES)[:-1]), "is truncated: its head says 4 x 28 x 28 = 3136 bytes, 3135 follow"),
        (dict(labels=idx(LABELS) + b"0"), "is too long: its head says 4 = 4 bytes, 5 follow"),
        (dict(labels=LABELS[:3]), "labels-idx1-ubyte has 3 labels, expected 4, one per image"),
        (dict(labels=np.array([3, 0, 10, 3], np.uint8)), "expected labels from 0 to 9, got 10"),
        (dict(images=IMAGES[:, :, :27]), "expected images of 28 x 28 pixels, got 28 x 27"),
        (dict(images=IMAGES[:0], labels=LABELS[:0]), "holds no images: its head says 0 x 28 x 28"),
        (dict(labels=b"\x1f\x8b" + idx(LABELS)), "cannot read"),
        (dict(images=gzip.compress(idx(IMAGES))[:-20]), "cannot read"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(tmp_path, wrong, said):
    write(tmp_path, **wrong)
    with pytest.raises(InputError, match=str(tmp_path)) as raised:
        read_idx_images(tmp_path, "train")
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_a_missing_file_is_one_line(tmp_path):
    write(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(
        InputError, match=r"train-labels-idx1-ubyte\[.gz\] is neither in .* folder of the four idx files"
    ):
        read_idx_images(tmp_path, "train")
    with pytest.raises(InputError, match="unknown split 'all'"):
        read_idx_images(tmp_path, "all")
