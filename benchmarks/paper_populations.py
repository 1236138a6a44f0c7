"""The trained populations behind the paper's figures: published settings, batch size 1, one network per seed."""

from dataclasses import replace
from pathlib import Path

from rate2spike.rate.cell_types import CellTypes
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.population import Outcome, train_population

N_UPDATES = 6000
GO_NOGO = TrainConfig(task="go-nogo", n_updates=N_UPDATES, tau_steps=(4.0, 10.0))  # 20 to 50 ms
GO_NOGO_100_MS = replace(GO_NOGO, tau_steps=(4.0, 20.0))
MANTE = TrainConfig(task="mante", n_units=250, n_updates=N_UPDATES, tau_steps=(4.0, 10.0))
MANTE_100_MS = replace(MANTE, tau_steps=(4.0, 20.0))
# of 200 units 134, 46 and 20; somatostatin units are inhibited by nobody
PYR_PV_SST = CellTypes(
    names=("PYR", "PV", "SST"),
    shares=(0.67, 0.23, 0.10),
    inhibitory=(False, True, True),
    allowed=((True, True, True), (True, True, True), (True, False, False)),
)

POPULATIONS: dict[str, TrainConfig] = {
    "mante_taus_4_20": MANTE_100_MS,
    **{f"go_nogo_n_{n}": replace(GO_NOGO, n_units=n) for n in (10, 50, 100, 200, 250, 400)},
    "go_nogo_n_200_long": replace(GO_NOGO, min_updates=N_UPDATES),  # goes on when the criteria are met
    "go_nogo_n_10_no_dale": replace(GO_NOGO, n_units=10, apply_dale=False),
    "go_nogo_n_10_taus_4_20": replace(GO_NOGO_100_MS, n_units=10),
    "sigmoid": GO_NOGO_100_MS,
    "sigmoid_long": replace(GO_NOGO_100_MS, min_updates=N_UPDATES),
    "softplus": replace(GO_NOGO_100_MS, activation="softplus"),
    "clipped_relu": replace(GO_NOGO_100_MS, activation="clipped_relu"),
    "mante_taus_4_10": MANTE,
    "go_nogo_tau_4": replace(GO_NOGO, n_units=250, tau_steps=(4.0,)),  # 20 ms
    "mante_tau_7": replace(MANTE, tau_steps=(7.0,)),  # 35 ms
    **{f"mante_gain_{gain}": replace(MANTE_100_MS, gain=gain) for gain in (0.5, 2.5, 3.5)},
    "pyr_pv_sst": replace(GO_NOGO, cell_types=PYR_PV_SST),
    "no_dale": replace(GO_NOGO, apply_dale=False),
}


def trained(name: str, seeds: list[int], folder: Path, n_workers: int) -> list[Outcome]:
    """The networks of a population, trained if they are not in `folder` yet."""
    outcomes = train_population(POPULATIONS[name], seeds, folder / name, n_workers=n_workers)
    for outcome in outcomes:
        if not outcome.model:
            raise SystemExit(f"{name}, seed {outcome.seed}: {outcome.state} {outcome.message}; start again to go on")
    return outcomes
