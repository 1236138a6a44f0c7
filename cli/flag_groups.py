"""The groups in which `--help` lists flags. A flag that no group names stands in the one it was declared in.

`with parser.in_group("the search"): ...` declares; here stands what is common, and how the long records are divided.
"""

import argparse
from collections.abc import Iterable

WORK, COMMON = "what to work on", "common"
NETWORK, TRAINING, EXECUTION = "the network", "the training", "how it is executed"
SPIKING, SEARCH, TRIALS, OTHERS = "the spiking network", "the search", "the trials", "further options"
TUNING = "the tuning"
ACTIVITY, STOPPING, OPTIMIZER, FILES = "activity", "when it ends", "the optimizer", "files"
NWB = "what a file of --to nwb says"
CELL = "the cell"
ORDER = (
    WORK,
    COMMON,
    SEARCH,
    TUNING,
    TRIALS,
    CELL,
    NETWORK,
    SPIKING,
    TRAINING,
    OPTIMIZER,
    STOPPING,
    ACTIVITY,
    EXECUTION,
    FILES,
    NWB,
    OTHERS,
)
_BY_GROUP = {
    WORK: "paths model sources source command name shell task task_options task_option dataset task_type model_type "
    "data_path synthetic input output to form dt_ms cell duration_ms with_dendrites config scaling_factor request answer "
    "fits data label set networks tables",
    COMMON: "seed n_train n_valid n_test "
    "n_seeds models n_trials n_updates evaluation_trials search_trials scaling_factors run_folder resume recipe "
    "output_dir mode n_epochs sweep record spectrum json quiet verbose help version",
    NETWORK: "architectures spike_bias "
    "n_units p_inh p_rec n_som cell_types gain weight_distribution balanced sparse apply_dale dale_outputs "
    "tau_steps train_taus unit_tau_steps train_w_in train_b_out train_unit_bias unit_bias_sd dendrites n_compartments "
    "dendrite_gain dendrite_threshold dendrite_slope activation recurrent_apical "
    "apical_tau interaction reset threshold tau_soma_ms surrogate surrogate_scale input_noise rate_noise_sd noise_sd",
    TRAINING: "loss l2_weights l2_rates batch_size seeds seq_len split_by resample_each_epoch legacy robust n_patterns "
    "n_inputs n_steps input_probability event_weight window_s somatic_weight",
    OPTIMIZER: "learning_rate lr_schedule lr_decay_updates lr_final clip_norm learning_rate_decay l2_decay optimizer decay "
    "weight_decay",
    STOPPING: "min_updates evaluate_every loss_threshold accuracy_threshold patience",
    ACTIVITY: "target_spike_prob spike_reg_l2",
    EXECUTION: "gpu gpu_frac n_workers scheduler shard reclaim n_threads device cache recompute "
    "precision checkpoint_every damaged files_in_memory",
    FILES: "simulations_per_shard log_json force tensorboard traces trace_step_ms export_best variant",
}
_OF_DEST = {dest: group for group, names in _BY_GROUP.items() for dest in names.split()}
# first in their group, in this order
_FIRST = ("task", "seed", "n_trials", "n_updates", "scaling_factors")


def group_of(action: argparse.Action, declared: str) -> str:
    """The group of a flag: by its name, else as it was declared. Settings of a cell may be called as those of a network."""
    if declared == CELL:
        return CELL
    if not action.option_strings and action.dest not in _OF_DEST:
        return WORK
    return _OF_DEST.get(action.dest) or declared or OTHERS


def in_order(groups: Iterable[str]) -> list[str]:
    """Titles of groups, the common ones first."""
    return sorted(groups, key=lambda title: ORDER.index(title) if title in ORDER else len(ORDER) - 1)
