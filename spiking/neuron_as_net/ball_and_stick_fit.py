"""Settings with which twins of ball-and-stick cells are fitted on one core within an hour; the published ones took a GPU."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import choice, whole_number
from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture, ball_and_stick_elm
from rate2spike.spiking.neuron_as_net.heads import SPIKES
from rate2spike.spiking.neuron_as_net.schedule import (
    Schedule,
    long_ball_and_stick_schedule,
    short_ball_and_stick_schedule,
)
from rate2spike.spiking.neuron_as_net.targets import BALL_AND_STICK_TARGETS, Targets

# further time constants of branches, ms: those of GABA, and of the membrane or of NMDA receptors
_FURTHER_MS = {"AMPA_point": (8.0, 20.0), "NMDA_cable": (8.0, 70.0)}
_MEMORY_MS = (1.0, 150.0)
_SPIKE_BIAS = -4.6  # log odds of ten spikes per second
_UPDATES_PER_EPOCH = 1000


@dataclass(frozen=True, eq=False, repr=False)
class BallAndStickFit(Readable):
    """What `fit` needs for the twin of a ball-and-stick cell.

    Attributes
    ----------
    architecture : ElmArchitecture
        The network.
    schedule : Schedule
        Learning rates and weights of the losses, per epoch.
    targets : Targets
        How recordings become targets.
    settings : dict
        The further settings of `fit`.
    long_schedule, long_settings : Schedule, dict
        Of a second fit of the same network, on windows of 2048 ms: slow memory, which short windows do not hold in check,
        drifts over whole simulations after the first.
    """

    shown = ("architecture", "schedule")

    architecture: ElmArchitecture
    schedule: Schedule
    targets: Targets
    settings: Mapping[str, Any] = field(repr=False)
    long_schedule: Schedule = field(repr=False)
    long_settings: Mapping[str, Any] = field(repr=False)


@public()
def ball_and_stick_fit(cell: str = "AMPA_point", n_epochs: int = 80, n_memory: int = 64) -> BallAndStickFit:
    """Settings that fit the twin of a ball-and-stick cell on one core: an ELM neuron.

    They differ from the published ones of an ELM neuron for such cells. The MLP has no normalisation before it; it gets two
    more sums of every branch, with slower time constants; those of memory start from 1 to 150 ms, not 2 to 40, and may become
    anything. The bias of the spikes is that of ten spikes per second. An update is of 8 windows of 512 ms, so that there are
    many; the learning rate is ten times as high, gradients are clipped at 1, weights do not decay, and the first 100 ms of a
    window, of which the past is not known, do not count.

    Parameters
    ----------
    cell : {'AMPA_point', 'NMDA_cable'}, default 'AMPA_point'
        The cell.
    n_epochs : int, default 80
        Of 1000 updates each.
    n_memory : int, default 64
        Memory units; the MLP has twice as many hidden ones.

    Returns
    -------
    BallAndStickFit

    Raises
    ------
    InputError
        If a value cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.ball_and_stick_fit import ball_and_stick_fit
    >>> how = ball_and_stick_fit("NMDA_cable", n_epochs=40)
    >>> how.architecture.n_parameters, how.schedule.n_epochs, how.settings["batch_size"]
    (23580, 40, 8)

    The fit itself, with data sets of `simulate_sets`::

        network = TwinNetwork(how.architecture)
        fit(network, train, valid, how.schedule, how.targets, **how.settings)
        fit(network, train, valid, how.long_schedule, how.targets, **how.long_settings)
    """
    name = choice(cell, "cell", "cell", _FURTHER_MS)
    least, most = _MEMORY_MS
    network = ball_and_stick_elm(n_memory=n_memory)
    heads = tuple(replace(one, initial_bias=_SPIKE_BIAS) if one.name == SPIKES else one for one in network.heads)
    settings = dict(
        batch_size=8,
        window_ms=512,
        ignore_ms=0,
        left_out_ms=100,
        optimizer="adamw",
        clip_norm=1.0,
        epochs_per_stage=1,
        batches_per_epoch=_UPDATES_PER_EPOCH,
        valid_batches=32,
        train_files_per_epoch=_UPDATES_PER_EPOCH,  # as many as there are, up to one per update
        valid_files_per_epoch=32,
        files_in_memory=300,  # 13 MB each
        variant=name,
    )
    return BallAndStickFit(
        replace(network, least_tau_ms=least, most_tau_ms=most, more_tau_branch_ms=_FURTHER_MS[name], heads=heads),
        short_ball_and_stick_schedule(whole_number(n_epochs, "{n_epochs}", "n_epochs")),
        BALL_AND_STICK_TARGETS,
        settings,
        long_ball_and_stick_schedule(max(1, n_epochs // 4)),
        settings | dict(window_ms=2048, batch_size=4, batches_per_epoch=_UPDATES_PER_EPOCH // 2),
    )
