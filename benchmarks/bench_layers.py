"""Spiking layers: forward and backward of 64 trials of 650 steps through 200 units on one core, against PyTorch.

    python benchmarks/bench_layers.py            # processor time per update
    python benchmarks/bench_layers.py --memory   # what grows with the number of steps, in processes of their own

The rival is the same CLIF equations in PyTorch, with input products made for all steps at once and autograd over a loop.
PyTorch is needed for it alone (`pip install torch`); without it, our own times are printed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np

BATCH, N_STEPS, N_INPUTS, N_CONTEXT, N_UNITS = 64, 650, 350, 20, 200
TAU_SOMA, TAU_APICAL, TAU_READOUT, THRESHOLD, SCALE = 20.0, 40.0, 20.0, 0.05, 0.3
INPUT_PROBABILITY, CUED, OTHER = 0.02, 0.2, 0.01
GAIN = 4.0  # of the initial weights of both inputs, so that units fire from the start, as they do after some training
REPEATS = 9


def inputs(n_steps: int = N_STEPS) -> tuple[np.ndarray, np.ndarray]:
    """Spikes (B, T, I) and context (B, T, C) as dense as those of the spoken digits."""
    rng = np.random.default_rng(0)
    x = rng.random((BATCH, n_steps, N_INPUTS)) < INPUT_PROBABILITY
    cued = np.arange(N_CONTEXT) == rng.integers(N_CONTEXT, size=(BATCH, 1, 1))
    c = rng.random((BATCH, n_steps, N_CONTEXT)) < np.where(cued, CUED, OTHER)
    return x.astype(np.float32), c.astype(np.float32)


def ours(kind: str = "clif", n_steps: int = N_STEPS, recompute: bool = False):
    """An update without the optimiser as a compiled function, and the network's weights by name."""
    import keras
    import tensorflow as tf

    import rate2spike as r2s

    common = {"threshold": THRESHOLD, "seed": 1, "recompute": recompute, "input_gradient": False}
    if kind == "clif":
        layer = r2s.CLIF(
            N_UNITS, tau_soma_ms=TAU_SOMA, tau_apical_ms=TAU_APICAL, rate_soma_hz=50.0, rate_apical_hz=20.0, **common
        )
    else:
        layer = r2s.ALIF(N_UNITS, tau_ms=TAU_SOMA, tau_adaptation_ms=TAU_APICAL, input_rate_hz=70.0, **common)
    readout = r2s.LI(1, tau_ms=TAU_READOUT, seed=2)
    x, c = (tf.constant(array) for array in inputs(n_steps))
    into = (x, c) if kind == "clif" else keras.ops.concatenate([x, c], -1)
    readout(layer(into))
    if kind == "clif":
        for way in (layer.cell.soma, layer.cell.apical):
            way.kernel.assign(way.kernel * GAIN)
    variables = layer.trainable_variables + readout.trainable_variables

    @tf.function
    def update(into):
        with tf.GradientTape() as tape:
            z = layer(into)
            loss = tf.reduce_mean(readout(z)) + tf.reduce_mean(z)
        return loss, tf.reduce_mean(z), tape.gradient(loss, variables)

    def run():
        loss, rate, slopes = update(into)
        return float(loss), float(rate), [slope.numpy() for slope in slopes]

    return run, {variable.path.split("/", 1)[1]: variable.numpy() for variable in variables}


def rival(weights: dict[str, np.ndarray]):
    """The same update in PyTorch, from the same weights."""
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as TensorFlow does

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(context, u):
            context.save_for_backward(u)
            return (u > 0).float()

        @staticmethod
        def backward(context, dz):
            (u,) = context.saved_tensors
            return dz * SCALE * torch.clamp(1 - u.abs(), min=0)

    named = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}

    def of(end: str):
        return next(value for name, value in named.items() if name.endswith(end))

    x, c = (torch.tensor(array).transpose(0, 1).contiguous() for array in inputs())
    kappa_s, kappa_a, kappa_o = (float(np.exp(-1 / tau)) for tau in (TAU_SOMA, TAU_APICAL, TAU_READOUT))

    def run():
        for value in named.values():
            value.grad = None
        # unbind: the gradient of indexing would make a whole sequence of zeros at every step
        drives = (
            (x @ of("soma_kernel") + of("soma_bias")).unbind(0),
            (c @ of("apical_kernel") + of("apical_bias")).unbind(0),
        )
        no_autapses = 1 - torch.eye(N_UNITS)
        r_s, r_a = of("soma_recurrent_kernel") * no_autapses, of("apical_recurrent_kernel") * no_autapses
        v = a = z = torch.zeros(BATCH, N_UNITS)
        y, outputs, spikes = torch.zeros(BATCH, 1), [], []
        w_out, b_out = of("li_cell/kernel"), of("li_cell/bias")
        for drive_s, drive_a in zip(*drives, strict=True):
            current_s, current_a = drive_s + z @ r_s, drive_a + z @ r_a
            a = kappa_a * a + (1 - kappa_a) * current_a
            v = kappa_s * v + (1 - kappa_s) * current_s * torch.relu(a) - z * THRESHOLD
            z = Spike.apply((v - THRESHOLD) / THRESHOLD)
            spikes.append(z)
            y = kappa_o * y + (1 - kappa_o) * (z @ w_out + b_out)
            outputs.append(y)
        loss = torch.stack(outputs).mean() + torch.stack(spikes).mean()
        loss.backward()
        return loss.item(), torch.stack(spikes).mean().item(), [value.grad.numpy() for value in named.values()]

    return run


def compare() -> dict[str, float]:
    """Medians of processor seconds, turn by turn in one process, and the ratio; the two must agree."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    run, weights = ours()
    contestants = {"clif": run, "lsnn": ours("lsnn")[0], "clif, recomputing": ours(recompute=True)[0]}
    try:
        contestants["PyTorch, clif"] = rival(weights)
    except ImportError:
        print("PyTorch is not installed: no rival", file=sys.stderr)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    found = {name: contestant() for name, contestant in contestants.items()}
    for _ in range(REPEATS):
        for name, contestant in contestants.items():
            start = time.process_time()
            contestant()
            seconds[name].append(time.process_time() - start)
    results = {f"{name}: forward + backward, s": median(values) for name, values in seconds.items()}
    results["spikes per unit and step"] = found["clif"][1]
    if "PyTorch, clif" in found:
        _check_agreement(found["clif"], found["PyTorch, clif"])
        results["clif / PyTorch"] = median(
            mine / theirs for mine, theirs in zip(seconds["clif"], seconds["PyTorch, clif"], strict=True)
        )
    return results


def _check_agreement(mine, theirs) -> None:
    assert abs(mine[0] - theirs[0]) < 1e-3 * abs(theirs[0]), (mine[0], theirs[0])
    assert abs(mine[1] - theirs[1]) < 0.01 * theirs[1], (mine[1], theirs[1])
    for own, other in zip(mine[2], theirs[2], strict=True):
        assert (
            np.corrcoef(own.ravel(), other.ravel())[0, 1] > 0.99 if own.size > 1 else np.allclose(own, other, rtol=0.05)
        )


def memory_mib(n_steps: int, recompute: bool) -> float:
    """Largest resident size of a process that does one update of that many steps."""
    code = f"import bench_layers as b; b.print_peak({n_steps}, {recompute})"
    folder = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def print_peak(n_steps: int, recompute: bool) -> None:
    """For `memory_mib`."""
    run, _ = ours(n_steps=n_steps, recompute=recompute)
    run()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory() -> dict[str, float]:
    """MiB per 1000 steps, from 500 to 1500 and from 1500 to 2500 steps: equal if memory is linear in the steps."""
    results = {}
    inputs_mib = BATCH * 1000 * (N_INPUTS + N_CONTEXT) * 4 / 2**20
    results["of which inputs, MiB per 1000 steps"] = inputs_mib
    for recompute in (False, True):
        peaks = [memory_mib(n, recompute) for n in (500, 1500, 2500)]
        name = "recomputing" if recompute else "keeping all states"
        results[f"{name}, MiB per 1000 steps (500 to 1500)"] = peaks[1] - peaks[0]
        results[f"{name}, MiB per 1000 steps (1500 to 2500)"] = peaks[2] - peaks[1]
    return results


def run() -> dict[str, float]:
    """Both in processes of their own: TensorFlow's threads are set once per process."""
    command = [sys.executable, os.path.abspath(__file__), "--json"]
    times, growth = (
        json.loads(
            subprocess.run([*command, *more], capture_output=True, text=True, check=True).stdout.splitlines()[-1]
        )
        for more in ((), ("--memory",))
    )
    return times | growth


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="memory instead of time")
    parser.add_argument("--json", action="store_true", help="one line for other programs")
    arguments = parser.parse_args()
    results = memory() if arguments.memory else compare()
    if arguments.json:
        print(json.dumps(results))
        return
    for name, value in results.items():
        print(f"  {name:<52} {value:10.3f}")


if __name__ == "__main__":
    main()
