"""Flags of what a spiking network is made with, and of its scaling factor; what they leave open is as the search had it."""

import argparse
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.flag_groups import SPIKING
from rate2spike.cli.option_flags import add_option_flags, given
from rate2spike.cli.speaking import note

if TYPE_CHECKING:
    from rate2spike.spiking.scoring.network_options import NetworkOptions
    from rate2spike.trained_model import TrainedModel


def add_network_flags(parser: Parser, *, leave_out: Container[str] = ()) -> None:
    """--scaling-factor, and a flag for every field of `NetworkOptions`; manipulations are made in the order listed here."""
    from rate2spike.spiking.scoring.network_options import NetworkOptions

    parser.add_argument(
        "--scaling-factor", type=float, default=None, help="scaling factor 1/λ (default: the one found by a search)"
    )
    with parser.in_group(SPIKING):
        add_option_flags(parser, NetworkOptions, leave_out=leave_out)


def network_options(arguments: argparse.Namespace, model: "TrainedModel", path: str | Path) -> "NetworkOptions":
    """What the flags say of the network of a model file, and for the rest what it was searched with. Raises InputError.

    Says so on standard error where the search had other networks than the default ones.
    """
    from rate2spike.spiking.scoring.network_options import NetworkOptions, as_searched

    flags = given(arguments, NetworkOptions)
    asked = NetworkOptions(**flags)
    options = as_searched(model, {name: getattr(asked, name) for name in flags})
    asked.warn_of_units(model)
    if options != asked:
        note(f"{path}: network as in its search: {options.in_words(asked)}")
    return options
