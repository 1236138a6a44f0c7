"""What the published pickle says of a file of simulations, beside them: `Params`, folder and file name."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS

FIRST = "firstSimulation"  # ours: the number of the first simulation, of a data set in several files
_OF_ONE_FILE = (
    "randomSeed",
    "numSimulations",
    "ISICV",
    "listOfISIs",
    "numOutputSpikesPerSim",
    "totalNumOutputSpikes",
    "totalNumSimulationSeconds",
    "averageOutputFrequency",
    "entireExperimentDurationInMinutes",
    FIRST,
)
_FOLDER = re.compile(r"L5PC__activeDendrites_Ih_vshift_-?\d+_SKE2_mult_\d+__\w+")
_RANGES = {  # in the file name, and in Params
    "exBas": "num_bas_ex_spikes_per_100ms_range",
    "inhBasDiff": "num_bas_ex_inh_spike_diff_per_100ms_range",
    "exApic": "num_apic_ex_spikes_per_100ms_range",
    "inhApicDiff": "num_apic_ex_inh_spike_diff_per_100ms_range",
}


def split_params(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What all files of a data set have in common, and what is of one of them."""
    common = {name: value for name, value in params.items() if name not in _OF_ONE_FILE}
    return common, {name: value for name, value in params.items() if name in _OF_ONE_FILE}


def known_folder(path: Path) -> str:
    """Name of the folder of a file, if it is one of the published names; '' if not."""
    return path.parent.name if _FOLDER.fullmatch(path.parent.name) else ""


def folder_name(params: Mapping[str, Any], sk_factor: float) -> str:
    """Of the files with these Params."""
    synapses = f"{params['excitatorySynapseType']}_{params['inhibitorySynapseType']}"
    shift, percent = round(params["Ih_vshift"]), round(100 * sk_factor)
    return f"L5PC__activeDendrites_Ih_vshift_{shift}_SKE2_mult_{percent}__{synapses}"


def file_name(params: Mapping[str, Any]) -> str:
    """Of the file with these Params."""
    low_high = {key: "_".join(f"{round(end)}" for end in params[name]) for key, name in _RANGES.items()}
    voltages = "DVTs" if params["collectAndSaveDVTs"] else ""
    first = f"_{params[FIRST]}" if params.get(FIRST) else ""
    return (
        f"exBas_{low_high['exBas']}_inhBasDiff_{low_high['inhBasDiff']}__exApic_{low_high['exApic']}_inhApicDiff_"
        f"{low_high['inhApicDiff']}__saved_InputSpikes_{voltages}__{params['totalNumOutputSpikes']}_outSpikes__"
        f"{params['numSimulations']}_simulationRuns__{round(params['totalSimDurationInSec'])}_secDuration__"
        f"randomSeed_{params['randomSeed']}{first}.p"
    )


def common_params(variant: str, settings: Mapping[str, Any], segments: Any, example: CellSimulation) -> dict[str, Any]:
    """Params of a data set that was simulated here. Raises InputError for input of another kind."""
    if settings.get("kind") != "RandomInput":
        raise InputError("the published layout is for simulations with RandomInput")
    basal, excess = settings["excitation_per_100ms"], settings["inhibition_excess_per_100ms"]
    known = L5_VARIANTS[variant]
    recording = example.recording
    return {
        "totalSimDurationInSec": example.duration_ms / 1000,
        "collectAndSaveDVTs": recording.v_dendrites_mv is not None,
        "numSamplesPerMS_HighRes": recording.fine_per_ms,
        "excitatorySynapseType": known.excitatory,
        "inhibitorySynapseType": "GABA_A",
        "useActiveDendrites": True,
        "Ih_vshift": 0,
        "inst_rate_sampling_time_interval_options_ms": list(settings["hold_ms"]),
        _RANGES["exBas"]: list(basal),
        _RANGES["inhBasDiff"]: list(excess),
        _RANGES["exApic"]: list(settings["apical_excitation_per_100ms"] or basal),
        _RANGES["inhApicDiff"]: list(settings["apical_inhibition_excess_per_100ms"] or excess),
        **_of_tree(segments),
    }


def params_of_file(simulations: Sequence[CellSimulation], seed: int) -> dict[str, Any]:
    """Params that follow from the simulations of one file."""
    counts = [one.n_spikes for one in simulations]
    intervals = [np.diff(one.recording.spike_times_ms) for one in simulations]
    all_intervals = np.concatenate(intervals)
    seconds = sum(one.duration_ms for one in simulations) / 1000
    first = simulations[0].number
    return {
        "randomSeed": seed,
        "numSimulations": len(simulations),
        "ISICV": float(all_intervals.std() / all_intervals.mean()) if all_intervals.size else float("nan"),
        "listOfISIs": all_intervals.tolist(),
        "numOutputSpikesPerSim": counts,
        "totalNumOutputSpikes": sum(counts),
        "totalNumSimulationSeconds": seconds,
        "averageOutputFrequency": sum(counts) / seconds,
        "entireExperimentDurationInMinutes": 0.0,
        **({FIRST: first} if first else {}),
    }


def _of_tree(segments: Any) -> dict[str, Any]:
    """The tables of sections and segments, of `Segments`."""
    section, length_um = np.asarray(segments.section), np.asarray(segments.length_um)
    first = np.unique(section, return_index=True)[1]
    section_um = np.bincount(section, length_um)
    starts_um = segments.distance_um - segments.x * section_um[section]
    return {
        "allSectionsType": np.asarray(segments.kind)[first].tolist(),
        "allSections_DistFromSoma": starts_um[first].tolist(),
        "allSectionsLength": section_um.tolist(),
        "allSegmentsType": np.asarray(segments.kind).tolist(),
        "allSegmentsLength": length_um.tolist(),
        "allSegments_DistFromSoma": np.asarray(segments.distance_um).tolist(),
        "allSegments_SectionDistFromSoma": starts_um.tolist(),
        "allSegments_SectionInd": section.tolist(),
    }
