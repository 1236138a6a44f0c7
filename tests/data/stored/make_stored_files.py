"""Write the files beside this script, with the numbers that they must give, by commit 5ac4fda of rate2spike.

Run once, in an environment of that commit, in an empty folder: `python make_stored_files.py`. Not to be run with later
versions, whose files these are not: they must read what is here. `record_format_1.h5` is by commit 35535e1, the last one
that wrote it.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import rate2spike as r2s
from rate2spike.cli.main import main

TRAIN = (
    "train --task go-nogo --task-option n_steps=50 stim_on=5 stim_dur=5 --N 8 --decay_taus 4 20 --batch_size 2".split()
)
INTERRUPTED = [*TRAIN, *"--n_trials 30 --evaluate_every 10 --seed 4 --min_updates 100".split()]
SEARCH = dict(scaling_factors=(20.0, 30.0, 40.0), n_trials=6, seed=1, n_threads=1)
TYPES = """names = ["PYR", "PV", "SOM"]
shares = [0.6, 0.2, 0.2]
inhibitory = [false, true, true]
allowed = [[1, 1, 1], [1, 1, 1], [1, 0, 0]]
"""
CRASH = """
import os, sys
from rate2spike.cli.main import main
from rate2spike.rate import train
update = train._Run._update
train._Run._update = lambda self, k, *rest: os._exit(9) if k == 17 else update(self, k, *rest)
main(sys.argv[1:])
"""


def command(*words: object) -> None:
    """Run `rate2spike WORDS`."""
    code = main([str(word) for word in words])
    assert code == 0, words


def networks() -> dict[str, np.ndarray]:
    """A saved Keras network of every layer, of a context run and of a rate network; their inputs and predictions."""
    import keras

    from rate2spike.spiking.context.config import ContextConfig
    from rate2spike.spiking.context.model import build

    rng = np.random.default_rng(1)
    x, c = ((rng.random((2, 30, n)) < 0.4).astype("f4") for n in (5, 20))
    layers = {
        "lif": r2s.LIF(6, tau_ms=(10, 30), threshold=0.2, seed=1, reset="zero", surrogate="sigmoid"),
        "alif": r2s.ALIF(6, tau_adaptation_ms=(20, 200), threshold=0.2, seed=1),
        "clif": r2s.CLIF(6, tau_apical_ms=(20, 200), threshold=0.1, seed=1, interaction="tanh_mult"),
    }
    models = {}
    for name, layer in layers.items():
        inputs = [keras.Input((None, 5)), keras.Input((None, 20))]
        given = inputs if name == "clif" else keras.layers.Concatenate()(inputs)
        models[name] = keras.Model(inputs, r2s.LI(2, tau_ms=15.0, seed=2)(layer(given)))
    models["context"] = build(ContextConfig(dataset="shd", n_units=6, seed=3, threshold=0.02), 5)
    values = {"x": x, "c": c}
    for name, model in models.items():
        model.save(f"{name}.keras")
        predicted = model.predict([x, c], verbose=0)
        values |= {name: predicted} if name != "context" else {"context": predicted[0], "context_spikes": predicted[1]}
    rate = r2s.keras_model("go-nogo", n_units=8, seed=1, evaluate_every=2, batch_size=2)
    rate.fit(epochs=1, verbose=0)
    rate.save("rate.keras")
    rate.rate_layer.seed_generator.state.assign([7, 8])
    u = rng.normal(size=(2, 40, 1)).astype("f4")
    return values | {"u": u, "rate": rate(u).numpy()}


def models_and_records() -> dict[str, np.ndarray]:
    """Model files, the outputs of their spiking networks and spike records."""
    Path("types.toml").write_text(TYPES)
    command(*TRAIN, "--n_trials", 3, "--seed", 1, "--run_folder", "a")
    command(
        *TRAIN, "--n_trials", 3, "--seed", 2, "--run_folder", "b", "--cell_types", "types.toml", "--unit_bias_sd", 0.4
    )
    command(*TRAIN, "--n_trials", 2, "--seeds", "3-3", "--workers", 1, "--run_folder", "population")
    shutil.move("a/model.mat", "trained.mat")
    shutil.copy("trained.mat", "searched.mat")
    shutil.copy("trained.mat", "half_searched.mat")
    shutil.move("b/model.mat", "types_and_bias.mat")
    shutil.move("population/seed_3/model.mat", "member.mat")
    command("search", "searched.mat", "--scaling-factors", 20, 30, "--n-trials", 6, "--seed", 1, "--threads", 1)
    u = r2s.tasks.get("go-nogo", {"n_steps": 50, "stim_on": 5, "stim_dur": 5}).trial(np.random.default_rng(3)).stimulus
    values = {"stimulus": u}
    for name in ("trained", "searched", "types_and_bias", "member"):
        model = r2s.load_model(f"{name}.mat")
        network = r2s.SpikingNetwork.from_model(model, 25)
        values[f"{name}_tau_s"], values[f"{name}_w"] = model.tau_s(), network.w
        values[f"{name}_output"] = network.run(u, seed=1, record="output", precision="float64").output
    every = ("output", "spikes", "voltage", "rates", "ipsc")
    record = r2s.SpikingNetwork.from_model(r2s.load_model("trained.mat"), 25).run(u[:, 4:8], seed=1, record=every)
    record.save("record_format_2.h5")
    record.save("record.mat")
    fields = ("output", "events", "voltage_mv", "rates", "ipsc", "firing_rate_hz")
    for taus, name in ((0.002, "cubali"), (0.0, "cubalif")):
        command("export", "trained.mat", "--to", "nir", "--form", name, "--neuron-option", f"tau_r_s={taus}",
                "--scaling-factor", 25, "--output", f"{name}.nir")  # fmt: skip
    return values | {f"record_{name}": getattr(record, name) for name in fields}


def half_done() -> dict[str, np.ndarray]:
    """A search stopped after its first factor, a training killed at update 17, and what they give in the end."""
    from rate2spike.spiking.search_files import FileSearch, search_files

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        list(search_files("half_searched.mat", FileSearch(**SEARCH), on_factor=stop))
    model = r2s.load_model("trained.mat")
    task = r2s.tasks.get("go-nogo", model.task_options)
    found = r2s.grid_search(model, task, SEARCH["scaling_factors"], SEARCH["n_trials"], SEARCH["seed"])
    subprocess.run([sys.executable, "-c", CRASH, *INTERRUPTED, "--run_folder", "killed_training"], check=False)
    command(*INTERRUPTED, "--run_folder", "whole")
    whole = r2s.load_model("whole/model.mat")
    return {
        "search_accuracies": found.accuracies, "search_output_errors": found.output_errors, "whole_losses": whole.losses,
        "whole_w_rec": whole.w_rec, "whole_tau_logit": whole.tau_logit, "whole_w_out": whole.w_out,
    }  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    numbers = networks() | models_and_records() | half_done()
    np.savez_compressed("numbers.npz", **numbers)
    for rest in ("a", "b", "population", "whole", "types.toml"):
        shutil.rmtree(rest) if Path(rest).is_dir() else Path(rest).unlink()
