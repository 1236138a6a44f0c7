"""Wirings: which compartment of a dendrite receives current from which. Plain objects, without anything to train."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import is_number, shown, true_or_false, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.readable import draw, one_line, same
from rate2spike.spiking.dendrites.wiring_cycle import find_cycle
from rate2spike.spiking.layers.cell import PACKAGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class DendWiring:
    """Any wiring of compartments. Inputs are always the first compartments.

    Compartments that are connected both ways are no cycle, nor is one that is connected to itself, which is without effect.

    Parameters
    ----------
    adjacency_matrix : array (n_compartment, n_compartment) of 0 and 1
        Entry [source, target] is 1 where the target receives current from the source.
    n_input : int
        How many compartments, the first ones, receive input; from 0.
    output_index : sequence of ints
        The compartments that the soma sees, at least one; an index may come twice.

    Raises
    ------
    InputError
        For a matrix that is not square or holds other numbers than 0 and 1, an n_input or index that does not fit, no
        outputs, and a directed cycle of three compartments or more.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> chain = r2s.dendrites.DendWiring([[0, 1, 0], [0, 0, 1], [0, 0, 0]], n_input=1, output_index=[2])
    >>> chain.n_compartment, chain.input_index, chain.output_index
    (3, [0], [2])
    """

    def __init__(self, adjacency_matrix: Any, n_input: int, output_index: Iterable[int]):
        self._adjacency = _checked_matrix(adjacency_matrix)
        self._n_input = _checked_n_input(n_input, len(self._adjacency))
        self._output_index = _checked_outputs(output_index, len(self._adjacency))
        _check_cycle(self._adjacency)

    @property
    def adjacency_matrix(self) -> np.ndarray:
        """1 where the column's compartment receives current from the row's, (n_compartment,) * 2 int32; read-only."""
        view = self._adjacency.view()
        view.flags.writeable = False
        return view

    @property
    def n_compartment(self) -> int:
        """Number of compartments."""
        return len(self._adjacency)

    @property
    def n_input(self) -> int:
        """Number of input compartments."""
        return self._n_input

    @property
    def n_output(self) -> int:
        """Number of outputs."""
        return len(self._output_index)

    @property
    def input_index(self) -> list[int]:
        """Input compartments: the first ones."""
        return list(range(self._n_input))

    @property
    def output_index(self) -> list[int]:
        """Output compartments."""
        return list(self._output_index)

    @property
    def bidirection(self) -> bool:
        """Whether there are connections, and every one of them goes both ways."""
        others = self._between_others()
        return bool(others.any()) and bool((others == others.T).all())

    @property
    def is_segregated(self) -> bool:
        """Whether no compartment is connected to another, and all are inputs and outputs."""
        return not self._between_others().any() and self.input_index == self.output_index == list(
            range(self.n_compartment)
        )

    def add_compartment_connection(self, source: int, target: int, bidirection: bool | None = None) -> None:
        """Let a compartment receive current from another. Layers that were made with this wiring follow.

        Parameters
        ----------
        source : int
            Index of the compartment that the current depends on.
        target : int
            Index of the one that receives it.
        bidirection : bool or None, default None
            Whether the source receives current from the target, too; None: if that is so of all connections until now.

        Raises
        ------
        InputError
            For an index out of range, and where there would be a cycle; the wiring then stays as it is.
        """
        source, target = (self._index(one, name) for one, name in ((source, "source"), (target, "target")))
        changed = self._adjacency.copy()
        changed[source, target] = 1
        both_ways = self.bidirection if bidirection is None else bidirection
        if true_or_false(both_ways, "{bidirection}", "bidirection"):
            changed[target, source] = 1
        _check_cycle(changed)
        self._adjacency = changed

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the compartments with their inputs, outputs and connections; returns the figure.

        Parameters
        ----------
        ax : matplotlib axes or None, default None
            Where to draw, in place of a new figure.

        Raises
        ------
        InputError
            For an ax that is none.
        """
        return draw("spiking.dendrites.plots_wiring:wiring", self, ax)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the wiring anew, as one of this class."""
        return {
            "adjacency_matrix": self._adjacency.tolist(),
            "n_input": self.n_input,
            "output_index": self.output_index,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DendWiring":
        """The wiring of a configuration."""
        made = object.__new__(cls)
        DendWiring.__init__(made, **config)
        return made

    def __eq__(self, other: object) -> bool:
        """Equality by value."""
        if type(other) is not type(self):
            return NotImplemented
        return same(self.get_config(), other.get_config())

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __repr__(self) -> str:
        """One line."""
        values = {
            "n_compartment": self.n_compartment,
            "n_input": self.n_input,
            "n_connections": int(self._adjacency.sum()),
            "output_index": self.output_index,
        }
        return one_line(type(self).__name__, values)

    def _between_others(self) -> np.ndarray:
        """The adjacency without what connects compartments to themselves."""
        return self._adjacency * (1 - np.eye(self.n_compartment, dtype=np.int32))

    def _index(self, value: Any, name: str) -> int:
        index = whole_number(value, f"{{{name}}}", name, least=0)
        if index >= self.n_compartment:
            raise InputError(f"{{{name}}} must be a compartment from 0 to {self.n_compartment - 1}, got {index}", name)
        return index


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class SegregatedDendWiring(DendWiring):
    """No connections: all compartments are inputs and outputs.

    Parameters
    ----------
    n_compartment : int
        Number of compartments.

    Raises
    ------
    InputError
        For what is no whole number from 1.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.dendrites.SegregatedDendWiring(3).output_index
    [0, 1, 2]
    """

    def __init__(self, n_compartment: int):
        n = whole_number(n_compartment, "{n_compartment}", "n_compartment")
        super().__init__(np.zeros((n, n), np.int32), n, range(n))


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class Kto1DendWiring(DendWiring):
    """Trees of two levels: k input compartments drive each output compartment.

    Input compartment i k + j, with j < k, is connected to output compartment k n_output + i.

    Parameters
    ----------
    k : int
        Input compartments per output compartment.
    n_output : int
        Number of output compartments, the last ones.
    n_input : int or None, default None
        k times n_output, if it is given.
    bidirection : bool, default False
        Whether current also flows from outputs to inputs.

    Raises
    ------
    InputError
        For numbers that cannot be used, or do not fit together.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> wiring = r2s.dendrites.Kto1DendWiring(2, 2)
    >>> wiring.n_compartment, wiring.output_index
    (6, [4, 5])
    """

    def __init__(self, k: int, n_output: int, n_input: int | None = None, bidirection: bool = False):
        k, n_output = whole_number(k, "{k}", "k"), whole_number(n_output, "{n_output}", "n_output")
        if n_input is not None and whole_number(n_input, "{n_input}", "n_input") != k * n_output:
            raise InputError(f"{{n_input}} must be k n_output = {k * n_output}, got {n_input}", "n_input")
        n_input = k * n_output
        n_compartment = n_input + n_output
        adjacency = np.zeros((n_compartment, n_compartment), np.int32)
        sources = np.arange(n_input)
        targets = n_input + sources // k
        adjacency[sources, targets] = 1
        if true_or_false(bidirection, "{bidirection}", "bidirection"):
            adjacency[targets, sources] = 1
        super().__init__(adjacency, n_input, range(n_input, n_compartment))

    @property
    def k(self) -> int:
        """Input compartments per output compartment."""
        return self.n_input // self.n_output


Kto1DendWirng = Kto1DendWiring  # as the published package spells it


def _checked_matrix(matrix: Any) -> np.ndarray:
    try:
        given = np.asarray(matrix)
        is_matrix = given.ndim == 2 and given.shape[0] == given.shape[1] > 0
    except ValueError:  # rows of different lengths
        is_matrix = False
    if not is_matrix:
        shape = f"the shape {given.shape}" if "given" in locals() else "rows of different lengths"
        raise InputError(f"{{adjacency_matrix}} must be a square matrix, got {shape}", "adjacency_matrix")
    wrong = [one for one in given.ravel().tolist() if one not in (0, 1)]
    if wrong:
        raise InputError(f"{{adjacency_matrix}} must hold 0 and 1 alone, got {shown(wrong[0])}", "adjacency_matrix")
    return given.astype(np.int32)


def _checked_n_input(n_input: Any, n_compartment: int) -> int:
    n_input = whole_number(n_input, "{n_input}", "n_input", least=0)
    if n_input > n_compartment:
        raise InputError(f"{{n_input}} must be at most the {n_compartment} compartments, got {n_input}", "n_input")
    return n_input


def _checked_outputs(output_index: Any, n_compartment: int) -> tuple[int, ...]:
    try:
        indices = tuple(output_index)
    except TypeError:  # also of an array without axes, which says that it is iterable
        raise InputError(
            f"{{output_index}} must be a sequence of indices, got {shown(output_index)}", "output_index"
        ) from None
    if not indices:
        raise InputError("{output_index} must name one compartment at least, got none", "output_index")
    for one in indices:
        if not is_number(one) or one % 1 or not 0 <= one < n_compartment:
            raise InputError(
                f"{{output_index}} must hold compartments from 0 to {n_compartment - 1}, got {shown(one)}",
                "output_index",
            )
    return tuple(map(int, indices))


def _check_cycle(adjacency: np.ndarray) -> None:
    cycle = find_cycle(adjacency)
    if cycle:
        path = " -> ".join(map(str, [*cycle, cycle[0]]))
        raise InputError(f"{{adjacency_matrix}} must have no cycle, got the compartments {path}", "adjacency_matrix")
