"""From settings to an untrained network, and from a trained network to the record that is saved."""

import json
from typing import Any

import numpy as np

from rate2spike.rate.config import TrainConfig
from rate2spike.rate.model import DEFAULT_TRAINED, RateNetwork, Trajectory
from rate2spike.rate.model_task import task_settings
from rate2spike.rate.rate_evaluation import RateEvaluation, as_rows
from rate2spike.rate.task import Trial
from rate2spike.rate.weights import InitialWeights
from rate2spike.trained_model import TrainedModel
from rate2spike.version import __version__


def network_of(config: TrainConfig, initial: InitialWeights, **options: Any) -> RateNetwork:
    """The untrained network; options as RateNetwork has them."""
    wanted = {
        "w_in": config.train_w_in,
        "b_out": config.train_b_out,
        "tau_logit": config.train_taus,
        "unit_bias": config.train_unit_bias,
    }
    trained = {*DEFAULT_TRAINED, *wanted} - {name for name, is_wanted in wanted.items() if not is_wanted}
    return RateNetwork(
        w_rec=initial.w_rec,
        w_in=initial.w_in,
        w_out=initial.w_out,
        b_out=0.0,
        tau_logit=initial.tau_logit,
        tau_limits_steps=config.tau_steps,
        sign_matrix=initial.sign_matrix,
        connection_mask=initial.connection_mask,
        apply_dale=config.apply_dale,
        activation=config.activation,
        unit_bias=initial.unit_bias,
        dale_outputs=config.dale_outputs,
        dendrites=initial.dendrites,
        trained=tuple(trained),
        **options,
    )


def trained_model(
    config: TrainConfig,
    initial: InitialWeights,
    network: RateNetwork,
    *,
    first: tuple[Trial, Trajectory],
    last: tuple[Trial, Trajectory],
    losses: np.ndarray,
    last_update: int,
    evaluation: RateEvaluation | None,
    success: bool,
) -> TrainedModel:
    """The record of a training run; first and last are (trial, trajectory) of the untrained and the trained network."""
    w_rec, b_out = network.w_rec.numpy(), network.b_out.numpy()
    last_trial, last_run = last
    types = None if initial.type_index is None else config.cell_types
    return TrainedModel(
        w_rec=np.maximum(w_rec, 0) if config.apply_dale else w_rec,
        w_rec_initial=initial.w_rec,
        w_in=network.w_in.numpy(),
        w_in_initial=initial.w_in,
        w_out=network.effective_w_out().numpy(),
        b_out=float(b_out[0]) if b_out.size == 1 else b_out,
        tau_logit=network.tau_logit.numpy(),
        tau_logit_initial=initial.tau_logit,
        tau_limits_steps=config.tau_steps,
        sign_matrix=initial.sign_matrix,
        connection_mask=initial.connection_mask,
        inhibitory=initial.inhibitory,
        excitatory=~initial.inhibitory,
        n_units=config.n_units,
        n_som=_n_som(config, initial),
        activation=config.activation,
        first_states=first[1].x[0].numpy(),
        first_rates=first[1].r[0].numpy(),
        last_states=last_run.x[0].numpy(),
        last_rates=last_run.r[0].numpy(),
        last_input=last_trial.u,
        last_output=as_rows(last_run.o[0].numpy()),
        last_target=last_trial.target,
        losses=losses,
        last_update=last_update,
        eval_accuracy=getattr(evaluation, "accuracy", None),
        eval_loss=getattr(evaluation, "loss", None),
        eval_outputs=getattr(evaluation, "outputs", None),
        eval_labels=getattr(evaluation, "labels", None),
        training_success=success,
        unit_bias=None if network.unit_bias is None else network.unit_bias.numpy(),
        dendrites=initial.dendrites,
        cell_type_names=None if types is None else types.names,
        cell_type=None if types is None else initial.type_index,
        settings=_settings(config, initial),
    )


def _settings(config: TrainConfig, initial: InitialWeights) -> dict[str, Any]:
    """What becomes the variables `r2s_...`: every setting as a number, logical or text, and what the historic file lacks."""
    task = config.task
    settings = {
        **task_settings(task),
        "seed": float(config.seed or 0),
        "version": __version__,
        "apply_dale": config.apply_dale,
        "weight_distribution": config.weight_distribution,
        "gain": config.gain,
        "p_inh": config.p_inh,
        "p_rec": config.p_rec,
        "loss_fn": config.loss,
        "batch_size": float(config.batch_size),
        "learning_rate": config.learning_rate,
        "n_trials": float(config.n_updates),
        "config": json.dumps(config.sections()["training"]),
    }
    if config.dale_outputs:
        settings["dale_outputs"] = True
    if initial.type_index is not None and config.cell_types is not None:
        settings["allowed_connections"] = np.asarray(config.cell_types.allowed, dtype=float)
    return settings


def _n_som(config: TrainConfig, initial: InitialWeights) -> int:
    """SOM units; where types are given, those called SOM, which stand first among the inhibitory ones."""
    if initial.type_index is None or config.cell_types is None:
        return config.n_som
    is_som = np.array([name.upper() == "SOM" for name in config.cell_types.names])
    return int((is_som[initial.type_index] & initial.inhibitory).sum())
