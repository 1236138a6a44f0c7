"""Go-NoGo trials per second, drawn, simulated and scored: a GPU against the fast path on all cores.

`python benchmarks/bench_cuda.py`; where there is no GPU it says so.
"""

from rate2spike.machine.resource_limits import usable_cores
from rate2spike.rate import tasks
from rate2spike.seeding import Role
from rate2spike.spiking.scoring.cuda_blocks import run_block_cuda
from rate2spike.spiking.scoring.evaluate import evaluate
from rate2spike.spiking.scoring.trial_blocks import TrialSeries
from rate2spike.spiking.simulator.simulate_cuda import cuda_available

from bench_lif import network
from timing import alternate, medians

N_GPU_TRIALS, N_CPU_TRIALS, REPEATS = 4096, 400, 5


def run() -> dict[str, float]:
    """Medians in trials per second, and their ratio. Raises InputError without a GPU."""
    net, task = network(), tasks.get("go-nogo")
    seconds = medians(
        alternate(
            {
                "gpu": lambda: run_block_cuda(net, TrialSeries(task, 1, Role.SEARCH), range(N_GPU_TRIALS)),
                "cpu": lambda: evaluate(net, task, N_CPU_TRIALS, 1),
            },
            REPEATS,
        )
    )
    gpu, cpu = N_GPU_TRIALS / seconds["gpu"], N_CPU_TRIALS / seconds["cpu"]
    return {
        "GPU, trials per s": gpu,
        f"fast path on {usable_cores()} cores, trials per s": cpu,
        "GPU / fast path": gpu / cpu,
    }


if __name__ == "__main__":
    if cuda_available():
        for name, value in run().items():
            print(f"{name:<40} {value:10.1f}")
    else:
        print("no GPU that Numba can use: nothing to compare")
