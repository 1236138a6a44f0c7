"""Dendritic prediction that learns a time course, beside a control without anything to learn from."""

from pathlib import Path

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.progress import OnProgress, following
from rate2spike.spiking.dendrite_examples.config import DppConfig
from rate2spike.spiking.dendrite_examples.dpp_neuron import DppNeuron
from rate2spike.spiking.dendrite_examples.dpp_result import DppResult, rms_error
from rate2spike.spiking.dendrite_examples.rounds import Rounds
from rate2spike.spiking.dendrite_examples.target import input_spikes, target

REPEATED, NEW = "repeated_spikes", "new_spikes"  # what is learnt from


@public()
def learn_by_prediction(
    config: DppConfig, folder: str | Path | None = None, progress: bool | OnProgress | None = None
) -> DppResult:
    """Let a neuron learn a time course of its voltage by dendritic prediction, from input spikes that repeat.

    While it learns, a teacher nudges the soma towards the target; afterwards it is on its own. The control is taught the same
    with new spikes in every repeat, so that nothing tells it what time it is.

    Parameters
    ----------
    config : DppConfig
        All settings.
    folder : str, path or None, default None
        Where checkpoints go; learning goes on from those that are there already. None: nowhere.
    progress : bool, function or None, default None
        None shows a bar where somebody watches, True also lines in a log, False nothing; a function is called as
        progress(n_done, n_total, text).

    Returns
    -------
    DppResult
        Target and voltages without the teacher, and the error after every repeat.

    Raises
    ------
    InputError
        For checkpoints of other settings, and voltages that are not finite.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import DppConfig
    >>> from rate2spike.spiking.dendrite_examples.dpp import learn_by_prediction
    >>> config = DppConfig(n_inputs=20, n_steps=100, n_repeats=3)
    >>> learn_by_prediction(config, progress=False).errors["learning"].shape
    (3,)
    """
    set_threads(tf)
    place = None if folder is None else checked_path(folder, "folder")
    wanted, spikes = target(config), input_spikes(config)
    with following(progress, "dendrites dpp", 2 * config.n_repeats) as advance:
        pupils = {name: _Repeats(config, name) for name in (REPEATED, NEW)}
        before = pupils[REPEATED].neuron.voltage(spikes)
        errors = {
            name: Rounds(config, name, place).learnt(pupil, advance, shown="error")["error"]
            for name, pupil in pupils.items()
        }
    after = {name: pupil.neuron.voltage(spikes) for name, pupil in pupils.items()}
    return DppResult(wanted, before, after[REPEATED], after[NEW], errors[REPEATED], errors[NEW], spikes)


class _Repeats:
    """Repeats with the teacher: the pupil of `Rounds`."""

    def __init__(self, config: DppConfig, name: str):
        self._config, self._is_control = config, name == NEW
        self._target, self._spikes = target(config), input_spikes(config)
        self.neuron = DppNeuron(config, self._target)
        self.variables = self.neuron.variables

    def round(self, k: int) -> dict[str, float]:
        """One repeat; the error without the teacher after it."""
        self.neuron.learn(input_spikes(self._config, k + 1) if self._is_control else self._spikes)
        return {"error": rms_error(self.neuron.voltage(self._spikes), self._target)}
