"""Which spiking network is made of a model: its neurons, its step, circuit manipulations. One record, for all commands.

Light: flags follow from it. A search keeps in the model file what its networks were made with, so that others need not be
told again (`as_searched`).
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.checks import names_given, shown
from rate2spike.errors import InputError, about
from rate2spike.options import check_options, option
from rate2spike.plausible import not_typed_here
from rate2spike.seeding import SEED_LIMIT
from rate2spike.spiking.simulator.params import (
    NEURONS,
    OLD_KINDS,
    SEARCHED_NETWORK,
    NeuronParams,
    neuron_params,
    present_kind,
    stored_neuron,
)

if TYPE_CHECKING:
    from rate2spike.spiking.simulator.network import SpikingNetwork
    from rate2spike.trained_model import TrainedModel


def numbers_by_name(given: Mapping[str, Any] | Iterable[str] | None) -> dict[str, Any]:
    """Constants of neurons, of a mapping or of texts NAME=NUMBER; arrays become lists. Raises InputError."""
    if isinstance(given, Mapping):
        return {
            str(name): value if isinstance(value, str) else np.asarray(value).tolist() for name, value in given.items()
        }
    values: dict[str, Any] = {}
    for pair in names_given(() if given is None else given, "constants of neurons", "neuron_options"):
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise InputError(f"{{neuron_options}} must be NAME=NUMBER, got {pair!r}", "neuron_options")
        values[name] = text if name == "noise_scaling" else _number(text, "neuron_options")
    return values


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """What a spiking network is made with, besides model and scaling factor. Raises InputError."""

    neuron: str | None = option(
        None,
        "neurons",
        choices=tuple(NEURONS),
        old_names=OLD_KINDS,
        default_text="lif, or as the file says",
        what="neuron",
    )
    neuron_options: dict[str, Any] = option(
        dict,
        "constants of the neurons, such as t_ref_s=0.005 tau_r_s=0 noise_scaling=sqrt_dt",
        flag="--neuron-option",
        metavar="NAME=NUMBER",
        adds_up=True,
        check=numbers_by_name,
    )
    dt_s: float | None = option(
        None, "integration step", what="the step", flag="--dt-ms", flag_unit=1e-3, metavar="MS", default_text="0.05"
    )
    downsample: int = option(1, "use every D-th column of the input", what="downsampling", metavar="D")
    initial_weights: bool = option(False, "use the untrained recurrent weights")
    scale: tuple[str, ...] = option(
        (), "scale connections: E-I=0.7; E, I, all or the name of a unit type", metavar="FROM-TO=FACTOR", adds_up=True
    )
    no_self_connections: bool = option(False, "no unit drives itself")
    lesion: tuple[str, ...] = option(
        (),
        "units that never fire: E, I, the name of a unit type, or numbers from 1 such as 3 or 10-20",
        metavar="UNITS",
        adds_up=True,
    )
    shuffle: tuple[str, ...] = option(
        (), "shuffle weights", choices=("w", "w_in"), what="weights to shuffle", adds_up=True
    )
    shuffle_seed: int | None = option(
        None, "of the shuffled weights", least=0, most=SEED_LIMIT - 1, default_text="as --seed"
    )

    def __post_init__(self) -> None:
        check_options(self)
        for text in self.scale:
            _connection(text)
        if self.neuron is not None:
            with not_typed_here(), about("neuron_options"):
                neuron_params(self.neuron, **self.neuron_options)

    def network(self, model: "TrainedModel", scaling_factor: float | None = None, seed: int = 0) -> "SpikingNetwork":
        """The network of a model. scaling_factor: None takes the one of the file; seed: of shuffled weights that have none.

        Manipulations are made in the order of the fields. Raises InputError.
        """
        from rate2spike.spiking.simulator import manipulations
        from rate2spike.spiking.simulator.network import SpikingNetwork

        network = SpikingNetwork.from_model(
            model,
            scaling_factor,
            initial_weights=self.initial_weights,
            downsample=self.downsample,
            dt_s=self.dt_s,
            params=self.params_of(model),
        )
        for text in self.scale:
            with about("scale"):
                network = manipulations.scale_connections(network, *_connection(text))
        if self.no_self_connections:
            network = manipulations.remove_self_connections(network)
        for text in self.lesion:
            with about("lesion"):
                network = manipulations.lesion(network, _units(text, network.n_units))
        for which in self.shuffle:
            network = manipulations.shuffle_weights(
                network, seed if self.shuffle_seed is None else self.shuffle_seed, which=which
            )
        return network

    def params_of(self, model: "TrainedModel") -> NeuronParams:
        """The neurons: what is left open is as the model's file says. Raises InputError."""
        kind, stored = stored_neuron(model.settings)
        if self.neuron not in (None, kind):
            kind, stored = str(self.neuron), {}
        with not_typed_here(), about("neuron_options") if self.neuron_options else nullcontext():
            return neuron_params(kind, **stored | self.neuron_options)  # stored may come from a graph without units

    def warn_of_units(self, model: "TrainedModel") -> None:
        """Warn of constants given here that are probably in another unit. Raises InputError."""
        params = self.params_of(model)
        params.warn_of_units(name for name in params.numbers() if name in self.neuron_options)

    def in_words(self, but: "NetworkOptions | None" = None) -> str:
        """What is not the default, or not as in other options, such as `neuron eif, downsample 2`."""
        but = but or NetworkOptions()
        values = {name: getattr(self, name) for name in NETWORK_FIELDS}
        other = {name: value for name, value in values.items() if value != getattr(but, name)}
        if "neuron_options" in other:
            constants = self.neuron_options.items()
            other["neuron_options"] = {name: one for name, one in constants if one != but.neuron_options.get(name)}
        return ", ".join(f"{name} {_shown(value)}".strip() for name, value in other.items())


NETWORK_FIELDS = tuple(item.name for item in fields(NetworkOptions))


def options_with(params: NeuronParams | None, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Fields of `NetworkOptions`: settings by name, and neurons given as a record, with all their constants.

    Raises InputError.
    """
    known = dict(settings or {})
    if params is None:
        return known
    if not isinstance(params, NeuronParams):
        raise InputError(f"neurons must be a record such as EIFParams(), got {shown(params)}", "params")
    if "neuron" in known or "neuron_options" in known:
        fields_given = ("params", "neuron", "neuron_options")
        raise InputError(
            "give the neurons as {params} or by {neuron} and {neuron_options}, not both ways", *fields_given
        )
    constants = {item.name: getattr(params, item.name) for item in fields(params)}
    return {**known, "neuron": params.kind, "neuron_options": constants}


def searched_options(model: "TrainedModel") -> NetworkOptions:
    """What the model's scaling factor was searched with; the defaults if nothing else is known."""
    try:
        record = json.loads(model.settings[SEARCHED_NETWORK])
        accuracies = np.ravel(np.asarray(model.scaling_accuracies))
        # another program, or an earlier version, may have searched since
        if np.array_equal(accuracies, record["accuracies"]):
            values = {name: value for name, value in record.items() if name in NETWORK_FIELDS}
            return NetworkOptions(**values | {"neuron": present_kind(values.get("neuron"))})
    except (KeyError, TypeError, ValueError):
        pass
    return NetworkOptions()


def as_searched(model: "TrainedModel", given: Mapping[str, Any]) -> NetworkOptions:
    """What is given of `NetworkOptions`, and for the rest what the model was searched with. Raises InputError.

    Neurons of another kind than the searched ones have none of their constants.
    """
    asked, searched = NetworkOptions(**given), searched_options(model)
    if asked.neuron not in (None, searched.neuron or stored_neuron(model.settings)[0]):
        searched = replace(searched, neuron=None, neuron_options={})
    constants = searched.neuron_options | asked.neuron_options
    return replace(searched, **{name: getattr(asked, name) for name in given} | {"neuron_options": constants})


def _connection(text: str) -> tuple[str, str, float]:
    """Source, target and factor of FROM-TO=FACTOR. Raises InputError."""
    classes, _, factor = text.partition("=")
    source, dash, target = classes.partition("-")
    if not (source and dash and target and factor):
        raise InputError(f"{{scale}} must be FROM-TO=FACTOR, such as E-I=0.7; got {text!r}", "scale")
    return source, target, _number(factor, "scale")


def _units(text: str, n_units: int) -> str | list[int]:
    """Numbers from 1 as indices from 0, or the name of a class. Raises InputError, counting from 1 as the user does."""
    first, dash, last = text.partition("-")
    if not first.isdigit():
        return text
    if (dash and not last.isdigit()) or int(first) < 1 or int(last or first) < int(first) or int(last or first) > 10**7:
        raise InputError(f"{{lesion}} takes numbers from 1 such as 3 or 10-20, got {text!r}", "lesion")
    if int(last or first) > n_units:
        raise InputError(f"{{lesion}} {text}: the network has units 1 to {n_units}", "lesion")
    return list(range(int(first) - 1, int(last or first)))


def _number(text: str, field: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{{{field}}} needs a number, got {text!r}", field) from None


def _shown(value: Any) -> str:
    if value is True:
        return ""
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in value.items())
    if isinstance(value, float):
        return f"{value:.10g}"
    return " ".join(value) if isinstance(value, tuple) else f"{value}"
