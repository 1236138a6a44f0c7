"""Figures saved as PNG and PDF, without a display; matplotlib itself writes over the old file bit by bit."""

import io
import os
from pathlib import Path

from rate2spike.errors import InputError
from rate2spike.figures import AnyFigure
from rate2spike.io.atomic_file import make_folder, write_atomically

_PNG_DPI = 150


def save_figure(figure: AnyFigure, stem: str | os.PathLike) -> list[Path]:
    """Write `<stem>.png` and `<stem>.pdf`, atomically; returns their paths. Raises InputError."""
    make_folder(Path(stem).parent)
    paths = []
    for kind in ("png", "pdf"):
        buffer = io.BytesIO()
        # no date inside, so that equal results give equal files
        metadata = {"CreationDate": None} if kind == "pdf" else {}
        try:
            figure.savefig(buffer, format=kind, dpi=_PNG_DPI, metadata=metadata)
        except (RuntimeError, ValueError) as error:  # text.usetex without LaTeX, sizes and fonts that do not exist
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"cannot draw {stem}.{kind}: {why} (settings of your file matplotlibrc?)") from error
        path = Path(f"{stem}.{kind}")
        write_atomically(path, buffer.getvalue())
        paths.append(path)
    return paths
