"""Fig. 4 of the cascade models: a dendrite that spikes of the soma reach, with and without one; or the sweep of its settings.

Without --sweep the three inputs of either half of the figure are simulated: with a spike of the soma, and with one of the
dendrite alone. A flag given replaces that setting in all runs. With --sweep all 6 710 published combinations of peak,
half-activation and sensitivity are run, and the table of all runs is written; a flag given is then the only value of it.

example: rate2spike cascade fig4 --soma-threshold 0.16
         rate2spike cascade fig4 --sweep --traces
"""

import argparse
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser
from rate2spike.cli.cascade_figures import add_cell_flags, add_output, check_output, write_all
from rate2spike.cli.flag_groups import EXECUTION
from rate2spike.cli.option_flags import add_option_flags, given

if TYPE_CHECKING:
    from rate2spike.spiking.cascade.recurrent_dendrite_sweep_result import RecurrentDendriteSweep

_TRACE_STEP_MS = 0.1


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.cascade.recurrent_dendrite_demonstration import OF_SETS
    from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
    from rate2spike.spiking.scoring.options import Execution

    add_output(parser, "fig4")
    parser.add_argument("--sweep", action="store_true", help="run all published combinations of settings")
    parser.add_argument(
        "--traces", action="store_true", help="with --sweep: fig4_sweep.mat holds the signals of all runs too"
    )
    parser.add_argument(
        "--trace-step-ms",
        type=float,
        default=None,
        metavar="X",
        help=f"with --traces: time between two samples, ms (default: {_TRACE_STEP_MS:g})",
    )
    add_cell_flags(parser, RecurrentDendriteParams, defaults=OF_SETS)
    with parser.in_group(EXECUTION):
        add_option_flags(parser, Execution)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, write and tell. Raises InputError."""
    from rate2spike.spiking.cascade.recurrent_dendrite_demonstration import recurrent_dendrite_demonstration
    from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
    from rate2spike.spiking.scoring.options import Execution

    _check_flags_of_sweep(arguments)
    check_output(arguments)
    Execution(**given(arguments, Execution))
    settings = given(arguments, RecurrentDendriteParams)
    if not arguments.sweep:
        write_all(arguments, "fig4", recurrent_dendrite_demonstration(**settings))
        return 0
    found = _swept(arguments, settings)
    shown = _WithSignals(found, arguments.trace_step_ms or _TRACE_STEP_MS) if arguments.traces else found
    write_all(arguments, "fig4_sweep", shown)
    return 0


def _check_flags_of_sweep(arguments: argparse.Namespace) -> None:
    """Raise InputError for flags that would do nothing."""
    from rate2spike.checks import POSITIVE, number
    from rate2spike.errors import InputError

    if arguments.traces and not arguments.sweep:
        raise InputError("{traces} goes with {sweep}: without, the signals are in fig4.mat", "traces", "sweep")
    if arguments.trace_step_ms is not None:
        if not arguments.traces:
            raise InputError("{trace_step_ms} goes with {traces}", "trace_step_ms", "traces")
        number(arguments.trace_step_ms, "time between two samples", "trace_step_ms", POSITIVE)


def _swept(arguments: argparse.Namespace, settings: dict[str, Any]) -> "RecurrentDendriteSweep":
    """The sweep, in which what was given has one value."""
    from rate2spike.spiking.cascade.recurrent_dendrite_params import PUBLISHED_NAMES, RecurrentDendriteParams
    from rate2spike.spiking.cascade.recurrent_dendrite_sweep import sweep_recurrent_dendrite

    grid = {name: (value,) for name, value in settings.items() if name in PUBLISHED_NAMES}
    return sweep_recurrent_dendrite(grid, RecurrentDendriteParams(**settings), n_threads=arguments.n_threads)


class _WithSignals:
    """A sweep whose file for MATLAB has the signals of all runs too."""

    def __init__(self, sweep: "RecurrentDendriteSweep", dt_ms: float):
        self._sweep, self._dt_ms = sweep, dt_ms
        self.plot, self.table, self.summary = sweep.plot, sweep.table, sweep.summary

    def traces(self) -> dict[str, Any]:
        """Columns, and signals with a row per run."""
        return self._sweep.traces() | self._sweep.signals(self._dt_ms)
