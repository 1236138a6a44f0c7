"""A fitted network on disk: a .keras file, and beside it a .json file with all that is known of its fit."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.io.run_folder import versions
from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.dendritic_pca import DendriticPCA
from rate2spike.spiking.neuron_as_net.described import architecture_of, described, plain
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.targets import Targets
from rate2spike.spiking.training.epochs import save_model

_RECENT = 7  # epochs over which a loss in the name of a file is the mean
_FEW = 10  # fewer than this: over all
_GATED = 3  # epochs whose mean loss decides whether a file is written


@public()
@dataclass(frozen=True, eq=False, repr=False)
class SavedTwin(Readable):
    """A network with what belongs to it: `save_twin` writes it, `load_twin` reads it.

    Parameters
    ----------
    network : TwinNetwork
        The network.
    targets : Targets
        What its heads mean.
    pca : DendriticPCA, or None
        Of its dendritic head.
    metadata : dict
        What was recorded of the fit, under the published names: data_dict, architecture_dict, learning_schedule_dict and
        training_history_dict.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.architecture import point_architecture
    >>> from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin, load_twin, save_twin
    >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
    >>> path = save_twin(SavedTwin(TwinNetwork(point_architecture(), seed=1)), "twin.keras")
    >>> load_twin(path)
    SavedTwin(network=TwinNetwork(overview='FCN__DxWxT_1x1x80', n_parameters=8005))
    """

    shown = ("network", "pca")

    network: TwinNetwork
    targets: Targets = field(default_factory=Targets)
    pca: DendriticPCA | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@public()
def save_twin(twin: SavedTwin, path: str | os.PathLike) -> Path:
    """Write a network, and beside it a .json file of the same name.

    Parameters
    ----------
    twin : SavedTwin
        What to write.
    path : path
        Ends in .keras.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    InputError
        For another ending, for a folder that cannot be written, and for what is no SavedTwin.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin, save_twin
    >>> from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
    >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
    >>> save_twin(SavedTwin(TwinNetwork(ElmArchitecture())), "elm.keras").name
    'elm.keras'
    """
    place = _keras_path(path)
    if not isinstance(twin, SavedTwin):
        raise InputError(f"{{twin}} must be a SavedTwin, got {checks.shown(twin)}", "twin")
    make_folder(place.parent)
    beside = {
        "architecture": described(twin.network.architecture),
        "targets": plain(twin.targets),
        "pca": None if twin.pca is None else json.loads(twin.pca.to_json()),
        "versions": versions(),
        "metadata": dict(twin.metadata),
    }
    save_model(twin.network.model, place)
    write_atomically(place.with_suffix(".json"), json.dumps(beside, indent=1))
    return place


@public()
def load_twin(path: str | os.PathLike) -> SavedTwin:
    """Read what `save_twin` wrote.

    Parameters
    ----------
    path : path
        The .keras file; the .json file lies beside it.

    Returns
    -------
    SavedTwin

    Raises
    ------
    InputError
        If a file is missing or damaged, or the two do not belong together.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin, load_twin, save_twin
    >>> from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
    >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
    >>> load_twin(save_twin(SavedTwin(TwinNetwork(ElmArchitecture())), "elm.keras")).network.overview
    'ELM__M_20'
    """
    place = _keras_path(path)
    beside = place.with_suffix(".json")
    for file in (place, beside):
        if not file.is_file():
            raise InputError(f"there is no file {file}", "path")
    try:
        known = json.loads(beside.read_text(encoding="utf-8"))
        network = TwinNetwork(architecture_of(known["architecture"]))
        pca = known["pca"] and DendriticPCA.from_json(json.dumps(known["pca"]))
        twin = SavedTwin(network, Targets(**known["targets"]), pca, known["metadata"])
    except (ValueError, KeyError, TypeError) as error:  # InputError is a ValueError
        raise InputError(f"{beside} does not describe a network: {error}") from None
    try:
        network.model.load_weights(place)
    except Exception as error:  # whatever a damaged or foreign file leads Keras to
        reason = str(error).partition("\n")[0]
        raise InputError(f"{place} does not hold the weights of {network.overview}: {reason}") from None
    return twin


def recent_mean(history: Sequence[Mapping[str, Any]], name: str) -> float:
    """Mean of a loss over the last epochs: 7 of them, all where there are fewer than 10."""
    values = [record[name] for record in history]
    values = values if len(values) < _FEW else values[-_RECENT:]
    return sum(values) / len(values)


def is_good(history: Sequence[Mapping[str, Any]], gate: float, name: str = "val_spikes_loss") -> bool:
    """Whether the mean of the last three validation losses of spikes is below the gate; so for networks without spikes."""
    values = [record[name] for record in history[-_GATED:] if name in record]
    return not values or sum(values) / len(values) < gate


def checkpoint_name(
    variant: str, overview: str, when: datetime, n_samples: int, losses: tuple[float, float], number: int
) -> str:
    """The published name of a file, without its ending; losses: those of spikes, in training and validation."""
    train, valid = (int(10_000 * loss) for loss in losses)
    return (
        f"{variant}_{overview}__{when:%Y-%m-%d}__{when:%H_%M}__samples_{n_samples}"
        f"__LogLoss_train_{train}_valid_{valid}__ID_{number}"
    )


def architecture_dict(architecture: Any, window_ms: int) -> dict[str, Any]:
    """The published table of an architecture; of an ELM neuron, which has none, its settings."""
    if not isinstance(architecture, ConvolutionalArchitecture):
        return {"input_window_size": window_ms, **described(architecture)}
    depth = architecture.depth
    return {
        "network_depth": depth,
        "input_window_size": window_ms,
        "num_filters_per_layer": list(architecture.widths),
        "initializer_per_layer": list(architecture.initial_weights),
        "filter_sizes_per_layer": list(architecture.filter_lengths_ms),
        "l2_regularization_per_layer": list(architecture.l2),
        "activation_function_per_layer": list(architecture.activations),
        "strides_per_layer": [1] * depth,
        "dilation_rates_per_layer": [1] * depth,
    }


def _keras_path(path: str | os.PathLike) -> Path:
    place = checks.path(path, "path")
    if place.suffix != ".keras":
        raise InputError(f"{{path}} must end in .keras, got {place.name}", "path")
    return place
