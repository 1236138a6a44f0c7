"""The figures of Kim, Li & Sejnowski (PNAS 2019) as studies: points, what is measured, and what the paper reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.simulator.params import LIFParams, QIFParams

from paper_measures import Row, components, conversion, firing_rate, training

PUBLISHED_NETWORKS = 100  # per point
CONVERTED = 0.95  # of the search trials at the best factor
SOFTPLUS_FACTORS = tuple(range(4, 27, 2))
QIF_FACTORS = tuple(range(10, 76, 5))  # the paper gives none


@dataclass(frozen=True)
class Point:
    """One condition of a figure: a population, and how it is measured."""

    name: str
    population: str
    options: Mapping[str, Any] = field(default_factory=dict)  # of the study's measure


@dataclass(frozen=True)
class Published:
    """A number of the paper over n_networks networks; sd None: a share, or not reported."""

    mean: float
    sd: float | None = None
    n_networks: int = PUBLISHED_NETWORKS


@dataclass(frozen=True)
class Quantity:
    """One panel of a figure and one column of its table."""

    name: str
    value: Callable[[Row, Sequence[Row]], float]  # of a row; the rows of all points are given for comparisons
    published: Mapping[str, Published] = field(default_factory=dict)  # by point
    is_share: bool = False  # of the networks: value is 0 or 1


@dataclass(frozen=True)
class Study:
    """One figure."""

    title: str
    axis: str  # what the points differ in
    measure: Callable[..., dict[str, Any]]
    points: tuple[Point, ...]
    quantities: tuple[Quantity, ...]
    in_words: str = ""  # what the paper reports without a number per point


def is_converted(row: Row) -> bool:
    """The rate network met the criteria of training, and as a spiking one solves enough of the search's trials."""
    return row["criteria_met"] == "yes" and float(row["search_accuracy"]) >= CONVERTED


def _percent(column: str) -> Callable[[Row, Sequence[Row]], float]:
    return lambda row, rows: 100 * float(row[column])


def _plain(column: str) -> Callable[[Row, Sequence[Row]], float]:
    return lambda row, rows: float(row[column])


def _at_factor_of(point: str) -> Quantity:
    """Accuracy in the search, with the factor kept that is best for the same network at another point."""

    def value(row: Row, rows: Sequence[Row]) -> float:
        same = [other for other in rows if (other["point"], other["seed"]) == (point, row["seed"])]
        if not same:
            return np.nan
        return 100 * float(row["accuracies"].split()[HISTORIC_FACTORS.index(int(same[0]["best_factor"]))])

    return Quantity("accuracy, factor kept (%)", value)


def _conversion(
    title: str,
    axis: str,
    *points: Point,
    accuracy: Mapping[str, Published] | None = None,
    share: Mapping[str, Published] | None = None,
    more: tuple[Quantity, ...] = (),
    in_words: str = "",
) -> Study:
    quantities = (
        Quantity("accuracy at the best factor (%)", _percent("search_accuracy"), accuracy or {}),
        Quantity("accuracy on fresh trials (%)", _percent("fresh_accuracy")),
        Quantity("networks that convert (%)", lambda row, rows: 100.0 * is_converted(row), share or {}, is_share=True),
    )
    return Study(title, axis, conversion, points, quantities + more, in_words)


_GAINS = {"0.5": "mante_gain_0.5", "1.5": "mante_taus_4_20", "2.5": "mante_gain_2.5", "3.5": "mante_gain_3.5"}
_TAU_MS = Quantity("mean synaptic decay (ms)", _plain("tau_ms"), {"200": Published(28.2)})
_TRAINS = Quantity("networks that train (%)", lambda row, rows: 100.0 * (row["criteria_met"] == "yes"), is_share=True)
_RATE_ACCURACY = Quantity("accuracy of the rate network (%)", _percent("rate_accuracy"))

STUDIES: dict[str, Study] = {
    "1C": Study(
        "Go-NoGo rate networks of N units trained within 6000 trials",
        "number of units N",
        training,
        tuple(Point(str(n), f"go_nogo_n_{n}") for n in (10, 50, 100, 200, 250, 400)),
        (replace(_TRAINS, published={"10": Published(69)}), _RATE_ACCURACY, _TAU_MS),
        "69 % of N = 10, about all others train; accuracy 96 to 100 %",
    ),
    "2C": _conversion(
        "Go-NoGo networks of N units, tuned decay of 20 to 50 ms, as LIF networks",
        "number of units N",
        *(Point(str(n), f"go_nogo_n_{n}") for n in (10, 50, 100, 200, 250)),
        in_words="works for N from 200, poorly for N = 10 and 50",
    ),
    "2E": _conversion(
        "Go-NoGo networks of 250 units, all decays 20 ms",
        "synaptic decay",
        Point("20 ms", "go_nogo_tau_4"),
        accuracy={"20 ms": Published(93.91, 7.78)},
        share={"20 ms": Published(65)},
    ),
    "4": _conversion(
        "Mante networks of 250 units, tuned decay of 20 to 50 ms (Figures 4D and 4E)",
        "synaptic decay",
        Point("20 to 50 ms", "mante_taus_4_10"),
        accuracy={"20 to 50 ms": Published(98)},
        more=(
            Quantity("best scaling factor", _plain("best_factor"), {"20 to 50 ms": Published(60)}),
            Quantity("mean synaptic decay (ms)", _plain("tau_ms"), {"20 to 50 ms": Published(38.9)}),
        ),
        in_words="one network: accuracy 98 %, factor 60; decay 38.9 ± 9.3 ms over units",
    ),
    "5": _conversion(
        "Mante networks of 250 units, fixed or tuned decay",
        "synaptic decay",
        Point("fixed 35 ms", "mante_tau_7"),
        Point("tuned 20 to 50 ms", "mante_taus_4_10"),
        in_words="no significant difference",
    ),
    "6A": _conversion(
        "Mante networks of 250 units, tuned decay of 20 to 100 ms",
        "refractory period (ms)",
        Point("0", "mante_taus_4_20", {"params": LIFParams(t_ref_s=0)}),
        Point("2", "mante_taus_4_20"),  # as everywhere else
        *(Point(f"{ms}", "mante_taus_4_20", {"params": LIFParams(t_ref_s=ms * 1e-3)}) for ms in (5, 10, 20)),
        accuracy={"0": Published(92.8, 14.3), "2": Published(97.0, 6.6)},
        more=(_at_factor_of("2"),),
        in_words="accuracy falls fast for long periods",
    ),
    "6B": _conversion(
        "Mante networks of 250 units, tuned decay of 20 to 100 ms",
        "synaptic filter",
        Point("single", "mante_taus_4_20", {"params": LIFParams(tau_r_s=0)}),
        Point("double", "mante_taus_4_20"),
        accuracy={"single": Published(95.7, 7.3), "double": Published(97.0, 6.6)},
        more=(_at_factor_of("double"),),
    ),
    "6C": _conversion(
        "Mante networks of 250 units, tuned decay of 20 to 100 ms",
        "gain of the initial weights",
        *(Point(gain, population) for gain, population in _GAINS.items()),
        in_words="no difference",
    ),
    "7": _conversion(
        "Go-NoGo networks of 200 units, tuned decay of 20 to 100 ms",
        "activation of the rate units",
        Point("sigmoid", "sigmoid"),
        Point("softplus", "softplus", {"factors": SOFTPLUS_FACTORS}),
        Point("relu", "clipped_relu", {"factors": SOFTPLUS_FACTORS}),
        accuracy={"sigmoid": Published(98.8, 4.7), "softplus": Published(88.3, 15.8), "relu": Published(59.7, 9.5)},
        share={"sigmoid": Published(94), "softplus": Published(55), "relu": Published(0)},
    ),
    # the next three are not in the paper: they ask why 1C, 2C and 7 differ
    "small": Study(
        "Go-NoGo rate networks of 10 units trained within 6000 trials",
        "variant",
        training,
        (
            Point("as 1C", "go_nogo_n_10"),
            Point("no Dale", "go_nogo_n_10_no_dale"),
            Point("20 to 100 ms", "go_nogo_n_10_taus_4_20"),
        ),
        (_TRAINS, _RATE_ACCURACY),
    ),
    "longer": _conversion(
        "Go-NoGo networks of 200 units",
        "training",
        Point("until the criteria", "go_nogo_n_200"),
        Point("6000 trials", "go_nogo_n_200_long"),
        Point("Figure 7, until the criteria", "sigmoid"),
        Point("Figure 7, 6000 trials", "sigmoid_long"),
        accuracy={point: Published(98.8, 4.7) for point in ("Figure 7, until the criteria", "Figure 7, 6000 trials")},
        share={point: Published(94) for point in ("Figure 7, until the criteria", "Figure 7, 6000 trials")},
        more=(replace(_TAU_MS, published={point: Published(28.2) for point in ("until the criteria", "6000 trials")}),),
    ),
    # "published" is here what networks of the published trainer do, measured beside the project (docs/paper.md)
    "trainer": _conversion(
        "Go-NoGo networks of 200 units, settings of Figure 7, beside ten of the published trainer",
        "code",
        Point("ours", "sigmoid"),
        accuracy={"ours": Published(96.7, 5.4, n_networks=10)},
        share={"ours": Published(90, n_networks=10)},
        more=(replace(_TAU_MS, published={"ours": Published(51.9, 1.4, n_networks=10)}),),
    ),
    "S1": Study(
        "Go-NoGo networks of 200 units, factor 25",
        "trial type",
        firing_rate,
        (
            Point("NoGo", "go_nogo_n_200", {"factor": 25, "label": 0}),
            Point("Go", "go_nogo_n_200", {"factor": 25, "label": 1}),
        ),
        (Quantity("mean firing rate (Hz)", _plain("rate_hz")),),
        "5 to 25 Hz",
    ),
    "S2": Study(
        "Go-NoGo networks of 200 units, mean rates over trials; LIF with factor 25",
        "network",
        components,
        (
            Point("rate", "go_nogo_n_200", {"factor": 25, "spiking": False}),
            Point("LIF", "go_nogo_n_200", {"factor": 25, "spiking": True}),
        ),
        (
            Quantity(
                "variance in 3 components (%)",
                _percent("variance_share"),
                {"rate": Published(99), "LIF": Published(99)},
            ),
        ),
    ),
    "S3": Study(
        "Go-NoGo networks of 134 PYR, 46 PV and 20 SST units, factor 50, NoGo trials",
        "unit type",
        firing_rate,
        tuple(
            Point(name, "pyr_pv_sst", {"factor": 50, "label": 0, "unit_type": name}) for name in ("PYR", "PV", "SST")
        ),
        (
            Quantity(
                "mean firing rate (Hz)",
                _plain("rate_hz"),
                {"PYR": Published(3.08), "PV": Published(10.80), "SST": Published(25.50)},
            ),
        ),
    ),
    "S4": _conversion(
        "Go-NoGo networks of 200 units without Dale's principle",
        "scaling factor",
        Point("best of 20:5:75", "no_dale"),
        Point("50", "no_dale", {"factors": (50,)}),
        in_words="a network works with factor 50",
    ),
    "S7": _conversion(
        "Mante networks of 250 units as quadratic integrate-and-fire networks",
        "neuron",
        Point("LIF", "mante_taus_4_20"),
        Point("QIF", "mante_taus_4_20", {"params": QIFParams(), "factors": QIF_FACTORS}),
        in_words="a QIF network does the task",
    ),
}
