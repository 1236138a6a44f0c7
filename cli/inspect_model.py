"""What is in a .mat file: its variables, and of a model file, in words, task, sizes, time constants, Dale, SOM, trained or
not, scaling factor, accuracy.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("path", metavar="FILE.mat", help="any MAT file: v4, v5, v6, v7 or v7.3")


def run(arguments: argparse.Namespace) -> int:
    """Print the description of a model, then the variables."""
    from rate2spike.matlab_compat.matfile import whos
    from rate2spike.matlab_compat.model_file import looks_like_model

    path = Path(arguments.path)
    variables = whos(path)
    lines = _model_lines(path) if looks_like_model({variable.name for variable in variables}) else []
    print("\n".join([str(path), *lines, *_table(variables)]))
    return 0


def _model_lines(path: Path) -> list[str]:
    from rate2spike.matlab_compat.model_file import load_model, task_in_path
    from rate2spike.rate import tasks

    model = load_model(path)
    task = model.task or task_in_path(path, tuple(tasks.TASKS))
    return [f"  {name:<15} {text}" for name, text in describe(model, task)] + [""]


def _table(variables) -> list[str]:
    """Name, size, bytes and class, as MATLAB's whos prints them."""
    rows = [("Name", "Size", "Bytes", "Class")]
    for variable in variables:
        size = "?" if variable.shape is None else "x".join(map(str, variable.shape))
        rows.append((variable.name, size, str(variable.n_bytes), variable.class_name))
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    return [f"  {a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {d}" for a, b, c, d in rows]


def describe(model, task: str | None) -> list[tuple[str, str]]:
    """Pairs of heading and text."""
    n_inhibitory = int(model.inhibitory.sum())
    n_som = model.n_som or 0
    types = f"{model.n_units - n_inhibitory} excitatory, {n_inhibitory} inhibitory, of which {n_som} SOM"
    pairs = [
        ("task", f"{task or 'not recorded'}{'' if model.task else ' (from the path)' if task else ''}"),
        ("units", f"{model.n_units}: {types}" if model.has_dale else f"{model.n_units}"),
        ("inputs, outputs", f"{model.n_inputs}, {model.w_out.shape[0]}"),
        ("Dale", "on" if model.has_dale else "off"),
        ("activation", model.activation or "not recorded"),
        ("time constants", _taus(model)),
        ("training", _training(model)),
        ("lambda search", _search(model)),
    ]
    seed, version = model.settings.get("seed"), model.settings.get("version")
    if isinstance(seed, float):
        pairs.append(("origin", f"seed {seed:.0f}, rate2spike {version}"))
    if model.extra:
        pairs.append(("other variables", ", ".join(model.extra)))
    return pairs


def _taus(model) -> str:
    tau_ms = model.tau_s() * 1e3
    if len(model.tau_limits_steps) == 1:
        return f"{tau_ms[0]:g} ms, fixed"
    low, high = (5 * t for t in model.tau_limits_steps)
    return f"{tau_ms.mean():.1f} ± {tau_ms.std():.1f} ms, trained within {low:g} to {high:g} ms"


def _training(model) -> str:
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


def _search(model) -> str:
    if model.scaling_factor is None:
        return "not done"
    if model.scaling_factor != model.scaling_factor:
        return "claimed by a search that has not finished"
    text = f"scaling factor {model.scaling_factor:g}"
    if model.scaling_accuracies is not None and model.scaling_accuracies.size:
        text += f", accuracy {model.scaling_accuracies.max():.3f} on the search trials"
    return text
