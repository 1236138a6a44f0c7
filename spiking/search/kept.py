"""What a λ search leaves in a model, in memory or in its file: the three historic variables, and settings `search_*`."""

import json
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import as_model
from rate2spike.matlab_compat.model_update import SEARCH_SETTINGS
from rate2spike.spiking.search.options import SearchOptions
from rate2spike.spiking.search.result import SearchResult
from rate2spike.spiking.simulator.params import SEARCHED_NETWORK
from rate2spike.trained_model import TrainedModel

SEARCH_OPTIONS = "search_options"  # what else decided a search, where it is not the default
MAY_LACK = (SEARCH_OPTIONS, SEARCHED_NETWORK)


@public()
def with_search_result(model: TrainedModel | str | PathLike, result: SearchResult) -> TrainedModel:
    """The model with what a λ search found: saved, it is the file that `search_files` leaves.

    Parameters
    ----------
    model : TrainedModel, or path of a model file
        The network that was searched.
    result : SearchResult
        Of `grid_search`.

    Returns
    -------
    TrainedModel
        The same network with its scaling factor (`opt_scaling_factor`), the factors and accuracies (`scaling_factors`,
        `all_perfs`), and the settings of the search (`r2s_search_*`). A model that names no task is given that of the search.

    Raises
    ------
    InputError
        For arguments of another kind.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> model = r2s.load_model("go_nogo.mat")
    >>> search = r2s.grid_search(model, "go-nogo", (25, 60), n_trials=10, seed=1)
    >>> r2s.save_model(r2s.with_search_result(model, search), "searched.mat")
    >>> r2s.load_model("searched.mat").scaling_factor
    25.0
    """
    model = as_model(model)
    if not isinstance(result, SearchResult):
        raise InputError(f"{{result}} must be a SearchResult, got {type(result).__name__}", "result")
    others = {name: value for name, value in model.settings.items() if not name.startswith(SEARCH_SETTINGS)}
    task = {} if "task" in others else task_texts(result)
    return replace(
        model,
        scaling_factor=result.best_factor,
        scaling_factors=result.scaling_factors,
        scaling_accuracies=result.accuracies,
        settings={**others, **task, **search_settings(result)},
    )


def search_settings(result: SearchResult) -> dict[str, Any]:
    """What a model's settings say of its search besides the historic variables, in the forms of a file."""
    return {
        "search_seed": result.seed,
        "search_n_trials": result.n_trials,
        "search_strategy": result.strategy,
        "search_trials_per_factor": np.array([[factor.n_trials for factor in result.factors]], float),
        "search_intervals": result.intervals,
        "search_output_errors": result.output_errors[None, :],
        "search_unit_types": ",".join(result.best.type_rates_hz),
        "search_type_rates_hz": np.array([list(factor.type_rates_hz.values()) for factor in result.factors]),
        **{name: text for name, text in result.settings.items() if name in MAY_LACK},
    }


def task_texts(result: SearchResult) -> dict[str, str]:
    """The task that was searched on, as a model's settings name it."""
    return {name: text for name, text in result.settings.items() if name not in MAY_LACK}


def option_texts(options: SearchOptions, result: SearchResult) -> dict[str, str]:
    """Texts of what decided the search, where that is neither the default nor in the file otherwise; mostly none.

    options: with the seed resolved.
    """
    network, others = options.as_record()
    texts = {SEARCH_OPTIONS: json.dumps(others)} if others else {}
    if network:
        texts[SEARCHED_NETWORK] = json.dumps({**network, "accuracies": result.accuracies.tolist()})
    return texts
