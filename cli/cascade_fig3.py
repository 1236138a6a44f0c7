"""A dendritic subunit as a linear-nonlinear cascade: its answers to noise and to pulses (Harkin, Shen et al. 2022, Fig. 3).

Four subunits are shown: with sharp spikes, with a longer time scale, with a softer sensitivity, and one in between. A flag
sets its constant in all of them. DIR gets fig3.png, .pdf, .csv (transfer curves) and .mat (traces).

example: rate2spike cascade fig3 --seed 1
         rate2spike cascade fig3 --output_dir slow --tau-na-ms 60 --seed 1
"""

import argparse

from rate2spike.cli.arguments import Parser
from rate2spike.cli.cascade_figures import add_cell_flags, add_output, check_output, write_all
from rate2spike.cli.option_flags import given


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.cascade.subunit import SubunitParams
    from rate2spike.spiking.cascade.subunit_exploration import OF_CONDITIONS

    add_cell_flags(parser, SubunitParams, defaults=OF_CONDITIONS)
    add_output(parser, "fig3")
    parser.add_argument("--seed", type=int, default=None, help="seed of the noise (default: drawn and printed)")


def run(arguments: argparse.Namespace) -> int:
    """Simulate and write."""
    from rate2spike.errors import about
    from rate2spike.seeding import resolve_seed
    from rate2spike.spiking.cascade.subunit import SubunitParams
    from rate2spike.spiking.cascade.subunit_exploration import subunit_demonstration

    check_output(arguments)
    with about("seed"):
        seed = resolve_seed(arguments.seed)
    write_all(arguments, "fig3", subunit_demonstration(seed, **given(arguments, SubunitParams)))
    return 0
