"""Write a network over the one that a model file holds, and leave all else in the file."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from rate2spike.errors import InputError, MatFileError
from rate2spike.matlab_compat.matfile import append, variable_names
from rate2spike.matlab_compat.model_file import (
    CLAIM_VARIABLE,
    SETTING_PREFIX,
    holds_model,
    load_model,
    model_variables,
    save_model,
)
from rate2spike.trained_model import TrainedModel

SEARCH_SETTINGS = "search_"  # r2s_search_*: what a λ search leaves besides the three historic variables
_HISTORIC_SEARCH = (CLAIM_VARIABLE, "all_perfs", "scaling_factors")


def update_model(model: TrainedModel, path: str | os.PathLike) -> bool:
    """Write the model, over another one if the file holds one; returns whether that was another network.

    A file that holds this very network, searched or tuned, is left as it is. Otherwise its variables are replaced and
    variables of others are kept, but settings that the new network lacks and a λ search are of the earlier one and go.
    Raises InputError.
    """
    if not Path(path).exists() or not holds_model(path):
        save_model(model, path)
        return False
    if _without_search(load_model(path).untuned()) == _without_search(model):
        return False
    ours = model_variables(model)
    former = [name for name in variable_names(path) if _is_of_one_network(name) and name not in ours]
    append(path, ours, remove=former)
    return True


def check_holds_no_model(path: str | os.PathLike) -> None:
    """Raise InputError if a file that results are to be written to holds a model."""
    with contextlib.suppress(MatFileError):  # no MAT file, or a damaged one
        if Path(path).exists() and holds_model(path):
            raise InputError(f"{path} holds a model, which would be lost: choose another file")


def _is_of_one_network(name: str) -> bool:
    """Whether a variable, left in the file, would be taken for one of the next network: settings, and a search."""
    return name in _HISTORIC_SEARCH or name.startswith(SETTING_PREFIX)


def _without_search(model: TrainedModel) -> TrainedModel:
    settings = {name: value for name, value in model.settings.items() if not name.startswith(SEARCH_SETTINGS)}
    return replace(
        model, scaling_factor=None, scaling_accuracies=None, scaling_factors=None, settings=settings, extra={}
    )
