"""A soma and a dendrite that excite each other: bursts, coincidences and gain (Harkin, Shen et al. 2022, Fig. 6).

A flag sets its constant in all three experiments. A warning names the largest stable gain, if the cell goes on firing when
its input has ended. DIR gets fig6.png and .pdf, the parts fig6_a, fig6_b and fig6_c, fig6.csv (spikes per step, lag and
strength) and fig6.mat (traces).

example: rate2spike cascade fig6
         rate2spike cascade fig6 --output_dir without --backprop-gain 0
"""

import argparse

from rate2spike.cli.arguments import Parser
from rate2spike.cli.cascade_figures import add_cell_flags, add_output, check_output, write_all
from rate2spike.cli.option_flags import given


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.cascade.dendrite_soma_params import DendriteSomaParams

    add_cell_flags(parser, DendriteSomaParams)
    add_output(parser, "fig6")


def run(arguments: argparse.Namespace) -> int:
    """Simulate and write."""
    from rate2spike.spiking.cascade.dendrite_soma_demonstration import dendrite_soma_demonstration
    from rate2spike.spiking.cascade.dendrite_soma_params import DendriteSomaParams

    check_output(arguments)
    write_all(arguments, "fig6", dendrite_soma_demonstration(**given(arguments, DendriteSomaParams)))
    return 0
