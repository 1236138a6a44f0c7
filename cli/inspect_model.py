"""What is in a file.

Of a .mat file: its variables, and of a model, in words, task, sizes, time constants, Dale, SOM, trained or not, scaling
factor, accuracy. Of a spike record (.h5), a saved Keras network (.keras), a NIR graph (.nir), an NWB file and
the settings of a run (.toml): what it holds. Of a folder: all such files in it and below, of models the words alone.

example: rate2spike inspect MODEL.mat TRIAL.h5
         rate2spike inspect runs/xor_1
"""

import argparse
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import add_json
from rate2spike.cli.columns import fact
from rate2spike.cli.network_report import each_of_several
from rate2spike.cli.speaking import next_step, tell, wants_json
from rate2spike.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from rate2spike.dendritic_input import DendriticInput
    from rate2spike.matlab_compat.matfile import Variable
    from rate2spike.trained_model import TrainedModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "paths", nargs="+", metavar="FILE_OR_DIR", help="MAT files (v4, v5, v6, v7, v7.3), others as above, and folders"
    )
    parser.add_argument("--spectrum", action="store_true", help="draw the eigenvalues of a model's recurrent weights")
    parser.add_argument("--output_dir", default=None, help="folder of that figure (default: beside the file)")
    add_json(parser, "print one JSON object per file")


def run(arguments: argparse.Namespace) -> int:
    """Print what each file is and holds. Raises InputError, of several files when all others are done."""
    from rate2spike.matlab_compat.model_paths import distinct_names

    files = {file: not Path(path).is_dir() for path in arguments.paths for file in _files(Path(path))}
    names = distinct_names([*files]) if len(files) > 1 else [file.stem for file in files]
    work = [
        partial(_inspect, file, name, arguments, is_named=is_named)
        for (file, is_named), name in zip(files.items(), names, strict=True)
    ]
    if len(files) == 1:
        work[0]()
        _say_next(arguments, list(files))
        return 0
    with each_of_several() as attempt:
        for file, describe_it in zip(files, work, strict=True):
            attempt(file, describe_it)
            if not wants_json(arguments):
                print(flush=True)
    _say_next(arguments, list(files))
    return 0


def _say_next(arguments: argparse.Namespace, files: list[Path]) -> None:
    """Of models, the search or what follows it; of other files, what can be done with the first of them."""
    from rate2spike.matlab_compat.model_file import holds_model, load_model

    models: list[Path] = []
    for file in files:
        with suppress(InputError):  # one that cannot be read whole was spoken of already
            models += [file] if file.suffix.lower() == ".mat" and holds_model(file) else []
    first = files[0]
    if models:
        is_searched = bool(load_model(models[0]).scaling_factor)
        next_step(arguments, "evaluate" if is_searched else "search", *arguments.paths, "--seed", 1)
    elif first.suffix.lower() in (".h5", ".hdf5"):
        next_step(arguments, "export", first, "--to", "nwb", "--output", first.with_suffix(".nwb"))
    elif first.suffix.lower() == ".nir":
        next_step(arguments, "import", first, "--output", first.with_suffix(".mat"))
    else:
        next_step(arguments, "help")


def _files(path: Path) -> list[Path]:
    """The file, or those of a folder that can be described. Raises InputError if there are none."""
    from rate2spike.io.file_summary import SUFFIXES
    from rate2spike.matlab_compat.model_paths import files_below

    if not path.is_dir():
        return [path]
    files = files_below(path, (".mat", *SUFFIXES))
    if not files:
        raise InputError(f"folder {path} holds no file that could be described: .mat, {', '.join(SUFFIXES)}")
    return files


def _inspect(path: Path, figure_name: str, arguments: argparse.Namespace, *, is_named: bool) -> None:
    """The description of a file; of a model that the user named, and did not find in a folder, the variables after it."""
    from rate2spike.io.file_summary import summary
    from rate2spike.matlab_compat.matfile import whos
    from rate2spike.matlab_compat.model_file import looks_like_model

    pairs = summary(path)
    variables: Sequence[Variable] = whos(path) if pairs is None else ()
    is_model = looks_like_model({variable.name for variable in variables})
    if arguments.spectrum and is_named and not is_model:
        raise InputError(f"{path} holds no model whose eigenvalues could be drawn (--spectrum)")
    if pairs is None:
        pairs = _model_pairs(path) if is_model else []
    if arguments.spectrum and is_model:
        folder = arguments.output_dir
        figure = path.parent / path.stem if folder is None else Path(folder) / figure_name
        pairs = [*pairs, *_draw_spectrum(path, figure)]
    table = _table(variables) if variables and (is_named or not is_model) else []
    values: dict[str, Any] = {"file": str(path), **dict(pairs)}
    values["variables"] = [vars(variable) for variable in variables]
    lines = [fact(name, text) for name, text in pairs]
    tell(arguments, values, str(path), *lines, *([""] if lines and table else []), *table)


def _model_pairs(path: Path) -> list[tuple[str, str]]:
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.matlab_compat.model_paths import task_in_path
    from rate2spike.rate import tasks

    model = load_model(path)
    return describe(model, model.task or task_in_path(path, tuple(tasks.TASKS)))


def _draw_spectrum(path: Path, figure_path: Path) -> list[tuple[str, str]]:
    """Save the figure; what it shows and where it is."""
    from rate2spike.io.figure_file import save_figure
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.rate.plots import eigenvalues, spectrum

    model = load_model(path)
    figure = save_figure(spectrum(model), f"{figure_path}_spectrum")[0]
    before, after = _moduli(eigenvalues(model, initial=True)), _moduli(eigenvalues(model))
    return [("eigenvalues", f"before training {before}; after training {after}"), ("figure", str(figure))]


def _moduli(values: "np.ndarray") -> str:
    largest = abs(values[:2])
    return f"largest modulus {largest[0]:.2f}" + (f", next {largest[1]:.2f}" if len(largest) > 1 else "")


def _table(variables: "Sequence[Variable]") -> list[str]:
    """Name, size, bytes and class, as MATLAB's whos prints them."""
    rows = [("Name", "Size", "Bytes", "Class")]
    for variable in variables:
        size = "?" if variable.shape is None else "x".join(map(str, variable.shape))
        rows.append((variable.name, size, str(variable.n_bytes), variable.class_name))
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    return [f"  {a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {d}" for a, b, c, d in rows]


def describe(model: "TrainedModel", task: str | None) -> list[tuple[str, str]]:
    """Pairs of heading and text."""
    n_inhibitory = int(model.inhibitory.sum())
    n_som = model.n_som or 0
    types = f"{model.n_units - n_inhibitory} excitatory, {n_inhibitory} inhibitory, of which {n_som} SOM"
    if model.cell_type_names is not None:
        counts = {name: int((model.unit_types == name).sum()) for name in dict.fromkeys(model.unit_types.tolist())}
        types += f" ({', '.join(f'{n} {name}' for name, n in counts.items())})"
    options = ", ".join(f"{name} {value}" for name, value in model.task_options.items())
    pairs = [
        ("task", f"{task or 'not recorded'}{'' if model.task else ' (from the path)' if task else ''}"),
        *([("task options", options)] if options else []),
        ("units", f"{model.n_units}: {types}" if model.has_dale else f"{model.n_units}"),
        ("inputs, outputs", f"{model.n_inputs}, {model.w_out.shape[0]}"),
        ("Dale", "on" if model.has_dale else "off"),
        ("activation", model.activation or "not recorded"),
        *([] if model.dendrites is None else [("dendrites", _dendrites(model.dendrites))]),
        ("time constants", _taus(model)),
        ("training", _training(model)),
        ("lambda search", _search(model)),
        *([("tuning", _tuning(model))] if model.is_tuned else []),
    ]
    seed, version = model.settings.get("seed"), model.settings.get("version")
    if isinstance(seed, float):
        pairs.append(("origin", f"seed {seed:.0f}, rate2spike {version}"))
    if model.extra:
        pairs.append(("other variables", ", ".join(model.extra)))
    return pairs


def _dendrites(given: "DendriticInput") -> str:
    sigmoid = f"gain {given.gain:g}, threshold {given.threshold:g}, slope {given.slope:g}"
    return f"{given.kind}, {given.n_compartments} compartments per unit; {sigmoid}"


def _taus(model: "TrainedModel") -> str:
    tau_ms = model.tau_s() * 1e3
    if len(model.tau_limits_steps) == 1:
        return f"{tau_ms[0]:g} ms, fixed"
    low, high = (5 * t for t in model.tau_limits_steps)
    return f"{tau_ms.mean():.1f} ± {tau_ms.std():.1f} ms, trained within {low:g} to {high:g} ms"


def _training(model: "TrainedModel") -> str:
    if model.training_success is not None:
        verdict = "criteria met" if model.training_success else "criteria NOT met"
    else:
        verdict = "not recorded whether the criteria were met"
    parts = [verdict]
    if model.last_update is not None:
        parts.append(f"stopped at update {model.last_update}")
    if model.eval_accuracy is not None and model.eval_loss is not None:
        parts.append(f"accuracy {model.eval_accuracy:.2f}, loss {model.eval_loss:.2f}")
    return ", ".join(parts)


def _search(model: "TrainedModel") -> str:
    from rate2spike.spiking.scoring.network_options import searched_options

    if model.scaling_factor is None:
        return "not done"
    if model.scaling_factor != model.scaling_factor:
        return "claimed by a search that has not finished"
    text, network = f"scaling factor {model.scaling_factor:g}", searched_options(model).in_words()
    factors, accuracies = model.scaling_factors, model.scaling_accuracies
    if factors is None or accuracies is None or factors.shape != accuracies.shape:
        return text
    # at that factor: the adaptive strategy may give another one more right answers of fewer trials
    found = accuracies[factors == model.scaling_factor]
    text += f", accuracy {found[0]:.3f} on the search trials" if found.size else ""
    return text + (f", network with {network}" if network else "")


def _tuning(model: "TrainedModel") -> str:
    """How it was tuned, from what accuracy to what."""
    step, before, after = (
        model.settings.get("tune_step"),
        model.stored("tune_accuracy_before"),
        model.stored("tune_accuracy"),
    )
    parts = [f"to the step '{step}'" if isinstance(step, str) else "done"]
    if before is not None and after is not None:
        n_trials = model.stored("tune_n_trials")
        parts.append(
            f"accuracy {before:.3f} before, {after:.3f} after" + (f", {n_trials:.0f} trials" if n_trials else "")
        )
    seed = model.stored("tune_seed")
    parts += [] if seed is None else [f"seed {seed:.0f}"]
    return "; ".join((*parts, "w and w_out are those of the tuned network, r2s_untuned_* those that were trained"))
