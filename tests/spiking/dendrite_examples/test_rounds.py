"""Rounds of learning: the log, checkpoints, going on, and what is refused."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.dendrite_examples.config import ClassifyConfig, DppConfig, StdpConfig
from rate2spike.spiking.dendrite_examples.rounds import Rounds


class Doubling:
    """Its variable doubles and grows by the number of the round."""

    def __init__(self, breaks_at=None):
        self.variables = [tf.Variable(1.0)]
        self._breaks_at = breaks_at

    def round(self, k):
        if k == self._breaks_at:
            raise KeyboardInterrupt
        self.variables[0].assign(2 * self.variables[0] + k)
        value = self.variables[0].numpy()
        return {"loss": value, "pair": np.array([k, value])}


def rounds(folder, n=7, **settings):
    return Rounds(StdpConfig(n_batches=n, checkpoint_every=2, **settings), "one", folder)


def test_the_log_has_every_round_and_progress_is_told(tmp_path):
    told = []
    log = rounds(None).learnt(Doubling(), lambda text, n=1: told.append((text, n)))
    assert log["loss"].tolist() == [2, 5, 12, 27, 58, 121, 248] and log["pair"].shape == (7, 2)
    assert told[0] == ("one", 0) and told[-1] == ("one, loss 248.000", 1)
    assert not list(tmp_path.iterdir())


def test_it_goes_on_after_an_interruption_and_ends_the_same(tmp_path):
    whole = rounds(None).learnt(Doubling(), lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        rounds(tmp_path).learnt(Doubling(breaks_at=5), lambda *_: None)
    told, pupil = [], Doubling(breaks_at=3)  # done before: rounds 0 to 3 are kept
    log = rounds(tmp_path).learnt(pupil, lambda text, n=1: told.append((text, n)))
    assert told[0] == ("one", 4) and len(told) == 4
    assert all(np.array_equal(log[name], whole[name]) for name in whole)
    assert pupil.variables[0].numpy() == 248
    more = rounds(tmp_path, 8).learnt(Doubling(), lambda *_: None)
    assert more["loss"].tolist() == [*whole["loss"], 2 * 248 + 7]


def test_a_checkpoint_of_other_settings_or_of_more_rounds_is_refused(tmp_path):
    rounds(tmp_path).learnt(Doubling(), lambda *_: None)
    with pytest.raises(InputError, match=r"is of other settings: learning_rate 0\.02 there, 0\.1 here"):
        rounds(tmp_path, learning_rate=0.1).learnt(Doubling(), lambda *_: None)
    with pytest.raises(InputError, match="has 7 batches already, more than n_batches 3"):
        rounds(tmp_path, 3).learnt(Doubling(), lambda *_: None)
    with pytest.raises(InputError, match="data '' there, 'abc' here"):
        Rounds(StdpConfig(n_batches=7), "one", tmp_path, "abc").learnt(Doubling(), lambda *_: None)


def test_numbers_that_are_not_finite_end_it_and_are_not_kept(tmp_path):
    class Growing(Doubling):
        def round(self, k):
            return {"loss": np.float32(np.nan if k == 3 else 1)}

    with pytest.raises(InputError, match="one: the loss is not finite after batch 4; a smaller learning_rate may help"):
        rounds(tmp_path).learnt(Growing(), lambda *_: None)
    assert [path.name for path in (tmp_path / "checkpoints" / "one").iterdir()] == ["update_0000002.npz"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClassifyConfig(neuron="VDiff"), "unknown neuron 'VDiff'"),
        (
            lambda: StdpConfig(total_weight=784),
            "total weight must be a number from|total weight must be a number above 0",
        ),
        (lambda: DppConfig(dendrite_conductance=12, teacher_conductance=7), "must be below 2 tau_soma_ms - 1 = 19"),
        (lambda: DppConfig(tau_psp_ms=1), "tau psp ms must be a number above 1"),
    ],
)
def test_settings_that_cannot_be_used(make, message):
    with pytest.raises(InputError, match=message):
        make()
