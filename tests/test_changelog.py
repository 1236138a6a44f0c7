"""CHANGELOG.md keeps the form of Keep a Changelog: sections in their order, none twice, an area before each line."""

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
# Fixed stands last, where a line that is appended to the file belongs
SECTIONS = ("Added", "Changed", "Deprecated", "Removed", "Security", "Fixed")


def faults(page: str) -> list[str]:
    """What is not as the form has it."""
    found = []
    if not page.startswith("# Changelog\n"):
        found.append("the title")
    versions = re.findall(r"^## (.*)$", page, flags=re.MULTILINE)
    if versions[:1] != ["[Unreleased]"] or len(set(versions)) != len(versions):
        found.append("the versions")
    found += [
        f"version {name}" for name in versions[1:] if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", name)
    ]
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        headings = re.findall(r"^#{3,} ?(.*)$", part, flags=re.MULTILINE)
        if headings != [name for name in SECTIONS if name in headings]:
            found.append(f"the sections of {part.splitlines()[0]}: {headings}")
        bodies = re.split(r"^### .*$", part, flags=re.MULTILINE)[1:]
        found += [f"nothing under {name}" for name, body in zip(headings, bodies, strict=True) if not body.strip()]
        entries = re.findall(r"^[*-] .*(?:\n  .*)*", part, flags=re.MULTILINE)
        found += [f"twice: {entry}" for entry in sorted(set(entries)) if entries.count(entry) > 1]
    return found


def test_the_changelog_has_its_form():
    assert faults(PAGE) == []


def test_what_breaks_the_form_is_seen():
    for old, new in (
        ("# Changelog\n", "# Changes\n"),
        ("## [Unreleased]", "## 0.1.0 (unreleased)"),
        ("### Fixed", "### Mended"),
        ("### Changed", "### Added"),
        ("### Security", "### Security\n\n### Fixed"),
    ):
        assert faults(PAGE.replace(old, new, 1)), new
    last = re.findall(r"^\* .*(?:\n  .*)*", PAGE, flags=re.MULTILINE)[-1]
    assert faults(PAGE.rstrip("\n") + f"\n{last}\n") == [f"twice: {last}"]
    assert faults(PAGE + "\n## [0.1.0]\n") == ["version [0.1.0]"]
