"""Prepare TensorFlow: for a command its quiet import, threads and GPU choice; for library code the threads alone."""

import contextlib
import re
import subprocess
from typing import Any

from rate2spike.errors import InputError
from rate2spike.machine.resource_limits import usable_cores

MAX_PARTS = 4  # of a batch, computed side by side


def prepare_tensorflow(gpu: str = "0", gpu_frac: float | None = None, n_threads: int | None = None) -> Any:
    """Import TensorFlow without its start-up chatter and choose the device, before anything else uses it.

    On a CPU the parts of a batch run side by side, one thread each: a time step is too small to be shared out. Of
    several GPUs those with the indices in `gpu` ("0", "0,1", "all") are used. Memory grows as needed, or is limited to
    gpu_frac of a GPU. Without a GPU the arguments have no effect. Returns the tf.distribute strategy over several GPUs,
    or None. Raises InputError.
    """
    check_gpu(gpu)
    tf = import_quietly()
    set_threads(tf, n_threads)
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    indices = _gpu_indices(gpu, len(gpus))
    chosen = [gpus[index] for index in indices]
    tf.config.set_visible_devices(chosen, "GPU")
    for index, device in zip(indices, chosen, strict=True):
        if gpu_frac is None:
            tf.config.experimental.set_memory_growth(device, True)
        else:
            limit = tf.config.LogicalDeviceConfiguration(memory_limit=int(gpu_frac * _gpu_memory_mib(index)))
            tf.config.set_logical_device_configuration(device, [limit])
    return tf.distribute.MirroredStrategy() if len(chosen) > 1 else None


def check_gpu(gpu: str) -> None:
    """Raise InputError unless this can name GPUs; whether they exist is seen later."""
    if not isinstance(gpu, str) or not re.fullmatch(r"all|[0-9]+(,[0-9]+)*", gpu):  # argparse makes [] of --gpu=--
        raise InputError(f"{{gpu}} must be an index, several with commas, or all; got {gpu!r}", "gpu")


def _gpu_indices(gpu: str, n_gpus: int) -> list[int]:
    if gpu == "all":
        return list(range(n_gpus))
    parts = gpu.split(",")
    if not all(int(part) < n_gpus for part in parts):
        raise InputError(f"{{gpu}} must be an index below {n_gpus}, several with commas, or all; got {gpu!r}", "gpu")
    return sorted({int(part) for part in parts})


def _gpu_memory_mib(index: int) -> int:
    """Memory of a GPU. TensorFlow does not tell; nvidia-smi does. Raises InputError."""
    command = ["nvidia-smi", f"--id={index}", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise InputError(
            f"{{gpu_frac}} needs nvidia-smi to find the GPU's memory ({error}): leave it out", "gpu_frac"
        ) from None


def set_threads(tf: Any, n_threads: int | None = None) -> None:
    """One thread per operation, and n_threads operations at once: as many as a batch has parts, if there are the cores.

    Several threads share out the sums within an operation, so that the last bits of a result would follow their number.
    Where TensorFlow has worked in this process already, or its threads were chosen, they stay as they are.
    """
    if tf.config.threading.get_intra_op_parallelism_threads():
        return
    with contextlib.suppress(RuntimeError):  # it has worked already
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads or min(MAX_PARTS, usable_cores()))


def import_quietly() -> Any:
    """Import and return TensorFlow for a command, which computes the same whatever ~/.keras/keras.json says."""
    from rate2spike.machine.keras_on_tensorflow import keras, tf

    keras.config.set_floatx("float32")
    return tf
