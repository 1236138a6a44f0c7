"""Tables and figure of docs/engines.md, from docs/engines.csv."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from rate2spike.figures import Axes, Figure

from engines_rows import Row

COST, OURS = "ns per unit and step", "rate2spike"
MARKS = {OURS: ("o", "0.0"), "Brian2": ("s", "0.35"), "Brian2, float32": ("D", "0.55"), "NEST": ("^", "0.7")}
CLOCK = {1: "processor time", 2: "time on the clock"}
TIMED = ("units", "cores", "rate", "quiet", "trials")


def gate_table(rows: Sequence[Row]) -> str:
    """Spikes without noise that engines have at other steps; spikes with noise."""
    trains = [row for row in rows if row.study == "gate" and ", first " in row.quantity]
    quantities = _distinct(row.quantity for row in trains)
    lines = [_line("compared, without noise", *quantities), _rule(len(quantities) + 1)]
    for name in _distinct(row.engine for row in trains):
        found = {row.quantity: row for row in trains if row.engine == name}
        lines.append(_line(name, *(f"{found[quantity].median:g}" for quantity in quantities)))
    counts = {row.engine: row.median for row in rows if row.quantity == "spikes with noise"}
    lines += ["", _line("with noise", "spikes", f"/ {OURS}"), _rule(3)]
    lines += [_line(name, f"{count:g}", f"{count / counts[OURS]:.4f}") for name, count in counts.items()]
    return "\n".join(lines)


def cost_table(rows: Sequence[Row], study: str) -> str:
    """Medians with the range of the runs, and how many times ours the others take."""
    chosen = [row for row in rows if row.study == study and row.quantity == COST]
    engines = _distinct(row.engine for row in chosen)
    rivals = [name for name in engines if name != OURS]
    used = engines if study in ("cores", "trials") else []
    heads = (_HEADS[study], *(f"{name}, ns" for name in engines), *(f"{name} / {OURS}" for name in rivals))
    heads = (*heads, *(f"{name}, cores used" for name in used))
    lines = [_line(*heads), _rule(len(heads))]
    for case in _distinct(_case(row) for row in chosen):
        found = {row.engine: row for row in chosen if _case(row) == case}
        ratios = (f"{found[name].median / found[OURS].median:.3g}" for name in rivals)
        cores = [row for row in rows if (row.study, _case(row), row.quantity) == (study, case, "cores used")]
        cells = (*(_span(found[name]) for name in engines), *ratios, *(f"{row.median:.2f}" for row in cores if used))
        lines.append(_line(_LABELS[study](found[OURS]), *cells))
    if study == "units":
        growth = (f"{ratio:.2f}" for ratio in (_growth(chosen, name) for name in engines))
        lines.append(_line("most / fewest units", *growth, *("" for _ in rivals)))
    return "\n".join(lines)


_HEADS = {"units": "units", "cores": "units", "rate": "mean rate, Hz", "quiet": "units", "trials": "trials"}
_LABELS = {
    "units": lambda row: f"{row.n_units}",
    "cores": lambda row: f"{row.n_units}",
    "quiet": lambda row: f"{row.n_units}",
    "rate": lambda row: f"{row.target_hz:g}",
    "trials": lambda row: f"{row.trials}, {'one core' if row.cores == 1 else 'two cores'}",
}


def setup_table(rows: Sequence[Row]) -> str:
    """What building a network takes, and the largest memory of a program."""
    chosen = [row for row in rows if row.study == "units"]
    engines = _distinct(row.engine for row in chosen)
    heads = ("units", *(f"{name}, {what}" for what in ("s", "MB") for name in engines))
    lines = [_line(*heads), _rule(len(heads))]
    for n in _distinct(row.n_units for row in chosen):
        found = {(row.quantity, row.engine): row.median for row in chosen if row.n_units == n}
        numbers = (found[what, name] for what in ("building, s", "memory, MB") for name in engines)
        lines.append(_line(str(n), *(f"{float(f'{number:.2g}'):g}" for number in numbers)))
    return "\n".join(lines)


def yardstick_table(rows: Sequence[Row]) -> str:
    """What drawing the noise and moving the state take."""
    chosen = [row for row in rows if row.study == "yardsticks"]
    lines = [_line("yardstick", COST, "GB/s"), _rule(3)]
    for name in _distinct(row.engine for row in chosen):
        found = {row.quantity: row for row in chosen if row.engine == name}
        lines.append(_line(name, *(_span(found[what]) if what in found else "" for what in (COST, "GB/s"))))
    return "\n".join(lines)


def verdict(rows: Sequence[Row]) -> str:
    """Where each is faster, in sentences; on one core, where other users of the machine do not count."""
    faster: dict[str, list[Row]] = {}
    cases = _distinct(
        (row.study, _case(row)) for row in rows if row.study in TIMED and row.quantity == COST and row.cores == 1
    )
    ratios: dict[str, list[float]] = {}
    for case in cases:
        found = [row for row in rows if row.quantity == COST and (row.study, _case(row)) == case]
        ours = next(row for row in found if row.engine == OURS)
        faster.setdefault(min(found, key=lambda row: row.median).engine, []).append(ours)
        for row in found:
            ratios.setdefault(row.engine, []).append(row.median / ours.median)
    sentences = [
        f"Of {len(cases)} settings on one core, {name} is the fastest in {len(won)}." for name, won in faster.items()
    ]
    sentences += [
        f"{name} takes {min(values):.0f} to {max(values):.0f} times as long as {OURS}."
        for name, values in ratios.items()
        if name != OURS
    ]
    growth = _growth([row for row in rows if row.study == "units" and row.quantity == COST], OURS)
    sentences.append(f"From the fewest to the most units a step of a unit takes {OURS} {growth:.2f} times as long.")
    return " ".join(sentences)


def _growth(rows: Iterable[Row], engine: str) -> float:
    by_size = {row.n_units: row.median for row in rows if row.engine == engine}
    return by_size[max(by_size)] / by_size[min(by_size)]


def _case(row: Row) -> tuple[int, float, int, int]:
    return row.n_units, row.target_hz, row.cores, row.trials


def _distinct(values: Iterable) -> list:
    return list(dict.fromkeys(values))


def _span(row: Row) -> str:
    return f"{row.median:.3g} ({row.low:.3g} to {row.high:.3g})"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(n_columns: int) -> str:
    return "|" + "---|" * n_columns


def machine_line(rows: Sequence[Row]) -> str:
    """Where and when."""
    its = next(row for row in rows if row.study == "machine")
    return f"{its.median:g} cores of a shared virtual machine, {its.engine}."


TABLES: dict[str, Callable[[Sequence[Row]], str]] = {
    "machine": machine_line,
    "gate": gate_table,
    **{study: partial(cost_table, study=study) for study in TIMED},
    "setup": setup_table,
    "yardsticks": yardstick_table,
    "verdict": verdict,
}


def figure_of(rows: Sequence[Row]) -> Figure:
    """Cost against units on one core and on two, rate, and trials; dashed: the yardsticks."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    panels = figure.subplots(1, 4, sharey=True)
    _draw(panels[0], rows, "units", "n_units", "units", "one trial, one core")
    _draw(panels[1], rows, "cores", "n_units", "units", "one trial, two cores", cores=2)
    _draw(panels[2], rows, "rate", "target_hz", "mean rate (Hz)", "1 000 units, 10 % connected")
    _draw(panels[3], rows, "trials", "trials", "trials", "200 units; open: two cores")
    _draw(panels[3], rows, "trials", "trials", "trials", "200 units; open: two cores", cores=2)
    for name, style in (("drawing the noise", "--"), ("memory traffic, main memory", ":")):
        ns = next(row.median for row in rows if row.engine == name and row.quantity == COST)
        for axes in panels:
            axes.axhline(ns, color="0.5", linestyle=style, linewidth=1)
        panels[0].text(
            0.97,
            ns * (0.82 if style == "--" else 1.08),
            name.split(", ")[-1],
            transform=panels[0].get_yaxis_transform(),
            ha="right",
            size=7,
        )
    panels[0].set_ylabel(COST)
    panels[0].legend(frameon=False, fontsize=7)
    return figure


def _draw(axes: Axes, rows: Sequence[Row], study: str, along: str, label: str, title: str, cores: int = 1) -> None:
    for name, (marker, shade) in MARKS.items():
        found = [row for row in rows if (row.study, row.engine, row.quantity, row.cores) == (study, name, COST, cores)]
        if found:
            open_ones = study == "trials" and cores == 2
            x = [getattr(row, along) for row in found]
            axes.plot(
                x,
                [row.median for row in found],
                marker=marker,
                color=shade,
                linestyle="--" if open_ones else "-",
                markerfacecolor="white" if open_ones else shade,
                label=name,
            )
            axes.vlines(x, [row.low for row in found], [row.high for row in found], color=shade)
    axes.set(xscale="log", yscale="log", xlabel=label, title=title)
    axes.title.set_fontsize(9)
