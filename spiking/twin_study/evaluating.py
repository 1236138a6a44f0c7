"""The evaluation of the fitted networks of a study: thresholds from validation data, scores of other data."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.progress import OnProgress, following
from rate2spike.readable import Readable, as_json, dataframe, draw
from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_evaluation.best_models import ModelTable
from rate2spike.spiking.twin_evaluation.calibration import Calibration, calibration
from rate2spike.spiking.twin_evaluation.complexity import functional_complexity_index
from rate2spike.spiking.twin_evaluation.evaluate import evaluate_twin, operating_threshold
from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions
from rate2spike.spiking.twin_evaluation.metrics import RAW_SOMA
from rate2spike.spiking.twin_evaluation.model_row import ModelRow, model_row
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
from rate2spike.spiking.twin_evaluation.result import TwinEvaluation
from rate2spike.spiking.twin_study.cell_kinds import kind_of
from rate2spike.spiking.twin_study.fitted import FittedTwin
from rate2spike.spiking.twin_study.kept_predictions import kept_or_predicted
from rate2spike.spiking.twin_study.predicting import Predicted, predicted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

Data = CellDataset | Sequence[CellSimulation]
VALID = "valid"  # label of the data that choose thresholds
PUBLISHED_RESULTS, PUBLISHED_SUBSETS = "evaluations_results_dict", "list_of_subset_eval_results_dict"


@dataclass(frozen=True, eq=False, repr=False)
class TwinScores(Readable):
    """How well a network imitates a neuron: all its outputs.

    Attributes
    ----------
    evaluation : TwinEvaluation
        Of spikes and somatic voltage.
    predictions : TwinPredictions
        What was scored.
    heads : dict of str to dict of str to float
        Of every other output: of numbers explained variance (percent), RMSE and MAE in mV, of rates in Hz, of components of
        dendritic voltages in their SDs; of probabilities AUC and true positives.
    calibration : Calibration
        Whether probabilities of spikes are right on average.
    complexity_index : float
        Functional complexity index of the neuron, by this network.
    """

    shown = ("evaluation", "complexity_index")

    evaluation: TwinEvaluation
    predictions: TwinPredictions = field(repr=False)
    heads: Mapping[str, Mapping[str, float]]
    calibration: Calibration

    @property
    def complexity_index(self) -> float:
        """Of the neuron, by this network."""
        return functional_complexity_index(self.evaluation.auc)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw ROC, cross-correlation and voltage; ax: whose place is taken."""
        return self.evaluation.plot(ax)

    def in_numbers(self) -> dict[str, Any]:
        """The few numbers a reader wants first."""
        found = self.evaluation
        numbers: dict[str, Any] = {"auc": found.auc, "auc_interval": found.auc_interval}
        key = found.operating_key
        numbers |= {key: found.headline[key], "threshold": found.operating_point.threshold}
        numbers |= {
            "false_positive_rate": found.operating_point.false_positive_rate,
            "true_positive_rate": found.operating_point.true_positive_rate,
        }
        numbers |= {name: found.headline[name] for name in RAW_SOMA if name in found.headline}
        numbers["calibration_r"] = self.calibration.correlation
        numbers["complexity_index"] = self.complexity_index
        return numbers | {name: dict(scores) for name, scores in self.heads.items()}

    def to_dict(self) -> dict[str, Any]:
        """All numbers, as a file has them: those of the published evaluations under the published names."""
        found = self.evaluation
        return {
            "settings": dict(vars(found.options)),
            "n_simulations": found.n_simulations,
            **self.in_numbers(),
            "calibration_explained_variance_percent": self.calibration.explained_variance_percent,
            "threshold_from_validation": found.operating_point.from_validation,
            PUBLISHED_RESULTS: found.results,
            "further": found.further,
            "intervals": found.intervals,
            PUBLISHED_SUBSETS: list(found.subsets),
        }


@public(settings=EvaluationOptions)
def score_twin(
    twin: SavedTwin,
    data: Data,
    valid: Data | None = None,
    *,
    progress: bool | OnProgress | None = None,
    **settings: Any,
) -> TwinScores:
    """Score all outputs of a fitted network on data that it has not seen.

    Parameters
    ----------
    twin : SavedTwin
        The network, as `fit` gives it and `load_twin` reads it.
    data : CellDataset, or list of CellSimulation
        What it is judged by.
    valid : CellDataset, or list of CellSimulation, or None, default None
        Other data that choose the threshold of predicted spikes. None: the data themselves, as published.
    progress : bool, function or None, default None
        See `rate2spike.progress`.

    Returns
    -------
    TwinScores

    Raises
    ------
    InputError
        For data that do not fit the network, and without spikes, of which AUC is undefined.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.architecture import point_architecture
    >>> from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin
    >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
    >>> from rate2spike.spiking.neuron_as_net.targets import POINT_TARGETS
    >>> from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
    >>> from rate2spike.spiking.twin_study.evaluating import score_twin
    >>> few = SimulationConfig(cell="integrate_and_fire", n_train=0, n_valid=2, n_test=4)
    >>> sets = simulate_sets(few, "point_data", progress=False)
    >>> twin = SavedTwin(TwinNetwork(point_architecture()), POINT_TARGETS)
    >>> found = score_twin(twin, sets["test"], sets["valid"], n_resamples=0)
    >>> 0 <= found.evaluation.auc <= 1
    True
    """
    options = EvaluationOptions(**settings)
    n = len(data) + (0 if valid is None else len(valid))
    with following(progress, "predicting", n) as advance:
        of_valid = None if valid is None else predicted(twin, valid, options.discard_ms, advance)
        return _scores(predicted(twin, data, options.discard_ms, advance), of_valid, options)


def _scores(found: Predicted, of_valid: Predicted | None, options: EvaluationOptions) -> TwinScores:
    threshold = None
    if of_valid is not None:
        try:
            threshold = operating_threshold(of_valid.spikes, **vars(options))
        except InputError as error:
            raise InputError(f"validation data: {error.args[0]}", *error.fields) from None
    predictions, counted = found.spikes, slice(options.discard_ms, None)
    return TwinScores(
        evaluate_twin(predictions, threshold, **vars(options)),
        predictions,
        found.heads,
        calibration(predictions.true_spikes[:, counted], predictions.scores[:, counted]),
    )


@dataclass(frozen=True, eq=False, repr=False)
class StudyScores(Readable):
    """Fitted networks and their scores on one data set.

    Attributes
    ----------
    twins : tuple of FittedTwin
        The networks.
    scores : tuple of TwinScores
        Of each.
    label : str
        Name of the data.
    variant : str
        Of the neuron.
    """

    shown = ("label", "n_models", "best")

    twins: tuple[FittedTwin, ...]
    scores: tuple[TwinScores, ...]
    label: str
    variant: str

    @property
    def n_models(self) -> int:
        """Number of networks."""
        return len(self.twins)

    @property
    def best(self) -> str:
        """Name of the network with the highest AUC."""
        return max(zip(self.scores, self.twins, strict=True), key=lambda pair: pair[0].evaluation.auc)[1].name

    def table(self) -> ModelTable:
        """A row per network, as in the published tables."""
        return ModelTable(tuple(map(self._row, self.twins, self.scores)))

    def to_dataframe(self) -> "DataFrame":
        """One row per network: name, parameters, minutes of the fit, and all scores."""
        rows = self.flat_rows()
        names = list(dict.fromkeys(name for row in rows for name in row))
        return dataframe({name: [row.get(name, np.nan) for row in rows] for name in names})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw AUC over the number of parameters, by family of networks; ax: where, in place of a new figure."""
        return draw("spiking.twin_evaluation.plots_complexity:families_over_parameters", self.table(), ax)

    def flat_rows(self) -> list[dict[str, Any]]:
        """A dict per network, with what it has of the columns of `to_dataframe`."""
        return [self._flat(*pair) for pair in zip(self.twins, self.scores, strict=True)]

    def _row(self, fitted: FittedTwin, scores: TwinScores) -> ModelRow:
        known = fitted.described() | {"biophysical_model_type": self.variant}
        return model_row(scores.evaluation, fitted.name, **known)

    def _flat(self, fitted: FittedTwin, scores: TwinScores) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": fitted.name,
            "overview": fitted.overview,
            "parameters": fitted.n_parameters,
            "updates": fitted.n_updates,
            "minutes": fitted.minutes,
        }
        for name, value in scores.in_numbers().items():
            if isinstance(value, Mapping):
                row |= {f"{name} {what}": one for what, one in value.items()}
            elif isinstance(value, tuple):
                row |= {f"{name} {end}": one for end, one in zip(("low", "high"), value, strict=True)}
            else:
                row[name] = value
        return row


def evaluation_file(folder: Path, label: str) -> Path:
    """Where the scores of a network are written."""
    return folder / f"evaluation_{label}.json"


@public(settings=EvaluationOptions)
def evaluate_study(
    twins: Sequence[FittedTwin],
    data: CellDataset,
    valid: CellDataset | None = None,
    *,
    label: str = "test",
    progress: bool | OnProgress | None = None,
    announce: Callable[[str], None] | None = None,
    **settings: Any,
) -> StudyScores:
    """Score fitted networks, and write evaluation_<label>.json into the folder of each.

    Parameters
    ----------
    twins : list of FittedTwin
        Of one neuron.
    data, valid : CellDataset
        As in `score_twin`; settings that are not given are those of the cell's study.
    label : str, default 'test'
        Name of the data.
    progress, announce
        As in `fit_networks`.

    Returns
    -------
    StudyScores

    Raises
    ------
    InputError
        As `score_twin`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
    >>> from rate2spike.spiking.twin_study.evaluating import evaluate_study
    >>> from rate2spike.spiking.twin_study.fitting import fit_networks
    >>> from rate2spike.spiking.twin_study.plan import FitPlan
    >>> few = SimulationConfig(cell="integrate_and_fire", n_train=4, n_valid=2, n_test=2)
    >>> sets = simulate_sets(few, "a_point/data", progress=False)
    >>> quick = dict(window_ms=300, batches_per_epoch=5, valid_batches=2, epochs_per_stage=1, n_epochs=3)
    >>> twins = fit_networks("a_point/data", FitPlan(**quick), "a_point/fits", progress=False)
    >>> evaluate_study(twins, sets["test"], sets["valid"], n_resamples=0)
    StudyScores(label='test', n_models=1, best='linear-80_seed_0')
    """
    scores = score_study(twins, data, valid, label=label, progress=progress, announce=announce, **settings)
    for fitted, found in zip(scores.twins, scores.scores, strict=True):
        content = json.dumps(json.loads(as_json(found.to_dict())), indent=1) + "\n"
        write_atomically(evaluation_file(fitted.folder, label), content)
    return scores


def score_study(
    twins: Sequence[FittedTwin],
    data: CellDataset,
    valid: CellDataset | None = None,
    *,
    label: str = "test",
    progress: bool | OnProgress | None = None,
    announce: Callable[[str], None] | None = None,
    **settings: Any,
) -> StudyScores:
    """The same without the files of scores; predictions are kept. Raises InputError naming the fit."""
    options = EvaluationOptions(**(dict(kind_of(data).evaluation) | settings))
    sets = {label: data} | ({} if valid is None else {VALID: valid})
    found = []
    for k, fitted in enumerate(twins):
        if announce is not None and len(twins) > 1:
            announce(f"{fitted.name}, {k + 1} of {len(twins)}")
        try:
            found.append(_of_fitted(fitted, sets, options, progress))
        except InputError as error:
            raise InputError(f"{fitted.folder}: {error.args[0]}", *error.fields) from None
    return StudyScores(tuple(twins), tuple(found), label, variant_of(data))


def variant_of(dataset: CellDataset) -> str:
    """Name of the neuron in tables and names of files, in one word."""
    return (dataset.cell or "cell").removeprefix("L5PC ").replace(" ", "_")


def _of_fitted(
    fitted: FittedTwin, sets: Mapping[str, CellDataset], options: EvaluationOptions, progress: bool | OnProgress | None
) -> TwinScores:
    """The scores on the first set, with the threshold of the set `valid`, if there is one."""
    with following(progress, "predicting", sum(map(len, sets.values()))) as advance:
        found = {
            name: kept_or_predicted(fitted, name, dataset, options.discard_ms, advance)
            for name, dataset in sets.items()
        }
    return _scores(next(iter(found.values())), found.get(VALID), options)
