"""One NoGo and one Go trial of a Go-NoGo network, drawn as the published script draws them.

As in the published script the Go stimulus is on during steps 30-50 (training used 50-75), excitatory units are red and
inhibitory ones blue; unlike there the units are grouped by type, and the types named.
"""

from pathlib import Path

import numpy as np

from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate import tasks
from rate2spike.seeding import Role, key64
from rate2spike.spiking.scoring.network_options import searched_options
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord

GO_STIMULUS = slice(30, 50)


def go_nogo_trials(network: SpikingNetwork, seed: int) -> tuple[SpikeRecord, SpikeRecord]:
    """A NoGo and a Go trial of 1 s."""
    u = np.zeros((2, 1, tasks.GoNogo.n_steps + 1))
    u[1, 0, GO_STIMULUS] = 1
    nogo, go = (network.run_fast(u[k], key64(seed, Role.FIGURE, k), ("output", "spikes"), seed=seed) for k in range(2))
    return nogo, go


def eval_go_nogo(model_path: Path, seed: int, output_dir: Path, name: str | None = None) -> list[Path]:
    """Simulate both trials and save the three figures into output_dir; returns their paths. Raises InputError.

    name: what the figures' names begin with (default: the model file's name).
    """
    from rate2spike.io.figure_file import save_figure
    from rate2spike.spiking.scoring.plots import go_nogo_outputs, raster

    model = load_model(model_path)
    if model.n_inputs != tasks.GoNogo.n_inputs:
        raise InputError(f"{model_path} is no Go-NoGo network: it has {model.n_inputs} inputs, expected 1")
    nogo, go = go_nogo_trials(searched_options(model).network(model), seed)
    stem = output_dir / (name or model_path.stem)
    return [
        *save_figure(go_nogo_outputs(nogo, go), f"{stem}_outputs"),
        *save_figure(raster(nogo, "NoGo trial"), f"{stem}_raster_nogo"),
        *save_figure(raster(go, "Go trial"), f"{stem}_raster_go"),
    ]
