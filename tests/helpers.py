"""Shared by the tests: small models without TensorFlow, and running commands in process."""

import json
import os
import signal
import struct
import subprocess
from pathlib import Path

import numpy as np

from rate2spike.io.records import events_of
from rate2spike.rate.weights import som_mask
from rate2spike.spiking.simulator.spike_record import SpikeRecord
from rate2spike.trained_model import TrainedModel


def golden_folder() -> Path:
    """Where the golden numbers are: tests/data/golden, or what RATE2SPIKE_GOLDEN names."""
    return Path(os.environ.get("RATE2SPIKE_GOLDEN", Path(__file__).parent / "data" / "golden"))


def golden_csnn() -> dict:
    """Numbers of the CSNN code, empty if the folder has none."""
    path = golden_folder() / "csnn.json"
    return json.loads(path.read_text()) if path.exists() else {}


def golden_dendsn() -> dict:
    """Cases of the dendsn package, empty if the folder has none."""
    path = golden_folder() / "dendsn.json"
    return json.loads(path.read_text())["cases"] if path.exists() else {}


GOLDEN_LIF = ("base", "stim_exc")
GOLDEN_CSNN = """
    alif alif_small block_readout clif_add clif_relu_add clif_relu_mult clif_relu_mult_norec clif_relu_mult_reset_zero
    clif_tanh_mult collate fi_curve init_std li lif lif_nobias lif_norec lif_reset_zero lif_super param_count poisson_ctx
    pos_weight preproc_dvs_ratio0.4 preproc_empty_shape preproc_shd_ratio1.0 reset shared spike_reg split stack surrogate
    take_tuple waves
""".split()


GOLDEN_DENDSN = """
    functional.diff_mask_mult_sum functional.diff_mask_mult_sum_rect functional.gaussian passive.tau2.decay.rest0
    passive.tau2.decay.rest-0.5 passive.tau2.nodecay.rest0 passive.tau3.decay.rest0 passive.tau3.nodecay.rest0
    passive.tau3.nodecay.rest-0.5 passive.closed_form_T4_tau3 pa.step.decay pa.step.nodecay pa.gauss.decay
    wiring.segregated3 wiring.kto1_k2_o2 wiring.kto1_k2_o2_bi dendrite.vdiff.scalar.decay
    dendrite.vdiff.scalar.nodecay dendrite.vdiff.scalar_bi.nodecay dendrite.vdiff.matrix_bi.decay dendrite.segregated
    soma.LIF.hard0.decay soma.LIF.hard0.nodecay soma.LIF.hardm.decay soma.LIF.soft.nodecay soma.IF.hard0 soma.IF.hardm
    neuron.vdiff_seg neuron.vdiff_seg_scalar_soft neuron.vdiff_kto1 neuron.vact_seg neuron.vdiff_sback
    neuron.vact_sback_intended neuron.vdiff_seg_conv_shape neuron.reshape_input synapse.linear synapse.masked_linear
    synapse.conv2d synapse.conv3d synapse.li_filter synapse.clamp stochastic.logistic surrogate.sigmoid
    learning.stdp.ni1 learning.semi_stdp.ni2 learning.dpp.vdiff.decay.ni1 learning.dpp.vdiff.decay.ni2
    learning.dpp.vdiff.nodecay.ni1 learning.dpp.vact.nodecay.ni2
""".split()


def missing_golden(folder: Path, csnn: dict, dendsn: dict) -> list[str]:
    """Golden files and cases of the repository's own folder that a folder lacks."""
    lif = [f"lif/{name}.mat" for case in GOLDEN_LIF for name in (f"in_{case}_model", f"in_{case}", f"out_{case}")]
    absent = [name for name in lif if not (folder / name).exists()]
    absent += [f"csnn.json: {case}" for case in GOLDEN_CSNN if case not in csnn]
    return absent + [f"dendsn.json: {case}" for case in GOLDEN_DENDSN if case not in dendsn]


def small_model(
    n_units=12, n_inputs=1, n_som=0, n_taus=2, dale=True, dtype=np.float32, seed=0, **changes
) -> TrainedModel:
    """A random, untrained network with every field that a simulation needs."""
    rng = np.random.default_rng(seed)
    inhibitory = np.arange(n_units) % 3 == 1 if dale else np.zeros(n_units, bool)
    w = rng.normal(size=(n_units, n_units)) * (rng.random((n_units, n_units)) < 0.5)
    w0 = rng.normal(size=(n_units, n_units))
    values = dict(
        w_rec=np.abs(w) if dale else w,
        w_rec_initial=np.abs(w0) if dale else w0,
        w_in=rng.normal(size=(n_units, n_inputs)),
        w_out=rng.normal(size=(1, n_units)),
        tau_logit=rng.normal(size=(n_units, 1)),
        tau_logit_initial=rng.normal(size=(n_units, 1)),
        sign_matrix=np.diag(np.where(inhibitory, -1.0, 1.0)),
        connection_mask=som_mask(inhibitory, n_som),
    )
    values = {name: array.astype(dtype) for name, array in values.items()}
    return TrainedModel(
        **values
        | dict(
            tau_limits_steps=(4.0, 20.0)[:n_taus],
            inhibitory=inhibitory,
            excitatory=~inhibitory,
            n_units=n_units,
            n_som=n_som,
            b_out=0.0,
            activation="sigmoid",
        )
        | changes
    )


def record_of(dense, dt_s=0.001, **changes) -> SpikeRecord:
    """A record of the spikes in a dense (N, n_steps) array, as a simulation of that step would give."""
    dense = np.asarray(dense, bool)
    return SpikeRecord(
        **dict(
            firing_rate_hz=dense.sum(1) / (dense.shape[1] * dt_s),
            dt_s=dt_s,
            n_steps=dense.shape[1],
            events=events_of(dense),
        )
        | changes
    )


def poisson_record(rate_hz, duration_s, rng, dt_s=0.001) -> SpikeRecord:
    """A record of units that fire at random: rate_hz (N,) or (N, n_steps), at most a spike per step."""
    rate_hz = np.asarray(rate_hz, float)
    rate_hz = rate_hz[:, None] if rate_hz.ndim == 1 else rate_hz
    return record_of(rng.random((len(rate_hz), round(duration_s / dt_s))) < rate_hz * dt_s, dt_s)


def start_interruptible(command) -> subprocess.Popen:
    """Start a process that SIGINT reaches, even where the tests run in the background with SIGINT ignored."""
    restore = None if os.name == "nt" else lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=restore)


def aedat_packet(events, overflow=0, kind=1, valid=None) -> bytes:
    """An AEDAT 3.1 packet of events (t_us, x, y, polarity)."""
    valid = [1] * len(events) if valid is None else valid
    header = struct.pack("<HHIIIIII", kind, 1, 8, 4, overflow, len(events), len(events), sum(valid))
    return header + b"".join(
        struct.pack("<II", x << 17 | y << 2 | p << 1 | v, t) for (t, x, y, p), v in zip(events, valid, strict=True)
    )


def aedat_bytes(*packets) -> bytes:
    """An AEDAT 3.1 file."""
    return b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n" + b"".join(packets)
