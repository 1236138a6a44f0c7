"""The page on twins: its code runs, its numbers are those of the tables."""

import csv
import re
import shutil

import pytest

from .page_code import ROOT, blocks, printed, run_bash, run_python


def test_python_of_the_twin_page_prints_what_stands_there(tmp_path):
    page = (ROOT / "docs" / "twin.md").read_text(encoding="utf-8")
    code = blocks(page, "python")
    assert len(code) == 5
    assert run_python("".join(code), tmp_path) == printed(page)
    for name in ("voltages.png", "tree.png", "roc.png"):
        assert (tmp_path / name).exists(), name


def test_scores_of_twins_on_the_page_are_those_of_the_table():
    page = (ROOT / "docs" / "twin.md").read_text(encoding="utf-8")
    with (ROOT / "docs" / "twin_studies.csv").open(newline="") as file:
        rows = {row["cell"]: row for row in csv.DictReader(file)}
    outputs = {"near a spike": "near_spikes", "rate": "rate", "dendrite": "dendritic"}
    scores = {"AUC": "AUC", "explained variance, %": "explained_variance_percent", "RMSE": "rmse", "MAE": "mae"}
    found = re.findall(
        r"^\| ([a-z ]+) \| ([^|]+) \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \| [\d.]+ \|$", page, flags=re.MULTILINE
    )
    assert len(found) == 13
    for output, score, *values in found:
        what = (
            "TP @ 0.0020 FP"
            if score.startswith("true positives")
            else scores[score.rsplit(", ", 1)[0] if "E, " in score else score]
        )
        names = {
            "spikes": {"AUC": "auc"}.get(what, what),
            "soma": f"raw_soma_{what if 'variance' in what else what.upper()}",
        }
        name = names.get(output) or f"{outputs[output]} {what}"
        for cell, value in zip(("AMPA_point", "NMDA_cable"), values, strict=True):
            n_digits = len(value.partition(".")[2])
            assert abs(float(rows[cell][name]) - float(value)) <= 0.51 * 10**-n_digits, (name, cell)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_commands_of_the_twin_page_lead_from_nothing_to_figures_at_tiny_scale(tmp_path):
    page = (ROOT / "docs" / "twin.md").read_text(encoding="utf-8")
    (name, study), *_ = re.findall(r"```toml file=(\S+)\n(.*?)```", page, flags=re.DOTALL)
    tiny = {"n_train": 12, "n_valid": 6, "n_test": 6, "n_epochs": 3, "n_resamples": 20}
    for setting, value in tiny.items():
        study, n = re.subn(rf"^{setting} = \d+$", f"{setting} = {value}", study, flags=re.MULTILINE)
        assert n == 1, setting
    smaller = "duration_ms = 1500\n\n[fit]\nbatches_per_epoch = 4\nwindow_ms = 500\nvalid_batches = 2\n"
    (tmp_path / name).write_text(study.replace("\n[fit]\n", smaller))
    code = blocks(page, "bash")
    assert len(code) == 2 and all(
        f"rate2spike twin {one} " in code[0] for one in ("simulate", "explore", "fit", "figures")
    )
    for one in code:
        run_bash(one, tmp_path)
    point = tmp_path / "point"
    for made in (
        "data/test/shard_00000.h5",
        "figures/data_train/input_and_output.png",
        "fits/linear-80_seed_1/twin.keras",
        "fits/conv-60_20-4_seed_0/history.jsonl",
        "fits/best_results_test_1_models.csv",
        "figures/linear-80_seed_0/point_study.pdf",
        "figures/networks/sizes.png",
        "elm/elm-8_seed_0/evaluation_test.json",
    ):
        assert (point / made).exists(), made
    assert (tmp_path / "best").is_dir()
