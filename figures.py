"""What all figures share: styles that are told apart in grey, and saving as PNG and PDF without a display."""

import io
import os
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rate2spike.io.atomic_file import make_folder, write_atomically

LINE_STYLES = ("-", "--", "-.", ":")
SHADES = ("0.0", "0.45", "0.65", "0.3")
_PNG_DPI = 150


def save_figure(figure: Figure, stem: str | os.PathLike) -> list[Path]:
    """Write `<stem>.png` and `<stem>.pdf`, atomically; returns their paths. Raises InputError."""
    make_folder(Path(stem).parent)
    paths = []
    for kind in ("png", "pdf"):
        buffer = io.BytesIO()
        # no date inside, so that equal results give equal files
        metadata = {"CreationDate": None} if kind == "pdf" else {}
        figure.savefig(buffer, format=kind, dpi=_PNG_DPI, metadata=metadata)
        path = Path(f"{stem}.{kind}")
        write_atomically(path, buffer.getvalue())
        paths.append(path)
    return paths


def draw_mean_sd(axes: Axes, time_s: np.ndarray, outputs: np.ndarray, name: str, index: int) -> None:
    """Draw the mean of (n_trials, n_steps) outputs with a band of one SD, in the index-th style."""
    mean, sd = outputs.mean(0), outputs.std(0)
    shade = SHADES[index % len(SHADES)]
    axes.fill_between(time_s, mean - sd, mean + sd, color=shade, alpha=0.25, linewidth=0)
    axes.plot(time_s, mean, color=shade, linestyle=LINE_STYLES[index % len(LINE_STYLES)], label=name)
