"""Files of networks: what is refused, names taken apart, weights of published files by the names of layers."""

from datetime import datetime

import h5py
import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.checkpoints import (
    SavedTwin,
    checkpoint_name,
    is_good,
    load_twin,
    recent_mean,
    save_twin,
)
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.heads import ball_and_stick_heads
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.published_weights import load_published_weights

SMALL = ConvolutionalArchitecture(10, [4, 3], [5, 6], ["relu", "lrelu"])
ELM = ElmArchitecture(10, 3, n_branches=2, n_per_branch=6, train_tau=True, heads=ball_and_stick_heads(2))


@pytest.mark.parametrize("architecture", [SMALL, ELM])
def test_what_is_saved_is_read(tmp_path, architecture):
    network = TwinNetwork(architecture, seed=5)
    again = load_twin(save_twin(SavedTwin(network), tmp_path / "new" / "one.keras")).network
    assert again.architecture == architecture
    for a, b in zip(network.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("architecture", [SMALL, ELM])
def test_keras_alone_reads_and_runs_it(tmp_path, architecture):
    network = TwinNetwork(architecture, seed=5)
    model = keras.models.load_model(save_twin(SavedTwin(network), tmp_path / "one.keras"))
    x = (np.random.default_rng(0).random((3, 40, 10)) < 0.2).astype("u1")
    found = model.predict(x, verbose=0)
    for name, one in network.model(x.astype("f4")).items():
        np.testing.assert_allclose(found[name], one, rtol=1e-4, atol=1e-5)


def published_file(path, model, root):
    """As Keras 2 wrote it: layer / layer / kernel:0, in another order of the statistics."""
    with h5py.File(path, "w") as file:
        group = file.create_group(root) if root else file
        for layer in model.layers:
            inside = group.create_group(layer.name)
            for variable in reversed(layer.weights):
                inside[f"{layer.name}/{variable.name}:0"] = variable.numpy() + 1


@pytest.mark.parametrize("root", ["", "model_weights"])
def test_published_weights(tmp_path, root):
    theirs, ours = TwinNetwork(SMALL, seed=1), TwinNetwork(SMALL, seed=2)
    published_file(tmp_path / "x.h5", theirs.model, root)
    load_published_weights(ours, tmp_path / "x.h5")
    for a, b in zip(theirs.model.get_weights(), ours.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a + 1, b)


def test_published_weights_of_another_network(tmp_path):
    published_file(tmp_path / "x.h5", TwinNetwork(SMALL).model, "")
    for other, message in [
        (ConvolutionalArchitecture(10, [4, 3, 1], [5, 6, 6]), "has no layer_3 with kernel, bias"),
        (ConvolutionalArchitecture(10, [4, 3], 5), "layer_2 has weights of .*, the network of"),
    ]:
        with pytest.raises(InputError, match=message):
            load_published_weights(TwinNetwork(other), tmp_path / "x.h5")
    (tmp_path / "y.h5").write_text("no")
    with pytest.raises(InputError, match=r"cannot read .*y\.h5"):
        load_published_weights(TwinNetwork(SMALL), tmp_path / "y.h5")


def test_names():
    name = checkpoint_name("AMPA_SK", "FCN__DxWxT_1x128x43", datetime(2020, 2, 3, 4, 5), 23040, (0.02169, 0.0223), 77)
    assert name == ("AMPA_SK_FCN__DxWxT_1x128x43__2020-02-03__04_05__samples_23040__LogLoss_train_216_valid_223__ID_77")


def test_means_and_gate():
    history = [{"spikes_loss": 1.0, "val_spikes_loss": k / 100} for k in range(12)]
    assert recent_mean(history, "val_spikes_loss") == pytest.approx(0.08)
    assert recent_mean(history[:9], "val_spikes_loss") == pytest.approx(0.04)
    assert is_good(history[:4], 0.021) and not is_good(history[:4], 0.019) and is_good([{}], 0.01)


def test_what_is_refused(tmp_path):
    path = save_twin(SavedTwin(TwinNetwork(SMALL)), tmp_path / "one.keras")
    with pytest.raises(InputError, match=r"path must end in \.keras, got one\.h5"):
        load_twin(tmp_path / "one.h5")
    with pytest.raises(InputError, match=r"there is no file .*two\.keras"):
        load_twin(tmp_path / "two.keras")
    other = save_twin(SavedTwin(TwinNetwork(ELM)), tmp_path / "elm.keras")
    path.write_bytes(other.read_bytes())
    with pytest.raises(InputError, match="does not hold the weights of TCN"):
        load_twin(path)
    path.write_bytes(b"cut")
    with pytest.raises(InputError, match="does not hold the weights"):
        load_twin(path)
    path.with_suffix(".json").write_text("{}")
    with pytest.raises(InputError, match=r"one\.json does not describe a network"):
        load_twin(path)
