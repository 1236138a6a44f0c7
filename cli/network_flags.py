"""Flags that change the spiking network itself: its neurons, its step, and circuit manipulations."""

import argparse
from typing import Any

from rate2spike.cli.arguments import Parser
from rate2spike.errors import InputError


def add_neuron_flags(parser: argparse.ArgumentParser) -> None:
    """--neuron and --neuron-option."""
    parser.add_argument("--neuron", default=None, help="lif (default, or as the file says), qif, alif or eif")
    parser.add_argument(
        "--neuron-option",
        nargs="+",
        action="extend",
        default=None,
        metavar="NAME=NUMBER",
        help="constants of the neurons, such as t_ref_s=0.005 tau_r_s=0 noise_scaling=sqrt_dt",
    )


def neuron_of(arguments: argparse.Namespace, model):
    """The neurons asked for: what the flags leave open is as the model's file says. Raises InputError."""
    from rate2spike.plausible import not_typed_here
    from rate2spike.spiking.simulator.params import neuron_params, stored_neuron

    kind, stored = stored_neuron(model.settings)
    if arguments.neuron not in (None, kind):
        kind, stored = arguments.neuron, {}
    given: dict[str, Any] = {}
    for pair in arguments.neuron_option or ():
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise InputError(f"--neuron-option must be NAME=NUMBER, got {pair!r}")
        given[name] = text if name == "noise_scaling" else _number(text, "--neuron-option")
    with not_typed_here():  # what is stored may come from a graph without units
        params = neuron_params(kind, **stored | given)
    params.warn_of_units(name for name in params.numbers() if name in given)
    return params


def add_manipulation_flags(parser: Parser) -> None:
    """Circuit manipulations; they are made in the order listed here."""
    parser.flags_by_field["dt_s"] = "--dt-ms"
    parser.add_argument("--dt-ms", type=float, default=None, help="integration step (default: 0.05)")
    parser.add_argument(
        "--scale",
        nargs="+",
        action="extend",
        default=None,
        metavar="FROM-TO=FACTOR",
        help="scale connections: E-I=0.7; E, I, all or the name of a unit type",
    )
    parser.add_argument("--no-self-connections", action="store_true", help="no unit drives itself")
    parser.add_argument(
        "--lesion",
        nargs="+",
        action="extend",
        default=None,
        metavar="UNITS",
        help="units that never fire: E, I, the name of a unit type, or numbers from 1 such as 3 or 10-20",
    )
    parser.add_argument(
        "--shuffle", nargs="+", action="extend", default=None, choices=("w", "w_in"), help="shuffle weights"
    )


def step_s_of(arguments: argparse.Namespace) -> float | None:
    """--dt-ms in seconds, or None."""
    return None if arguments.dt_ms is None else arguments.dt_ms * 1e-3


def manipulated(network, arguments: argparse.Namespace, seed: int):
    """The network with the manipulations asked for. Raises InputError."""
    from rate2spike.spiking.simulator.manipulations import (
        lesion,
        remove_self_connections,
        scale_connections,
        shuffle_weights,
    )

    for text in arguments.scale or ():
        classes, _, factor = text.partition("=")
        source, dash, target = classes.partition("-")
        if not (source and dash and target and factor):
            raise InputError(f"--scale must be FROM-TO=FACTOR, such as E-I=0.7; got {text!r}")
        network = scale_connections(network, source, target, _number(factor, "--scale"))
    if arguments.no_self_connections:
        network = remove_self_connections(network)
    for text in arguments.lesion or ():
        network = lesion(network, _units(text, network.n_units))
    for which in arguments.shuffle or ():
        network = shuffle_weights(network, seed, which=which)
    return network


def _units(text: str, n_units: int) -> str | list[int]:
    """Numbers from 1 as indices from 0, or the name of a class. Raises InputError, counting from 1 as the flag does."""
    first, dash, last = text.partition("-")
    if not first.isdigit():
        return text
    if (dash and not last.isdigit()) or int(first) < 1 or int(last or first) < int(first) or int(last or first) > 10**7:
        raise InputError(f"--lesion takes numbers from 1 such as 3 or 10-20, got {text!r}")
    if int(last or first) > n_units:
        raise InputError(f"--lesion {text}: the network has units 1 to {n_units}")
    return list(range(int(first) - 1, int(last or first)))


def _number(text: str, flag: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{flag} needs a number, got {text!r}") from None
