"""How the cost of a step of the fast path grows with units, rate and what is recorded: a table, a fit and a figure.

    python benchmarks/engine_growth.py --output bench
    python benchmarks/engine_growth.py --only sparse

The fit, in ns per step: a + b N + s N (1 - exp(-N f)) + c N^2 f, least squares of relative errors over all points that record
the output; f in spikes per step of a unit. a is paid per step, b per unit, s per unit to see who fired in the steps in which
anybody did, c per target and spike. Times are those of the thread on its processor, so that others on it do not count.
--only sparse: columns of weights
added whole or by their elements, over the share of connections: where the times cross is SPARSE_BELOW of simulate_fast.py.
"""

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from rate2spike.figures import Axes, Figure
from rate2spike.io.figure_file import save_figure
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import PUBLISHED_STEP_S
from rate2spike.spiking.simulator.simulate_fast import SPARSE_BELOW, FastNetwork

from random_network import mean_rate_hz, random_network, silent_input
from timing import alternate, machine, medians, write_results

FITTED = (
    "per step, ns",
    "per unit and step, ns",
    "per unit and step in which any unit fires, ns",
    "per target and spike, ns",
    "largest error of the fit, %",
)

N_STEPS, REPEATS = 10_000, 11
P_CONNECTED, MODERATE_HZ = 0.2, 7.0
UNITS = (50, 100, 200, 350, 500, 700, 1000)
RATES_HZ, RATES_AT_UNITS = (1, 3, 10, 30, 100), (200, 1000)
RECORDED: dict[str, tuple[tuple[str, ...], int]] = {  # what, every how many steps
    "counts only": ((), 1),
    "output": (("output",), 1),
    "spikes": (("spikes",), 1),
    "output, spikes": (("output", "spikes"), 1),
    "voltage, every 20th": (("voltage",), 20),
    "voltage": (("voltage",), 1),
    "voltage, rates, ipsc": (("voltage", "rates", "ipsc"), 1),
}
SHARES, SPARSE_RATE_HZ = (0.01, 0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.3), 100.0
MARKERS, SHADES = "os^", ("0.0", "0.5", "0.75")


@dataclass(frozen=True)
class Point:
    """One measured cost."""

    study: str
    n_units: int
    rate_hz: float
    recorded: str
    ns_per_step: float

    @property
    def per_unit(self) -> float:
        """ns per unit and step."""
        return self.ns_per_step / self.n_units


def measure() -> list[Point]:
    """All studies; every point takes its turn in every round."""
    networks: dict[tuple[int, float], SpikingNetwork] = {}
    wanted = [("units", n, MODERATE_HZ, "output") for n in UNITS]
    wanted += [("rate", n, rate, "output") for n in RATES_AT_UNITS for rate in RATES_HZ]
    wanted += [("recording", n, MODERATE_HZ, what) for n in RATES_AT_UNITS for what in RECORDED]
    for _, n, rate, _ in wanted:
        if (n, rate) not in networks:
            networks[n, rate] = random_network(n, P_CONNECTED, rate)
    runs = {key: _trial(networks[key[1:3]], *RECORDED[key[3]]) for key in wanted}
    seconds = medians(alternate(runs, REPEATS, time.thread_time))
    measured = {key: mean_rate_hz(network) for key, network in networks.items()}
    return [
        Point(study, n, measured[n, rate], what, seconds[study, n, rate, what] / N_STEPS * 1e9)
        for study, n, rate, what in wanted
    ]


def _trial(network: SpikingNetwork, record: tuple[str, ...], stride: int = 1) -> Callable[[], object]:
    u = silent_input(N_STEPS)
    return lambda: network.run(u, seed=1, record=record, stride=stride)


def fit(points: list[Point]) -> np.ndarray:
    """(a, b, s, c), none below 0."""
    chosen = [p for p in points if p.recorded == "output"]
    n, rate, ns = (np.array([getattr(p, name) for p in chosen]) for name in ("n_units", "rate_hz", "ns_per_step"))
    return nnls(_terms(n, rate) / ns[:, None], np.ones(ns.size))[0]


def fitted(coefficients: np.ndarray, n_units: np.ndarray, rate_hz: np.ndarray) -> np.ndarray:
    """ns per step."""
    return _terms(n_units, rate_hz) @ coefficients


def _terms(n_units: np.ndarray, rate_hz: np.ndarray) -> np.ndarray:
    n, rate = np.broadcast_arrays(np.asarray(n_units, float), rate_hz)
    f = rate * PUBLISHED_STEP_S
    return np.stack([np.ones_like(n), n, n * -np.expm1(-n * f), n**2 * f], -1)


def figure_of(points: list[Point], coefficients: np.ndarray) -> Figure:
    """Cost per unit and step against units, rate and what is recorded; lines are the fit."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    by_units, by_rate, by_record = figure.subplots(1, 3, width_ratios=(1, 1, 1.3))
    _draw_units(by_units, points, coefficients)
    _draw_rates(by_rate, points, coefficients)
    _draw_recorded(by_record, points)
    return figure


def _draw_units(axes: Axes, points: list[Point], coefficients: np.ndarray) -> None:
    chosen = [p for p in points if p.study == "units"]
    n = np.linspace(min(UNITS), max(UNITS), 200)
    axes.plot(n, fitted(coefficients, n, np.mean([p.rate_hz for p in chosen])) / n, "-", color="0.5", label="fit")
    axes.plot([p.n_units for p in chosen], [p.per_unit for p in chosen], "o", color="0.0", label="measured")
    axes.set(
        xlabel="units N",
        ylabel="ns per unit and step",
        title=f"{MODERATE_HZ:g} Hz, {P_CONNECTED:.0%} connected",
        ylim=(0, None),
    )
    axes.legend(frameon=False)


def _draw_rates(axes: Axes, points: list[Point], coefficients: np.ndarray) -> None:
    rates = np.geomspace(min(RATES_HZ), max(RATES_HZ), 200)
    for k, n in enumerate(RATES_AT_UNITS):
        chosen = [p for p in points if p.study == "rate" and p.n_units == n]
        axes.plot(rates, fitted(coefficients, np.array(n), rates) / n, "-", color=SHADES[k])
        axes.plot(
            [p.rate_hz for p in chosen], [p.per_unit for p in chosen], MARKERS[k], color=SHADES[k], label=f"N = {n}"
        )
    axes.set_xscale("log")
    axes.set_xticks(RATES_HZ, [str(rate) for rate in RATES_HZ])
    axes.minorticks_off()
    axes.set(xlabel="mean rate (Hz)", ylabel="ns per unit and step", title="lines: the same fit", ylim=(0, None))
    axes.legend(frameon=False)


def _draw_recorded(axes: Axes, points: list[Point]) -> None:
    height = 0.8 / len(RATES_AT_UNITS)
    for k, n in enumerate(RATES_AT_UNITS):
        values = [p.per_unit for p in points if p.study == "recording" and p.n_units == n]
        axes.barh(np.arange(len(values)) + k * height, values, height, color=SHADES[k], label=f"N = {n}")
    axes.set_yticks(np.arange(len(RECORDED)) + height / 2, list(RECORDED))
    axes.invert_yaxis()
    axes.set(xlabel="ns per unit and step", title=f"recorded, {MODERATE_HZ:g} Hz")
    axes.legend(frameon=False)


def write_growth(folder: Path) -> None:
    """Measure, print the fit, write engine_growth.csv, .json and the figure."""
    points = measure()
    coefficients = fit(points)
    with (folder / "engine_growth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("grows", "units", "mean_rate_hz", "recorded", "ns_per_step", "ns_per_unit_step", "fit_ns_per_step")
        )
        for p in points:
            of_fit = round(float(fitted(coefficients, np.array(p.n_units), np.array(p.rate_hz))), 1)
            row = (p.study, p.n_units, round(p.rate_hz, 2), p.recorded, round(p.ns_per_step, 1), round(p.per_unit, 3))
            writer.writerow((*row, of_fit if p.recorded == "output" else ""))
            print(*row, of_fit if p.recorded == "output" else "", sep="\t", flush=True)
    errors = [
        fitted(coefficients, np.array(p.n_units), np.array(p.rate_hz)) / p.ns_per_step - 1
        for p in points
        if p.recorded == "output"
    ]
    a, b, s, c = coefficients
    print(
        f"ns per step = {a:.1f} + {b:.3f} N + {s:.3f} N (1 - exp(-N f)) + {c:.4f} N^2 f, f in spikes per step of a unit"
    )
    print(f"largest relative error of the fit: {np.abs(errors).max():.0%}")
    values = (a, b, s, c, 100 * np.abs(errors).max())
    write_results(folder / "engine_growth.json", dict(zip(FITTED, map(float, values), strict=True)))
    print(machine()["processor"], *save_figure(figure_of(points, coefficients), folder / "engine_growth"))


def write_sparse(folder: Path) -> None:
    """Whole columns against their elements; print where they cross, write engine_sparse.csv."""
    rows = []
    for n in RATES_AT_UNITS:
        runs = {}
        for share in SHARES:
            network = random_network(n, share, SPARSE_RATE_HZ)
            for sparse in (False, True):
                runs[share, sparse] = _trial(_with_columns(network, sparse), ("output",))
        seconds = medians(alternate(runs, REPEATS, time.thread_time))
        ns = {key: value / N_STEPS / n * 1e9 for key, value in seconds.items()}
        for share in SHARES:
            rows.append((n, share, round(ns[share, False], 3), round(ns[share, True], 3)))
            print(*rows[-1], sep="\t", flush=True)
        excess = [ns[share, True] / ns[share, False] - 1 for share in SHARES]
        print(
            f"N = {n}: as fast at {crossing(SHARES, excess):.3f} of the connections (SPARSE_BELOW = {SPARSE_BELOW:g})"
        )
    with (folder / "engine_sparse.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("units", "share_connected", "dense_ns_per_unit_step", "sparse_ns_per_unit_step"), *rows]
        )


def _with_columns(network: SpikingNetwork, sparse: bool) -> SpikingNetwork:
    copy = SpikingNetwork(**{name: getattr(network, name) for name in network.__dataclass_fields__})
    copy.__dict__["fast"] = FastNetwork.of(copy, sparse)  # instead of the cached choice
    return copy


def crossing(shares: tuple[float, ...], excess: list[float]) -> float:
    """The share at which a straight line through the excess cost of elements is 0; it grows with their number."""
    slope, offset = np.polyfit(shares, excess, 1)
    return -offset / slope


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="bench", help="folder of the tables and the figure")
    parser.add_argument("--only", choices=("growth", "sparse"), default=None)
    arguments = parser.parse_args()
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.only in (None, "growth"):
        write_growth(folder)
    if arguments.only in (None, "sparse"):
        write_sparse(folder)


if __name__ == "__main__":
    main()
