"""Prepare TensorFlow for a command: quiet import, threads, GPU choice. Library code never calls this."""

import os
import sys
import tempfile

from rate2spike.errors import InputError


def prepare_tensorflow(gpu: str) -> None:
    """Import TensorFlow without its start-up chatter and choose the device, before anything else uses it.

    On a CPU the parts of a batch run side by side, one thread each: a time step is too small to be shared out. Of
    several GPUs the one with index `gpu` is used, memory growing as needed; without a GPU the argument has no effect.
    Raises InputError.
    """
    tf = _quiet_import()
    set_threads(tf)
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return
    if not gpu.isdigit() or int(gpu) >= len(gpus):
        raise InputError(f"--gpu must be an index below {len(gpus)}, got {gpu!r}")
    tf.config.set_visible_devices(gpus[int(gpu)], "GPU")
    tf.config.experimental.set_memory_growth(gpus[int(gpu)], True)


def set_threads(tf) -> None:
    """One thread per operation, and as many operations at once as a batch has parts, if there are so many cores."""
    from rate2spike.rate.train import MAX_PARTS

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(min(MAX_PARTS, os.cpu_count() or 1))


def _quiet_import():
    """Import TensorFlow with the standard error of its C++ part held back; it is shown if the import fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        saved = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_physical_devices()
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
    return tf
