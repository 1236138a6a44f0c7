"""What `import rate2spike` offers says in its docstring what goes in, in which shape, and what is raised.

The docstrings are prose, as everywhere here (pydocstyle's numpydoc rules that apply to prose are on in pyproject.toml); so
instead of numpydoc's sections, this asks for their content.
"""

import inspect
import re

import numpy as np
import pytest

import rate2spike

# said by the type or in the name, the same everywhere
SELF_EXPLAINING = {
    "path",
    "model",
    "network",
    "task",
    "seed",
    "n_trials",
    "n_threads",
    "n_workers",
    "config",
    "settings",
    "scaling_factor",
    "scaling_factors",
    "u",
    "cell_type",
    "executor",
    "history",
    "params",
}
NOT_YET = {"train", "train_population", "grid_search"}  # parts of whose parameters are explained in their records


def functions() -> dict[str, object]:
    """The façade's functions, and the methods of its classes that users call first."""
    found = {name: getattr(rate2spike, name) for name in rate2spike._HOMES}
    network, record = rate2spike.SpikingNetwork, rate2spike.SpikeRecord
    methods = (network.from_model, network.run, network.run_trials, record.save, record.load)
    return {name: value for name, value in found.items() if inspect.isfunction(value)} | {
        method.__qualname__: method for method in methods
    }


def parameters(function) -> list[inspect.Parameter]:
    return [item for item in inspect.signature(function).parameters.values() if item.name not in ("self", "cls")]


@pytest.mark.parametrize("name", sorted(functions()))
def test_docstring_explains_parameters_and_errors(name):
    text = inspect.getdoc(functions()[name])
    assert text, name
    unexplained = [
        item.name
        for item in parameters(functions()[name])
        if item.name not in SELF_EXPLAINING and not re.search(rf"\b{item.name}\b", text)
    ]
    assert not unexplained or name in NOT_YET
    assert "Raises" in text or name == "training_figure"


@pytest.mark.parametrize("name", sorted(functions()))
def test_docstring_has_the_shapes_of_arrays(name):
    text = inspect.getdoc(functions()[name])
    for item in parameters(functions()[name]):
        if item.annotation in (np.ndarray, "np.ndarray"):
            assert re.search(rf"\b{item.name} (: array )?\(", text), item.name


@pytest.mark.parametrize("name", sorted(n for n in rate2spike._HOMES if inspect.isclass(getattr(rate2spike, n))))
def test_classes_say_what_they_are(name):
    assert len(getattr(rate2spike, name).__doc__ or "") > 20
