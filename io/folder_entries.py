"""Files of a folder, without what operating systems leave beside them and `Path.glob` finds."""

from pathlib import Path


def folder_entries(folder: Path, pattern: str) -> list[Path]:
    """Paths that match, sorted; nothing hidden, and neither macOS's `._name` nor what is below `__MACOSX`."""
    return sorted(path for path in folder.glob(pattern) if not any(map(_is_left_over, path.relative_to(folder).parts)))


def _is_left_over(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
