"""What a file is that is no MAT file, in words: spike records, NIR, NWB and other HDF5, saved Keras networks, run settings.

Reads headers and small numbers alone; needs none of the libraries that write these files.
"""

import json
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.hdf5_file import open_hdf5
from rate2spike.io.records import RECORDED

Pairs = list[tuple[str, str]]  # heading, text
SUFFIXES = (".h5", ".hdf5", ".nir", ".nwb", ".keras", ".toml")
_UNITS = {"output": "output", "voltage_mv": "voltage, mV", "rates": "filtered spike trains, Hz", "ipsc": "currents, mV"}
_MATLABS_BLOCK = b"MATLAB"  # what a v7.3 MAT file begins with
_MOST_NAMES = 12


def summary(path: Path) -> Pairs | None:
    """Pairs of heading and text, the first says what the file is; None if it may be a MAT file. Raises InputError."""
    if path.suffix.lower() == ".toml":
        return _settings(path)
    try:
        if zipfile.is_zipfile(path):
            return _zip(path)
        if not h5py.is_hdf5(path) or _begins_as_matlabs(path):
            return None
        with open_hdf5(path) as file:
            return _hdf5(file)
    except (OSError, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read {path}: {error}") from None


def _begins_as_matlabs(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MATLABS_BLOCK)) == _MATLABS_BLOCK


def _hdf5(file: h5py.File) -> Pairs | None:
    if str(file.attrs.get("format", "")).startswith("rate2spike SpikeRecord"):
        return _record(file)
    if "nwb_version" in file.attrs:
        return _nwb(file)
    if "node" in file and "nodes" in file["node"]:
        return _nir(file)
    if "spikes" in file and "labels" in file and "units" in file["spikes"]:
        n_labels = len(np.unique(file["labels"][()]))
        return [
            ("kind", f"event recordings as of Spiking Heidelberg Digits: {file['labels'].size} of {n_labels} classes")
        ]
    if any("MATLAB_class" in item.attrs for item in file.values()):
        return None
    names = ", ".join(list(file)[:_MOST_NAMES]) + (", ..." if len(file) > _MOST_NAMES else "")
    kind = "an HDF5 file, not of rate2spike, MATLAB, NIR or NWB"
    if any("OCTAVE_NEW_FORMAT" in item.attrs for item in file.values()):
        kind = (
            "variables as GNU Octave's save -hdf5 writes them; to read them here, save them there with save('-v7', ...)"
        )
    return [("kind", kind), ("holds", names or "nothing")]


def _record(file: h5py.File) -> Pairs:
    rate_hz = file["firing_rate_hz"][()]
    n_steps, dt_s = int(file.attrs["n_steps"]), float(file.attrs["dt_s"])
    stride = int(file.attrs.get("stride", 1))
    traces = [f"{_UNITS[name]} ({_by(file[name].shape)})" for name in RECORDED if name in file and name in _UNITS]
    if "events" in file:
        spikes = f"{len(file['events'])}"
    elif "spikes" in file:  # the first format: a dense array
        spikes = f"{int(file['spikes'][()].sum())}"
    else:
        spikes = "times not recorded"
    every = "" if stride == 1 else f", every {stride}. step"
    origin = [
        f"{name.replace('_', ' ')} {file.attrs[name]:g}" for name in ("scaling_factor", "seed") if name in file.attrs
    ]
    return [
        ("kind", "spike record of one trial"),
        ("units", f"{rate_hz.size}, {file.attrs.get('neuron', 'lif')} neurons{_types(file)}"),
        ("duration", f"{n_steps * dt_s:g} s, {n_steps} steps of {dt_s * 1e3:g} ms"),
        ("spikes", spikes),
        ("mean rate", f"{rate_hz.mean():.2f} Hz, highest {rate_hz.max():.2f} Hz"),
        ("traces", ", ".join(traces) + every if traces else "none"),
        *([("origin", ", ".join(origin))] if origin else []),
    ]


def _types(file: h5py.File) -> str:
    if "unit_types" not in file:
        return ""
    names, counts = np.unique(file["unit_types"][()], return_counts=True)
    return ": " + ", ".join(f"{n} {name.decode('utf-8')}" for name, n in zip(names, counts, strict=True))


def _nir(file: h5py.File) -> Pairs:
    nodes = file["node"]["nodes"]
    listed = [f"{name} ({_text(node.get('type'))}{_size(node)})" for name, node in nodes.items()]
    pairs = [("kind", f"NIR graph of {len(nodes)} nodes"), ("nodes", ", ".join(listed))]
    factor = file.get("node/metadata/scaling_factor")
    return pairs + ([("scaling factor", f"{float(factor[()]):g}")] if factor is not None else [])


def _size(node: h5py.Group) -> str:
    sizes = [f" {_by(node[name].shape)}" for name in ("weight", "v_threshold", "tau", "tau_mem") if name in node]
    return sizes[0] if sizes else ""


def _nwb(file: h5py.File) -> Pairs:
    version = _text(file.attrs["nwb_version"])
    pairs = [("kind", f"Neurodata Without Borders (NWB {version})")]
    if "session_description" in file:
        pairs.append(("session", _text(file["session_description"])))
    if "intervals/trials/id" in file:
        pairs.append(("trials", str(file["intervals/trials/id"].size)))
    if "units/id" in file:
        n_spikes = file["units/spike_times"].size if "units/spike_times" in file else 0
        pairs.append(("units", f"{file['units/id'].size}, {n_spikes} spikes"))
    return pairs


def _zip(path: Path) -> Pairs:
    """A .keras file is a zip archive with config.json."""
    with zipfile.ZipFile(path) as archive:
        if "config.json" not in archive.namelist():
            raise InputError(f"{path} is a zip archive, and not of a Keras network")
        network = json.loads(archive.read("config.json"))
        metadata = json.loads(archive.read("metadata.json")) if "metadata.json" in archive.namelist() else {}
    layers = network["config"].get("layers", [])
    version = metadata.get("keras_version")
    kind = f"saved Keras network, {network['class_name']}" + (f", of Keras {version}" if version else "")
    return [("kind", kind), ("layers", str(len(layers))), *map(_layer, layers)]


def _layer(layer: Mapping[str, Any]) -> tuple[str, str]:
    config = layer.get("config", {})
    wrapped = config.get("cell") or config.get("layer")  # of RNN(cell), Bidirectional(layer) and their like
    if isinstance(wrapped, Mapping):
        return str(layer.get("name") or config.get("name", "")), f"{layer['class_name']} of {_layer(wrapped)[1]}"
    known = {
        name: value
        for name, value in config.items()
        if isinstance(value, bool | int | float | str)
        and name not in ("name", "trainable", "dtype", "sparse", "ragged")
    }
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    size = "" if shape is None else f" {_by(['any' if n is None else n for n in shape])}"
    details = ", ".join(f"{name} {value}" for name, value in known.items() if name != "optional")
    return str(layer.get("name") or config.get("name", "")), f"{layer['class_name']}{size}: {details}".rstrip(": ")


def _settings(path: Path) -> Pairs:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{path} is no TOML file: {error}") from None
    run = content.get("run")
    if not isinstance(run, Mapping):
        return [("kind", "TOML file"), ("sections", ", ".join(content) or "none")]
    training = content.get("training", content.get(str(run.get("kind")), {}))
    wanted = ("task", "n_units", "seed", "dataset", "model_type")
    found = [f"{name} {training[name]}" for name in wanted if isinstance(training, Mapping) and name in training]
    pairs = [("kind", f"settings of a run folder ({run.get('kind', 'unknown')})")]
    pairs += [("settings", ", ".join(found))] if found else []
    pairs += [("sections", ", ".join(content))]
    version = content.get("versions", {}).get("rate2spike") if isinstance(content.get("versions"), Mapping) else None
    return pairs + ([("origin", f"rate2spike {version}")] if version else [])


def _text(value: Any) -> str:
    value = value[()] if isinstance(value, h5py.Dataset) else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _by(shape: Any) -> str:
    return " x ".join(map(str, shape)) if len(shape) else "1"
