"""Documentation is true: links, files and flags that pages, helps and docstrings name exist (code of pages: tests/docs/)."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from rate2spike.cli.arguments import Parser
from rate2spike.cli.commands import COMMANDS

from module_imports import module_files

ROOT = Path(__file__).parent.parent


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
