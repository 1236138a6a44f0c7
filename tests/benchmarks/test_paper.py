"""benchmarks/paper.py: rows are kept and shared between figures, and the table says where chance ends."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rate2spike.rate.population import Outcome

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import paper
from paper_figures import comparison, differs, draw, table
from paper_measures import variance_share
from paper_populations import POPULATIONS, PYR_PV_SST
from paper_studies import STUDIES, Published, Quantity


def row(point: str, seed: int, accuracy: float, met: str = "yes") -> dict[str, str]:
    """A row of a conversion study, as read from its CSV file."""
    return {
        "point": point,
        "seed": str(seed),
        "criteria_met": met,
        "updates": "1502",
        "best_factor": "30",
        "search_accuracy": str(accuracy),
        "fresh_accuracy": str(accuracy),
        "tau_ms": "30",
    }


def test_every_point_has_a_population_and_every_published_number_a_point():
    for name, study in STUDIES.items():
        points = {point.name for point in study.points}
        assert {point.population for point in study.points} <= set(POPULATIONS), name
        assert all(set(quantity.published) <= points for quantity in study.quantities), name


def test_unit_counts_of_figure_s3():
    assert list(PYR_PV_SST.counts(200)) == [134, 46, 20]


def test_what_is_measured_is_kept_and_shared(tmp_path, monkeypatch):
    calls = []

    def measured(model, seed, n_workers, **options):
        calls.append((seed, options))
        return {name: value for name, value in row("", seed, 0.98).items() if name not in paper.KEYS}

    studies = {name: replace(STUDIES[name], measure=measured) for name in ("6A", "6B")}
    monkeypatch.setattr(paper, "STUDIES", studies)
    monkeypatch.setattr(paper, "trained", lambda name, seeds, *_: [Outcome(s, "finished", True, 9) for s in seeds])
    monkeypatch.setattr(paper, "load_model", lambda path: path)
    for _ in range(2):
        paper.measure(studies["6A"], tmp_path / "fig6A.csv", 2, 1)
    assert len(calls) == 10
    paper.measure(studies["6B"], tmp_path / "fig6B.csv", 3, 1)
    assert len(calls) == 14  # the double filter of seeds 1 and 2 is Figure 6A's 2 ms
    assert [r["point"] for r in paper.rows_of(tmp_path / "fig6B.csv")] == ["single"] * 3 + ["double"] * 3


def test_a_difference_counts_only_beyond_the_sampling_error():
    accuracy = Quantity("accuracy", None, {"a": Published(97.0, 6.6)})
    share = Quantity("share", None, {"a": Published(94)}, is_share=True)
    near, far = np.linspace(90, 100, 10), np.linspace(70, 90, 10)
    assert not differs(accuracy, near, "a") and differs(accuracy, far, "a") and not differs(accuracy, far, "b")
    assert not differs(share, np.array([100.0] * 9 + [0]), "a") and differs(share, np.array([100.0] * 5 + [0] * 5), "a")
    of_few = replace(share, published={"a": Published(90, n_networks=10)})
    assert not differs(of_few, np.array([100.0] * 5 + [0] * 5), "a")  # ten networks tell less than a hundred


def test_table_and_figure():
    rows = [row("sigmoid", k, 0.9 + 0.01 * k) for k in range(9)] + [row("sigmoid", 9, 1.0, met="no")]
    text = table({"7": (STUDIES["7"], rows)})
    # a network that was not trained does not convert, whatever it does
    assert (
        "| 10 (9) | 94.6 ± 3.2 (92.3 to 96.9) | 94.6 ± 3.2 (92.3 to 96.9) | 40 (17 to 69) | 98.8 ± 4.7, 94 % |" in text
    )
    assert "networks that convert (%) |" in text.splitlines()[-1]
    figure = draw(STUDIES["7"], "7", rows)
    assert len(figure.axes) == 3 and "sigmoid" in figure.axes[0].get_xticklabels()[0].get_text()


def test_variance_share():
    rng = np.random.default_rng(0)
    assert variance_share(rng.normal(size=(20, 3)) @ rng.normal(size=(3, 50))) == pytest.approx(1)
    assert variance_share(rng.normal(size=(300, 3000))) < 0.05


def test_two_points_are_compared_by_seed():
    study = STUDIES["longer"]
    better = [row("until the criteria", k, 0.5 + 0.04 * k) for k in range(1, 9)]
    better += [row("6000 trials", k, 0.52 + 0.04 * k + 0.001 * (-1) ** k) for k in range(1, 9)]
    first = comparison(study, better, "until the criteria", "6000 trials").splitlines()[0]
    assert first.startswith(
        "accuracy at the best factor (%): 68.0, 70.0"
    )  # every network gains 2 %: paired sees it alone
    paired, welch = (float(part.split()[0]) for part in first.split("p = ")[1].split(", "))
    assert paired < 1e-9 and welch > 0.5
