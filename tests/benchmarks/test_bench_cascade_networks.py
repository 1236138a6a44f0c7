"""benchmarks/bench_cascade_networks.py: the rival states the same networks, and what is compared agrees."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import bench_cascade_networks as bench

# layer, gain of the spike that runs back, scale of the weights; loss, norms of the gradients (specification, 1.8)
GOLDEN = {
    "one_compartment": ("OneCompartment", 0.0, 140, 0.8648737844, (0.32307786, 1.4976921)),
    "no_bap": ("TwoCompartment", 0.0, 15, 0.8548166277, (11.146061, 1.4793477)),
    "bap": ("TwoCompartment", 0.5, 15, 1.2126706113, (13.245875, 2.1741028)),
    "parallel": ("ParallelSubunits", 0.0, 1, 1.4194570836, (224.89615, 1.901915)),
    "prc": ("ParallelSubunits", 0.05, 1, 1.6387943895, (239.76689, 2.4003103)),
}
SMALL = {"n_seeds": 4, "n_patterns": 8, "n_steps": 40, "n_inputs": 20}


def golden_statement(rival, name):
    layer, gain, scale, *_ = GOLDEN[name]
    b, t, i = np.ogrid[:8, :200, :100]
    inputs = (37 * b + 17 * t**2 + 7 * i**2 + 3 * t * i) % 199 == 0
    height = np.sqrt(2) * (1 - np.exp(-0.1))
    i, h, c = np.ogrid[:100, :4, :2]
    hidden = scale * height / 10 * np.sin(0.37 * i + 1.7 * h + 0.9 * c + 0.5)
    h, o = np.ogrid[:4, :2]
    weights = [hidden[..., 0] if layer == "OneCompartment" else hidden, 7 * height / 2 * np.cos(1.1 * h + 2.3 * o)]
    return rival.Statement(
        layer,
        gain,
        "memorize",
        2e-3,
        [weights] * 2,
        np.stack([inputs.transpose(1, 0, 2)] * 2),
        np.stack([np.arange(8) % 2] * 2),
    )


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("together", [False, True])
def test_the_rival_has_the_published_losses_and_gradients(name, together):
    pytest.importorskip("torch")
    import cascade_in_pytorch as rival

    part = rival.Rival(golden_statement(rival, name), together).parts[0]
    losses = part.losses()
    np.testing.assert_allclose(losses.detach().numpy(), GOLDEN[name][3], rtol=1e-9)
    losses.sum().backward()
    # of one network, of two side by side
    norms = [float(one.grad.norm()) / np.sqrt(losses.numel()) for one in part.weights]
    np.testing.assert_allclose(norms, GOLDEN[name][4], rtol=1e-6)


def small(*models):
    return [(m, "turn", lambda m=m: bench.memorizing(m, n_epochs=1, **SMALL)) for m in models]


def test_ours_and_the_rival_agree_and_are_timed():
    pytest.importorskip("torch")
    digits = ("digits bap", "turn", lambda: bench.recognizing("bap", n_units=6, batch_size=4, n_steps=40))
    found = bench.compare([*small("one_compartment", "prc"), digits], repeats=1)
    assert min(found.values()) > 0
    rows = ("{}, seconds per turn", "{}, PyTorch, seconds per turn", "{}, PyTorch / ours", "{}, batched PyTorch / ours")
    expected = [row.format(name) for name in ("one_compartment", "prc", "digits bap") for row in rows]
    assert list(found) == expected[:-1]  # each process has one network for digits


def test_a_rival_that_computes_something_else_is_found_out():
    own = np.ones((bench.N_COMPARED, 2))

    class Other:
        def train(self, together, n_threads, n_epochs):
            return own * (1.002 if together else 1)

    with pytest.raises(AssertionError):
        bench._check_agreement("bap", own, Other())


def test_without_pytorch_our_own_times_are_found(monkeypatch, capsys):
    monkeypatch.setattr(bench, "find_spec", lambda name: None)
    found = bench.compare(small("bap"), repeats=1)
    assert list(found) == ["bap, seconds per turn"] and min(found.values()) > 0
    assert "not installed" in capsys.readouterr().err
