"""Made-up images: of the shape of MNIST, reproducible, and neither trivial nor hopeless to tell apart."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.synthetic_images import synthetic_images


@pytest.fixture(scope="module")
def training():
    return synthetic_images(1000, 0)


@pytest.fixture(scope="module")
def test_images():
    return synthetic_images(500, 0, "test")


def test_they_have_the_layout_of_mnist(training):
    assert training.images.shape == (1000, 28, 28) and training.images.dtype == np.uint8
    assert np.bincount(training.labels).tolist() == [100] * 10
    assert training.images.max() == 255 and 0.05 < training.rows().mean() < 0.25
    assert training.source == "made from seed 0"


def test_seed_and_split_decide_and_the_first_do_not_depend_on_how_many_follow(training):
    again = synthetic_images(30, 0)
    assert np.array_equal(again.images, training.images[:30])
    for other in (synthetic_images(30, 1), synthetic_images(30, 0, "test")):
        assert (other.images != again.images).any((1, 2)).all()
    longer = synthetic_images(1010, 0)
    assert np.array_equal(longer.images[:1000], training.images)


def test_means_of_classes_tell_most_images_and_no_pixel_does(training, test_images):
    rows, labels = training.rows(), training.labels
    means = np.stack([rows[labels == k].mean(0) for k in range(10)])
    distances = ((test_images.rows()[:, None] - means) ** 2).sum(2)
    assert 0.5 < (distances.argmin(1) == test_images.labels).mean() < 0.9
    pixel_distances = (test_images.rows()[:, None] - means) ** 2  # (n, 10, 784): each pixel by itself
    shares = (pixel_distances.argmin(1) == test_images.labels[:, None]).mean(0)
    assert shares.max() < 0.3


def test_no_images_is_one_line():
    with pytest.raises(InputError, match="number of images must be a whole number from 1"):
        synthetic_images(0, 0)
