"""Documentation is true: code blocks run; links, files and flags that pages, helps and docstrings name exist."""

import ast
import csv
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from rate2spike.cli.arguments import Parser
from rate2spike.cli.commands import COMMANDS, SHOWN

from module_imports import module_files

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


def environment() -> dict[str, str]:
    """The environment with this interpreter's commands first: `python`, `rate2spike`."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run_bash(code: str, folder: Path) -> str:
    """What it wrote, errors and warnings included."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], cwd=folder, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_python_block_of_the_readme_runs(tmp_path):
    (code,) = blocks(README, "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    factor, accuracy = map(float, done.stdout.split())
    assert 20 <= factor <= 75 and accuracy > 0.5
    assert {path.name for path in tmp_path.iterdir()} == {"go_nogo.mat"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_block_of_the_readme_runs(tmp_path):
    (code,) = blocks(README, "bash")
    run_bash(code, tmp_path)
    assert (tmp_path / "first" / "model.mat").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_historic_command_line_runs(tmp_path):
    (code,) = blocks((ROOT / "docs" / "command_line.md").read_text(encoding="utf-8"), "bash")
    shutil.copytree(ROOT / "rate", tmp_path / "rate")  # a copy, because the example writes beside the checkout
    run_bash(code, tmp_path)
    assert list(tmp_path.rglob("Task_go-nogo_N_200_Taus_4.0_20.0_Act_sigmoid_*.mat"))


def test_the_readme_is_short_and_offers_every_page():
    """One screen and a half; what is longer stands in a page of its own."""
    assert len(README.splitlines()) <= 90
    assert all(len(line) <= 130 for line in README.splitlines())
    (python,), (bash,) = blocks(README, "python"), blocks(README, "bash")
    assert len(python.partition("\n\n")[2].splitlines()) == 5 and len(bash.splitlines()) == 4
    doors = set(re.findall(r"\]\((docs/\w+\.md)\)", README))
    assert doors == {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}


def test_the_page_of_the_command_line_has_every_command():
    page = (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
    table = page.partition("| command |")[2].partition("\n\n")[0]
    cells = "".join(row.split("|")[1] for row in table.splitlines()[1:])
    listed = set(re.findall(r"`([\w-]+)`", cells))
    assert set(SHOWN) == listed


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_training_page_runs_from_top_to_bottom(tmp_path):
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    found = re.findall(r"```(bash|python|toml)(?: file=(\S+))?\n(.*?)```", page, flags=re.DOTALL)
    assert len(found) == 12
    for language, name, code in found:
        if name:
            (tmp_path / name).write_text(code)
            continue
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
    for made in (
        "long_pulse/model.mat",
        "which/model.mat",
        "which_trial.png",
        "which_training.png",
        "typed/model_spectrum.png",
        "dendritic/model.mat",
        "b/model.mat",
        "training.png",
        "population/population.csv",
        "go_nogo.mat",
    ):
        assert (tmp_path / made).exists(), made


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_spiking_page_runs_from_top_to_bottom(tmp_path, go_nogo_path):
    page = (ROOT / "docs" / "spiking.md").read_text(encoding="utf-8")
    found = re.findall(r"```(bash|python)\n(.*?)```", page, flags=re.DOTALL)
    assert len(found) == 13
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    before = ""  # a page's Python goes on from block to block
    for language, code in found:
        before += code if language == "python" else ""
        command = [sys.executable, "-c", before] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
    for made in ("why.png", "long.h5", "trial.png", "search.png", "searched.mat", "found.png"):
        assert (tmp_path / made).exists(), made


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_exports_page_runs_from_top_to_bottom(tmp_path, go_nogo_path):
    pytest.importorskip("nir"), pytest.importorskip("pynwb")
    page = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    found = re.findall(
        r"```(bash|python)\n(.*?)```", page, flags=re.DOTALL
    )  # Norse's block: tests/io/exports/test_norse.py
    assert len(found) == 6
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    for language, code in found:
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
    assert (tmp_path / "trials.nwb").exists() and (tmp_path / "go_nogo_cubalif.nir").exists()
    assert (tmp_path / "events.npy").exists() and (tmp_path / "in_python.nwb").exists()


@pytest.mark.slow
def test_analysis_page_runs_from_top_to_bottom(tmp_path, go_nogo_path, xor_path):
    page = (ROOT / "docs" / "analysis.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(code) == 7
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    shutil.copy(xor_path, tmp_path / "xor.mat")
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", "".join(code)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.png"))) == len(re.findall(r"savefig\(", page)) > 8


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_context_page_runs_from_top_to_bottom(tmp_path):
    page = (ROOT / "docs" / "context.md").read_text(encoding="utf-8")
    found = re.findall(r"```(bash|python)\n(.*?)```", page, flags=re.DOTALL)
    assert len(found) == 5
    for language, code in found:
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
    assert (tmp_path / "first_try" / "figures" / "trial.png").exists()
    assert len((tmp_path / "first_try" / "log.jsonl").read_text().splitlines()) == 3


def printed(page: str) -> list[str]:
    """What the Python of a page says that it prints: comments after a print, and lines that are comments."""
    code = "\n".join(blocks(page, "python"))
    return re.findall(r"^(?:.*\bprint\(.*\)  )?# (.*)$", code, flags=re.MULTILINE)


@pytest.mark.slow
def test_python_of_the_cascades_page_prints_what_stands_there(tmp_path):
    page = (ROOT / "docs" / "cascades.md").read_text(encoding="utf-8")
    code = blocks(page, "python")
    assert len(code) == 9
    done = subprocess.run([sys.executable, "-c", "".join(code)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == printed(page)


@pytest.mark.slow
def test_python_of_the_dendrites_page_prints_what_stands_there(tmp_path):
    page = (ROOT / "docs" / "dendrites.md").read_text(encoding="utf-8")
    code = blocks(page, "python")
    assert len(code) == 6
    done = subprocess.run([sys.executable, "-c", "".join(code)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == printed(page)
    assert (tmp_path / "wiring.png").exists()


def test_python_of_the_twin_page_prints_what_stands_there(tmp_path):
    page = (ROOT / "docs" / "twin.md").read_text(encoding="utf-8")
    code = blocks(page, "python")
    assert len(code) == 4
    done = subprocess.run([sys.executable, "-c", "".join(code)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == printed(page)
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


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_commands_of_the_cascades_page_find_what_stands_there_and_draw_its_figures(tmp_path):
    page = (ROOT / "docs" / "cascades.md").read_text(encoding="utf-8")
    found = "\n".join(run_bash(code, tmp_path) for code in blocks(page, "bash")).splitlines()
    shown = [line for text in blocks(page, "text") for line in text.splitlines()]
    assert len(shown) == 26 and [line for line in shown if line not in found] == []
    for name in ("fig3", "fig4", "fig5", "fig6"):
        assert (tmp_path / f"cascade_{name}" / f"{name}.png").exists()
        assert f"](cascade_{name}.png)" in page and (ROOT / "docs" / f"cascade_{name}.png").stat().st_size < 150_000


@pytest.mark.octave
@pytest.mark.slow
def test_matlab_page_runs_from_top_to_bottom(octave, tmp_path, monkeypatch, go_nogo_path):
    page = (ROOT / "docs" / "matlab.md").read_text(encoding="utf-8")
    code = re.findall(r"```matlab\n(.*?)```", page, flags=re.DOTALL)
    assert len(code) == 6
    (tmp_path / "models" / "go-nogo").mkdir(parents=True)
    shutil.copy(go_nogo_path, tmp_path / "models" / "go-nogo" / "net.mat")
    monkeypatch.setenv("RATE2SPIKE_PYTHON", sys.executable)
    start = f"addpath('{ROOT / 'matlab_compat' / 'm'}'); set(0, 'defaultfigurevisible', 'off');"
    output = octave(start + "\n".join(code).replace("n_trials = 100", "n_trials = 20"), tmp_path)
    assert "the package computes what the equations say" in output
    assert "40 trials, 20000 steps, 2 factors" in output
    assert "7 runs, largest Vd 0.9253" in output and "a subunit of 30 ms reaches 6.03" in output


def test_make_targets_named_in_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake (\w+)", README)) - {"in"}:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    assert "make test" in (ROOT / ".ci" / "run").read_text()


PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "tests").rglob("*.md"))]
FOLDERS = "docs|rate|spiking|io|cli|machine|matlab_compat|benchmarks|tests"
ENDINGS = "py|md|m|csv|png|svg|mat|json|c|toml|cfg"


def command_helps() -> dict[str, str]:
    """What `rate2spike COMMAND --help` prints, by command."""
    helps = {}
    for name, (module_name, _) in COMMANDS.items():
        module = import_module(module_name)
        parser = Parser(f"rate2spike {name}", module.__doc__)
        module.add_arguments(parser)
        helps[name] = parser.format_help()
    return helps


def strings() -> dict[str, str]:
    """All text in the package's code, docstrings and messages alike, by module."""
    texts = {}
    for module, path in module_files().items():
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
        texts[module] = "\n".join(value for value in constants if isinstance(value, str))
    return texts


def anchors(page: Path) -> set[str]:
    """What `#...` may name in a page: its headings as GitHub spells them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# [text](target), with or without a "title"; [label]: target; href="target", src="target"
LINKS = r"""\]\(([^)\s]+)(?: +"[^"]*")?\)|^\[[^\]]+\]: +(\S+)|(?:href|src)="([^"]+)\""""


def broken_links(page: Path) -> list[str]:
    """Links of a page, pictures included, whose file or heading does not exist."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = []
    for target in re.findall(LINKS, text, flags=re.MULTILINE):
        target = "".join(target)
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        is_there = file.exists() and (not anchor or anchor in anchors(file))
        if "://" not in target and not is_there:
            found.append(target)
    return found


def broken_file_names(text: str, folder: Path = ROOT) -> list[str]:
    """Paths that a text names and that do not exist, in the repository or below the folder that the text is about."""
    named = re.findall(rf"(?<![\w/.-])((?:{FOLDERS})/[\w/.-]*\.(?:{ENDINGS}))\b", text)
    return [name for name in named if not (ROOT / name).exists() and not (folder / name).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_pages_lead_somewhere(page):
    assert broken_links(page) == []


def test_files_named_in_pages_exist():
    for page in PAGES:
        assert broken_file_names(page.read_text(encoding="utf-8"), page.parent) == [], page


def test_files_named_in_helps_messages_docstrings_and_matlab_functions_exist():
    texts = {f"rate2spike {name} --help": text for name, text in command_helps().items()} | strings()
    texts |= {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "matlab_compat" / "m").rglob("*.m")}
    for source, text in texts.items():
        assert broken_file_names(text) == [], source


def test_a_broken_link_and_a_missing_file_are_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One heading, two words\n[a](#one-heading-two-words) [b](#none) [c](none.md) [d](page.md#no)")
    assert broken_links(page) == ["#none", "none.md", "page.md#no"]
    page.write_text('[a](none1.md "title") <img src="none2.png">\n[b]: none3.md\n[c](page.md "title")')
    assert broken_links(page) == ["none1.md", "none2.png", "none3.md"]
    assert broken_file_names("see docs/training.md, and docs/none.md") == ["docs/none.md"]


def test_flags_that_the_library_names_exist():
    """In some command: which of them has it is decided when the message is printed (`Parser.own_flags`)."""
    flags = set(re.findall(r"--[a-z][\w-]*", " ".join(command_helps().values()), flags=re.IGNORECASE))
    flags |= {flag.replace("_", "-") for flag in flags}
    foreign = {"--id", "--query-gpu", "--format", "--only"}  # of nvidia-smi, and of a benchmark
    for room in ("rate", "spiking", "io", "matlab_compat"):
        for path in (ROOT / room).rglob("*.py"):
            for flag in re.findall(r"--[a-zA-Z]{2}[\w-]*\b|--N\b", path.read_text(encoding="utf-8")):
                assert flag in flags | foreign or flag.replace("_", "-") in flags, f"{path}: {flag}"


def test_every_deviation_is_pinned_by_a_test_that_exists():
    table = (ROOT / "tests" / "deviations.md").read_text(encoding="utf-8")
    pins = re.findall(r"`([\w/]+\.py)::(\w+)`", table)
    assert len(pins) > 5
    for path, name in pins:
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(encoding="utf-8"), name
