"""Several learners, told the same."""

from collections.abc import Iterable
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.spiking.plasticity.learner import Learner, apply_gradients


@public()
class LearnerList(list[Learner]):
    """A list of learners that are reset, enabled, disabled, stepped and applied together.

    Parameters
    ----------
    learners : iterable of learners, default none
        In the order in which they step.

    Raises
    ------
    InputError
        For what is no learner.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> learners = r2s.plasticity.LearnerList([])
    >>> learners.step()
    """

    def __init__(self, learners: Iterable[Learner] = ()):
        if not isinstance(learners, Iterable):
            raise InputError(f"{{learners}} must be several learners, got {shown(learners)}", "learners")
        super().__init__(map(_checked, learners))

    def append(self, learner: Learner) -> None:
        """Add one. Raises InputError for what is no learner."""
        super().append(_checked(learner))

    def reset(self) -> None:
        """Forget traces and records of all."""
        for one in self:
            one.reset()

    def enable(self) -> None:
        """Let all record calls from now on."""
        for one in self:
            one.enable()

    def disable(self) -> None:
        """Let all record no more calls."""
        for one in self:
            one.disable()

    def step(self, on_grad: bool = True, scale: float = 1.0) -> None:
        """Let all learn from their records.

        Parameters
        ----------
        on_grad : bool, default True
            Subtract the changes from the gradients, so that `apply` makes them.
        scale : float or scalar tensor, default 1.0
            Factor of the changes, such as a reward.

        Raises
        ------
        InputError
            As the `step` of a learner.
        """
        for one in self:
            one.step(on_grad, scale)

    def apply(self, optimizer: Any) -> None:
        """Change the weights of all in one step of a Keras optimizer; learners of one weight add up.

        Parameters
        ----------
        optimizer : keras.optimizers.Optimizer
            As of a learner's `apply`.

        Raises
        ------
        InputError
            For what is no optimizer.
        """
        apply_gradients(self, optimizer)

    def __repr__(self) -> str:
        """One line."""
        return f"LearnerList({len(self)} learners: {', '.join(type(one).__name__ for one in self)})"[:200]


def _checked(learner: Any) -> Learner:
    if not isinstance(learner, Learner):
        raise InputError(f"{{learners}} must be learners, got {shown(learner)}", "learners")
    return learner
