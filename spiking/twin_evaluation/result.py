"""What an evaluation found: scores by range of spike counts, their uncertainty, and the predicted spikes of one threshold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.twin_evaluation.bootstrap import Interval
from rate2spike.spiking.twin_evaluation.cross_correlation import CrossCorrelation
from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions
from rate2spike.spiking.twin_evaluation.metrics import AUC, NAN, SOMA, tp_key
from rate2spike.spiking.twin_evaluation.roc import Roc
from rate2spike.spiking.twin_evaluation.spike_agreement import SpikeAgreement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

Metrics = dict[str, float]


@dataclass(frozen=True, eq=False, repr=False)
class OperatingPoint(Readable):
    """Predicted spikes: where the score is above a threshold.

    Attributes
    ----------
    threshold : float
        Score above which a spike is predicted.
    from_validation : bool
        Whether it was given, and so chosen on other data; else it is the one that fits these.
    false_positive_rate, true_positive_rate : float
        What it gives here.
    agreement : SpikeAgreement
        Precision and recall with a tolerance.
    cross_correlation : CrossCorrelation or None
        None if no predicted spike is near a true one.
    """

    shown = ("threshold", "from_validation", "false_positive_rate", "true_positive_rate", "agreement")

    threshold: float
    from_validation: bool
    false_positive_rate: float
    true_positive_rate: float
    agreement: SpikeAgreement
    cross_correlation: CrossCorrelation | None


@dataclass(frozen=True, eq=False, repr=False)
class TwinEvaluation(Readable):
    """How well a network imitates a neuron on one data set.

    Attributes
    ----------
    options : EvaluationOptions
        What counts.
    n_simulations : int
        Of the data set.
    results : dict of str to dict of str to float
        The published metrics of each range of spike counts, under their published names; the voltage's are those of the
        prediction with matched moments. NaN: not defined for these simulations.
    further : dict of str to dict of str to float
        The same of n_simulations, n_spikes, D', average precision, bits per spike, and of the voltage as it is predicted.
    intervals : dict of str to dict of str to (float, float)
        Bootstrap intervals of some metrics of each range.
    subsets : tuple of dict
        `results` of random subsets of the simulations.
    roc : Roc
        Of the range of most interest, by its corners.
    operating_point : OperatingPoint
        The same of predicted spikes.
    voltage_pairs_mv : (2, m) float32 array, or None
        True and predicted voltage of random bins, for figures.
    headline, auc, soma_explained_variance_percent, soma_rmse_mv
        Metrics of the range of most interest; of them, AUC and the voltage's.
    """

    shown = ("headline_key", "auc", "auc_interval", "soma_explained_variance_percent", "soma_rmse_mv", "n_simulations")

    options: EvaluationOptions
    n_simulations: int
    results: dict[str, Metrics]
    further: dict[str, Metrics]
    intervals: dict[str, dict[str, Interval]]
    subsets: tuple[dict[str, Metrics], ...]
    roc: Roc
    operating_point: OperatingPoint
    voltage_pairs_mv: np.ndarray | None = None

    @property
    def headline_key(self) -> str:
        """Key of the range of most interest."""
        return self.options.headline_key

    @property
    def headline(self) -> Metrics:
        """All metrics of the range of most interest."""
        return self.results[self.headline_key] | self.further[self.headline_key]

    @property
    def auc(self) -> float:
        """Area under the ROC."""
        return self.headline[AUC]

    @property
    def auc_interval(self) -> Interval | None:
        """Bootstrap interval of the AUC, if there are any."""
        return self.intervals.get(self.headline_key, {}).get(AUC)

    @property
    def soma_explained_variance_percent(self) -> float | None:
        """Of the voltage with matched moments; None without a voltage."""
        return self.headline.get(SOMA[0])

    @property
    def soma_rmse_mv(self) -> float | None:
        """Of the voltage with matched moments; None without a voltage."""
        return self.headline.get(SOMA[1])

    def subset_sd(self, metric: str = AUC, key: str | None = None) -> float:
        """SD of a metric over the random subsets; NaN without any. Raises InputError for a metric that is not there."""
        key = self.headline_key if key is None else key
        if key not in self.results or metric not in self.results[key]:
            raise InputError(f"no {{metric}} {metric!r} of {key!r}: there are {', '.join(self.results)}", "metric")
        values = [one[key][metric] for one in self.subsets]
        return float(np.std(values)) if values else NAN

    def to_dataframe(self) -> "DataFrame":
        """One row per range of spike counts: filter, all metrics, and of some `<metric> low` and `<metric> high`."""
        rows = [self._row(key) for key in self.results]
        return dataframe({name: [row[name] for row in rows] for name in rows[0]})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw ROC, cross-correlation and voltage; ax: whose place is taken."""
        return draw("spiking.twin_evaluation.plots:evaluation", self, ax)

    @property
    def operating_key(self) -> str:
        """Name of the true positive rate at the false positive rate of predicted spikes."""
        return tp_key(self.options.operating_fpr)

    def _row(self, key: str) -> dict[str, Any]:
        ends = {
            f"{metric} {end}": interval[k]
            for metric, interval in self.intervals.get(key, {}).items()
            for k, end in enumerate(("low", "high"))
        }
        return {"filter": key} | self.further[key] | self.results[key] | ends
