"""All figures of a data set, and all of an imitation, one after the other, with names for their files."""

from collections.abc import Iterator

from rate2spike.figures import Figure
from rate2spike.spiking.twin_figures import (
    plots_filters,
    plots_fit,
    plots_input,
    plots_overview,
    plots_traces,
    plots_tree,
)
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.imitation import Imitation
from rate2spike.spiking.twin_figures.input_counts import window_counts
from rate2spike.spiking.twin_figures.output_statistics import output_statistics
from rate2spike.spiking.twin_figures.selection import Simulations, any_simulations, chosen_simulations, middle_windows

Named = tuple[str, Figure]
_MOST_COUNTED = 1000  # simulations
_N_TRACES = 30


def of_dataset(dataset: Simulations, synapses: CellSynapses, seed: int = 0) -> Iterator[Named]:
    """Figures of simulated data. What they lack is left out: of a point the tree, without dendritic voltages these.

    Names: regions, dendrites_<width>_ms (six of simulations of 5 s and more), input_and_output, soma_traces, group_input,
    output, count_histograms_<window>_ms and count_scatter_<window>_ms (100, 200, 1000; not if simulations are shorter).
    Raises InputError for data of another cell, and if there are none.
    """
    one = chosen_simulations(dataset, 1, (4, 30), seed)[0]
    several = chosen_simulations(dataset, 5, (3, 30), seed)
    if synapses.segments is not None:
        yield "regions", plots_tree.regions(synapses)
        for window in middle_windows(one.duration_ms) if one.recording.v_dendrites_mv is not None else ():
            yield f"dendrites_{window[1] - window[0]}_ms", plots_tree.dendritic_voltages(one, synapses, window)
    yield "input_and_output", plots_input.input_and_output(one, synapses)
    yield "soma_traces", plots_input.soma_traces(several)
    yield "group_input", plots_input.group_input(several, synapses)
    counted = any_simulations(len(dataset), _MOST_COUNTED, seed)
    yield "output", plots_input.output(output_statistics(dataset[k] for k in counted))
    for length, counts in window_counts((dataset[k] for k in counted), synapses).items():
        if counts.n_windows:
            yield f"count_histograms_{length}_ms", plots_input.count_histograms(counts)
            yield f"count_scatter_{length}_ms", plots_input.count_scatter(counts)


def of_imitation(imitation: Imitation, seed: int = 0) -> Iterator[Named]:
    """Figures of a network beside its neuron. What there is none of is left out: filters of an ELM neuron, voltages, ...

    Names: overview (three filters), overview_one_filter, point_study (of a cell without a tree), probabilities, residuals,
    learning_curves, trace_<nn> (up to 30), traces (five), first_layer_<first filter>, filter (the strongest one).
    """
    yield "overview", plots_overview.overview(imitation, 3, seed)
    layer = imitation.first_layer
    if layer is not None:
        yield "overview_one_filter", plots_overview.overview(imitation, 1, seed)
        yield "filter", plots_filters.first_layer_filter(layer, layer.strongest(1)[0])
        for first in range(0, layer.n_filters, plots_filters.PER_SHEET):
            yield f"first_layer_{first:03d}", plots_filters.filter_sheet(layer, first)
    if imitation.synapses.segments is None:
        yield "point_study", plots_overview.point_study(imitation, seed)
    discard_ms = imitation.evaluation.options.discard_ms
    yield "probabilities", plots_fit.probabilities(imitation.predictions, discard_ms)
    if imitation.predictions.has_soma:
        yield "residuals", plots_fit.residuals(imitation.predictions, discard_ms)
    if imitation.history:
        yield "learning_curves", plots_fit.learning_curves(imitation.history)
    yield "traces", plots_traces.traces(imitation.traces(5, (3, 15), seed))
    for k, shown in enumerate(imitation.traces(_N_TRACES, (3, 10), seed)):
        yield f"trace_{k:02d}", plots_traces.trace(shown)
