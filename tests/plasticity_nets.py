"""Shared by the tests of plasticity: a layer of neurons behind a synapse, in double precision, and the rules as loops."""

import numpy as np

import rate2spike as r2s


def neurons(soma_shape, n_input=1, *, step_mode="m", compartment=None, soma=None, **options):
    """A layer of segregated dendrites; compartment, soma: options of theirs. More compartments are coupled more weakly."""
    d = r2s.dendrites
    dendrite = d.SegregatedDend(
        d.PassiveDendCompartment(**{"tau": 2.0, "decay_input": False, **(compartment or {})}),
        d.SegregatedDendWiring(n_input),
    )
    soma = d.LIFSoma(**{"tau": 2.0, **(soma or {})})
    kind = d.VActivationForwardDendNeuron if "f_da" in options else d.VDiffForwardDendNeuron
    return kind(
        dendrite,
        soma,
        soma_shape=list(soma_shape),
        step_mode=step_mode,
        **{"forward_strength": 1 / n_input, "dtype": "float64", **options},
    )


def dense(n_from, n_to, *, step_mode="m", **options):
    """A dense synapse."""
    return r2s.dendrites.LinearIdentitySynapse(
        n_from, n_to, step_mode=step_mode, **{"seed": 1, "dtype": "float64", **options}
    )


def excite(synapse, drive):
    """Positive weights, drawn, that give a target this much if all its inputs are 1."""
    shape = synapse.weight.shape
    drawn = np.random.default_rng(0).uniform(0.2, 1.8, shape)
    synapse.weight.assign(drawn * drive / np.prod(shape[:-1]))


def spikes(*shape, seed=0, probability=0.4):
    return (np.random.default_rng(seed).random(shape) < probability).astype(float)


def run(synapse, layer, x):
    """Spikes (T, B, ...) of the layer for inputs x (T, B, ...), call by call in step mode "s"."""
    if synapse.step_mode == "m":
        return layer(synapse(x)).numpy()
    return np.stack([layer(synapse(one)) for one in x])


def stdp_by_loop(pre, post, n_input, w, tau_pre, tau_post, f_w_pre_post, f_w_post_pre, f_trace_pre, f_trace_post):
    """Equations 8.2 of the specification, for every synapse by itself; pre (T, B, I), post (T, B, K), w (I, K n_input)."""
    change = np.zeros_like(w)
    for batch in range(pre.shape[1]):
        x, y = np.zeros(pre.shape[2]), np.zeros(post.shape[2])
        for now_pre, now_post in zip(pre[:, batch], post[:, batch], strict=True):
            x = x * (1 - 1 / tau_pre) + now_pre
            y = y * (1 - 1 / tau_post) + now_post
            for i in range(w.shape[0]):
                for o in range(w.shape[1]):
                    k = o // n_input
                    change[i, o] += f_w_pre_post(w[i, o]) * now_post[k] * f_trace_pre(x[i])
                    change[i, o] -= f_w_post_pre(w[i, o]) * f_trace_post(y[k]) * now_pre[i]
    return change
