"""The figure of a diagnosis: outputs, units, rates and activity over time, spiking beside rate network."""

import numpy as np

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, canvas, whole
from rate2spike.spiking.diagnosis.result import Diagnosis

_MARKERS = "osv^Dx"


def diagnosis_figure(diagnosis: Diagnosis, ax: Axes | None = None) -> Figure:
    """Four panels; the gravest finding is the title. ax: where, in place of a new figure. Raises InputError."""
    figure = canvas(ax, (12, 6.5))
    outputs, gain, units, activity = figure.subplots(2, 2).ravel()
    _outputs(outputs, diagnosis)
    _gain(gain, diagnosis)
    _units(units, diagnosis)
    _activity(activity, diagnosis)
    finding = diagnosis.findings[0].split(";")[0]
    figure.suptitle(
        f"{diagnosis.task}, factor {diagnosis.scaling_factor:g}, accuracy {diagnosis.accuracy:.2f}\n{finding}",
        fontsize=10,
    )
    return whole(figure)


def _outputs(axes: Axes, diagnosis: Diagnosis) -> None:
    time_s = np.arange(1, diagnosis.outputs.shape[2] + 1) * diagnosis.column_s
    labels = np.array(diagnosis.labels)
    for index, label in enumerate(sorted(set(diagnosis.labels))[:4]):
        of_label = labels == label
        shade, style = SHADES[index % len(SHADES)], LINE_STYLES[index % len(LINE_STYLES)]
        axes.plot(
            time_s, diagnosis.outputs[of_label, 0].mean(0), color=shade, linestyle=style, label=f"{label}, spiking"
        )
        axes.plot(
            time_s,
            diagnosis.rate_outputs[of_label, 0].mean(0),
            color=shade,
            linestyle=style,
            linewidth=3,
            alpha=0.3,
            label=f"{label}, rate",
        )
    axes.set(xlabel="time (s)", ylabel="output", title="mean output per condition")
    axes.legend(**BESIDE)


def _gain(axes: Axes, diagnosis: Diagnosis) -> None:
    x, y = diagnosis.rate_outputs.ravel(), diagnosis.outputs.ravel()
    step = max(x.size // 3000, 1)
    axes.plot(x[::step], y[::step], ".", color="0.6", markersize=2, rasterized=True)
    ends = np.array([x.min(), x.max()])
    axes.plot(ends, ends, color="0.0", linewidth=1, linestyle=":", label="equal")
    fitted = y.mean() + diagnosis.output_gain * (ends - x.mean())
    axes.plot(
        ends, fitted, color="0.0", label=f"gain {diagnosis.output_gain:.2f}, r = {diagnosis.output_correlation:.2f}"
    )
    axes.set(xlabel="output of the rate network", ylabel="output of the spiking network", title="gain")
    axes.legend(**BESIDE)


def _units(axes: Axes, diagnosis: Diagnosis) -> None:
    for index, name in enumerate(sorted(set(diagnosis.unit_types.tolist()))):
        chosen = diagnosis.unit_types == name
        axes.plot(
            diagnosis.rates[chosen],
            diagnosis.firing_rate_hz[chosen],
            _MARKERS[index % len(_MARKERS)],
            color=SHADES[index % len(SHADES)],
            markersize=3,
            fillstyle="none",
            label=name,
        )
    axes.set(
        xlabel="mean rate of the rate network (a.u.)",
        ylabel="firing rate (Hz)",
        title=f"units: {diagnosis.silent_share:.0%} silent, {diagnosis.saturated_share:.0%} saturated",
    )
    axes.legend(**BESIDE)


def _activity(axes: Axes, diagnosis: Diagnosis) -> None:
    time_s = np.arange(1, diagnosis.population_rate_hz.size + 1) * diagnosis.column_s
    axes.plot(
        time_s[1:], diagnosis.population_rate_hz[1:], color="0.0"
    )  # the first holds the spikes of the arbitrary start
    axes.set(xlabel="time (s)", ylabel="population rate (Hz)", ylim=(0, None), title="activity over a trial")
