"""A dendrite of parallel cascades: Na and Ca stages drive NMDA, with and without a block (Harkin, Shen et al. 2022, Fig. 5).

A flag sets its constant before and after the block, which takes the sigmoids of Na and Ca stages away (their gains are 0).
DIR gets fig5.png, .pdf, .csv (largest answers over the amplitude of the input) and .mat (traces).

example: rate2spike cascade fig5
         rate2spike cascade fig5 --output_dir weaker --nmda-gain 3
"""

import argparse

from rate2spike.cli.arguments import Parser
from rate2spike.cli.cascade_figures import add_cell_flags, add_output, check_output, write_all
from rate2spike.cli.option_flags import given


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.cascade.parallel_dendrite_params import ParallelDendriteParams

    add_cell_flags(parser, ParallelDendriteParams)
    add_output(parser, "fig5")


def run(arguments: argparse.Namespace) -> int:
    """Simulate and write."""
    from rate2spike.spiking.cascade.parallel_dendrite_params import ParallelDendriteParams
    from rate2spike.spiking.cascade.pharmacological_block import parallel_dendrite_demonstration

    check_output(arguments)
    write_all(arguments, "fig5", parallel_dendrite_demonstration(**given(arguments, ParallelDendriteParams)))
    return 0
