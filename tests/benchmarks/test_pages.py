"""benchmarks/pages.py: the tables of docs/ are those of the result files beside them."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import pages

from timing import write_results

PAGES = sorted(pages.DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_of_the_pages_are_those_of_the_result_files(page):
    text = page.read_text(encoding="utf-8")
    assert pages.rewritten(text, pages.DOCS) == text, "run `python benchmarks/pages.py`"


def test_every_table_stands_on_one_page_and_is_closed():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert sorted(found[2] for found in pages.BLOCK.finditer(text)) == sorted(pages.BLOCKS)
    assert text.count("written by benchmarks/pages.py -->") == text.count("<!-- end -->") == len(pages.BLOCKS)
    assert {row["section"] for row in pages.rows_of(pages.DOCS / pages.SPEED)} == set(pages.SECTIONS)


def test_another_result_makes_another_page(tmp_path):
    shutil.copytree(pages.DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("*.png"))
    docs = tmp_path / "docs"
    for name, old, new in (
        ("speed.csv", ",0.84,", ",0.83,"),
        ("recipes.csv", "go-nogo,1,yes", "go-nogo,1,no"),
        ("context.csv", "0.9326", "0.9426"),
        ("dendrites.csv", "yes,252,1.0,20,0.87,0.794", "yes,252,0.1,20,0.87,0.794"),
        ("paper/fig7.csv", "sigmoid,1,yes,1502,30,1.0", "sigmoid,1,yes,1502,30,0.5"),
        ("adaptive.csv", "0.979,0.992", "0.979,0.402"),
        ("engines.csv", "quiet,NEST,ns per unit and step,16.37,16.74", "quiet,NEST,ns per unit and step,16.37,15.74"),
        ("diagnosis_advice.csv", "0.682,0.994", "0.682,0.604"),
    ):
        text = (docs / name).read_text(encoding="utf-8")
        assert old in text, name
        (docs / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        changed = [
            p.name for p in PAGES if pages.rewritten(p.read_text(encoding="utf-8"), docs) != p.read_text("utf-8")
        ]
        assert len(changed) == 1, name
        (docs / name).write_text(text, encoding="utf-8")


def test_measurements_are_taken_in_with_range_median_date_and_machine(tmp_path):
    shutil.copy(pages.DOCS / pages.SPEED, tmp_path)
    files = [tmp_path / f"results_{k}.json" for k in range(3)]
    for file, value in zip(files, (5.0, 4.0, 4.12345), strict=True):
        write_results(file, {"update at batch 1, ms": value, "something new": 1.0})
    before = pages.rows_of(tmp_path / pages.SPEED)
    assert pages.add(tmp_path, files, "2030-01-02") == ["something new"]
    after = pages.rows_of(tmp_path / pages.SPEED)
    changed = [row for row in after if row not in before]
    assert len(changed) == 1 and len(after) == len(before)
    (row,) = changed
    assert (row["low"], row["high"], row["median"], row["runs"], row["date"]) == ("4", "5", "4.12", "3", "2030-01-02")
    where = json.loads(files[0].read_text())["machine"]
    assert where["processor"] in row["machine"]
    table = pages.speed_table(tmp_path, "training")
    assert "| update at batch 1, ms | 4 to 5, median 4.12 | 3 | 2030-01-02 |" in table
    assert len(re.findall(re.escape(where["processor"]), table)) >= 1


def test_every_measure_on_the_page_is_one_that_a_benchmark_prints():
    """Else `add` would leave it behind. What a benchmark fills in (units, models, kinds) may be any word."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(pages.__file__).parent.glob("*.py"))
    named = [re.sub(r"\\\{\w+\\\}", r"[\\w. ,]+", re.escape(name)) for name in re.findall(r'f?"([^"\n]+)"', code)]
    by_hand = {"make demo in a fresh clone, installation included, s"}
    for row in pages.rows_of(pages.DOCS / pages.SPEED):
        name = row["measure"]
        assert name in by_hand or any(
            re.fullmatch(pattern, name) for pattern in named if len(re.findall(r"\w", pattern)) > 8
        ), name
