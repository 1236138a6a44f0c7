"""What tests/data/nir holds: run in an environment with norse 1.1, snntorch 1.0, nir and nirtorch; writes beside itself."""

import warnings
from pathlib import Path

import nir
import norse.torch
import numpy as np
import snntorch
import torch
from snntorch.export_nir import export_to_nir

HERE, DT_S, N_COLUMNS = Path(__file__).parent, 1e-4, 21
warnings.simplefilter("ignore")
torch.manual_seed(1)


def written_by_snntorch(name, neurons):
    """A network as snnTorch's own users export it."""
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 20),
        neurons,
        torch.nn.Linear(20, 3),
        snntorch.Leaky(
            beta=torch.full((3,), 0.95), threshold=torch.ones(3), init_hidden=True, reset_mechanism="zero", output=True
        ),
    )
    nir.write(HERE / name, export_to_nir(net, torch.randn(4)))


def run_by_norse():
    """A recurrent CubaLIF node, constants per unit, with the spikes that Norse computes in float64.

    u: inputs x columns of 5 ms; spikes: units x steps of 0.1 ms.
    """
    rng, n = np.random.default_rng(2), 15
    cell = nir.CubaLIF(
        tau_syn=rng.uniform(0.005, 0.03, n),
        tau_mem=rng.uniform(0.01, 0.02, n),
        r=np.full(n, 1.5),
        v_leak=np.zeros(n),
        v_threshold=rng.uniform(0.8, 1.2, n),
        v_reset=np.zeros(n),
        w_in=np.full(n, 2.0),
    )
    nodes = {
        "input": nir.Input(np.array([4])),
        "fc": nir.Linear(rng.normal(0.6, 0.5, (n, 4))),
        "lif": cell,
        "rec": nir.Linear(rng.normal(0, 3, (n, n))),
        "output": nir.Output(np.array([n])),
    }
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "output")]
    graph = nir.NIRGraph(nodes, edges)
    norse.torch.utils.import_nir._to_tensor = lambda values: torch.as_tensor(values, dtype=torch.float64)
    module, state = norse.torch.from_nir(graph, dt=DT_S), None
    u = rng.uniform(0, 1, (4, N_COLUMNS))
    step = np.arange(1, 50 * (N_COLUMNS - 1) + 1)
    x = torch.as_tensor(u[:, (step + 25) // 50].T)
    spikes = np.zeros((n, len(x)), bool)
    with torch.no_grad():
        for k, one in enumerate(x):
            fired, state = module(one, state)
            spikes[:, k] = fired.numpy() > 0
    nir.write(HERE / "norse_cubalif.nir", graph)
    np.savez_compressed(HERE / "norse_cubalif.npz", u=u, spikes=spikes)
    print(spikes.sum(), "spikes")


options = dict(linear_features=20, all_to_all=True, init_hidden=True, reset_mechanism="zero")
written_by_snntorch("snntorch_rsynaptic.nir", snntorch.RSynaptic(alpha=0.99, beta=0.98, **options))
written_by_snntorch("snntorch_rleaky.nir", snntorch.RLeaky(beta=0.98, **options))
run_by_norse()
