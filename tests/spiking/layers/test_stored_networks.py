"""Networks saved by an earlier version load, and predict what they predicted there (tests/data/networks)."""

from pathlib import Path

import numpy as np
import pytest

import rate2spike as r2s

FOLDER = Path(__file__).parents[2] / "data" / "networks"


@pytest.mark.parametrize("kind", ["LIF", "ALIF", "CLIF"])
def test_a_stored_network_predicts_as_before(kind):
    wanted = np.load(FOLDER / "predictions.npz")
    network = r2s.load_network(FOLDER / f"{kind}.keras")
    found = network([wanted["frames"], wanted["context"]]).numpy()
    assert np.abs(wanted[kind]).max() > 0.1
    np.testing.assert_allclose(found, wanted[kind], rtol=1e-5, atol=1e-6)  # to the bit on the machine that wrote them
