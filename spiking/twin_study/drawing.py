"""The figures of a study, as files: of its data, of each network beside the neuron, of all networks by their size."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from rate2spike.errors import InputError
from rate2spike.figures import Figure
from rate2spike.io.figure_file import save_figure
from rate2spike.progress import Advance
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_evaluation import plots_complexity
from rate2spike.spiking.twin_evaluation.best_models import ModelTable
from rate2spike.spiking.twin_figures.imitation import Imitation
from rate2spike.spiking.twin_figures.plots_sets import of_dataset, of_imitation
from rate2spike.spiking.twin_study.evaluating import TwinScores
from rate2spike.spiking.twin_study.fitted import FittedTwin
from rate2spike.spiking.twin_study.known_cells import synapses_of

_AXES = ("depth", "width", "history_ms", "n_parameters", "n_train_windows")


def draw_data(dataset: CellDataset, folder: Path, seed: int, advance: Advance) -> list[Path]:
    """The figures of a data set. Raises InputError."""
    return _saved(of_dataset(dataset, synapses_of(dataset), seed), folder, advance)


def draw_twin(
    fitted: FittedTwin, scores: TwinScores, dataset: CellDataset, folder: Path, seed: int, advance: Advance
) -> list[Path]:
    """The figures of one network beside its neuron. Raises InputError."""
    imitation = Imitation(
        synapses_of(dataset), scores.predictions, scores.evaluation, dataset, fitted.twin.network, fitted.history
    )
    return _saved(of_imitation(imitation, seed), folder, advance)


def draw_networks(table: ModelTable, folder: Path, advance: Advance) -> list[Path]:
    """The figures of all networks by their size; those for which too little is known are left out."""
    return _saved(_of_networks(table), folder, advance)


def _of_networks(table: ModelTable) -> Iterator[tuple[str, Figure]]:
    made: dict[str, Callable[[], Figure]] = {
        "accuracy_over_complexity": lambda: plots_complexity.accuracy_over_complexity(table),
        "auc_over_parameters": lambda: plots_complexity.families_over_parameters(table),
        "explained_over_parameters": lambda: plots_complexity.families_over_parameters(table, "soma_explained_percent"),
        "sizes": lambda: plots_complexity.sizes(table),
    }
    made |= {f"scores_over_{axis}": partial(plots_complexity.metrics_over, table, axis) for axis in _AXES}
    for name, draw in made.items():
        try:
            yield name, draw()
        except InputError:  # an ELM neuron alone has no depth, and so on
            continue


def _saved(figures: Iterable[tuple[str, Figure]], folder: Path, advance: Advance) -> list[Path]:
    paths: list[Path] = []
    for name, figure in figures:
        paths += save_figure(figure, folder / name)
        advance(name)
    return paths


def pictures(paths: Sequence[Path]) -> list[Path]:
    """Of files in two formats those that are pictures."""
    return [path for path in paths if path.suffix == ".png"]
