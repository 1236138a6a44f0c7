"""What `rate2spike doctor` looks at: each function looks at one thing and says what is there, and what to do about it."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "tensorflow", "keras", "numba", "matplotlib", "h5py", "rich", "threadpoolctl", "tomli-w")
EXTRAS = {
    "pandas": "pandas",
    "nir": "nir",
    "pynwb": "nwb",
    "neo": "neo",
    "neurogym": "neurogym",
    "dask": "cluster",
    "neuron": "neuron",
    "morphio": "morphology",
}
_LITTLE_BYTES = 2 * 2**30  # of memory: TensorFlow alone takes half a GiB
_WAIT_S = 20.0  # for another program


@dataclass(frozen=True)
class Finding:
    """One line. advice: what to do, '' if all is fine."""

    subject: str
    found: str
    advice: str = ""
    path: str = ""  # that `found` names, if it does


def all_findings() -> list[Finding]:
    """Everything, in the order of the report."""
    return [
        package(),
        python(),
        libraries(),
        extras(),
        cores(),
        memory(),
        blas(),
        gpu_of_tensorflow(),
        gpu_of_cuda(),
        matlab(),
        *(folder(what, path) for what, path in places()),
        *caches(),
    ]


def package() -> Finding:
    """Which version, from where."""
    from rate2spike.version import __version__

    return Finding("rate2spike", f"{__version__}, in {Path(__file__).resolve().parent.parent}")


def python() -> Finding:
    """The interpreter."""
    return Finding("Python", f"{platform.python_version()}, {sys.executable}, {platform.system()} {platform.machine()}")


def libraries() -> Finding:
    """Versions of those that must be there; without importing them."""
    versions = {name: _version(name) for name in LIBRARIES}
    missing = [name for name, version in versions.items() if version is None]
    advice = f"install what is missing: pip install {' '.join(missing)}" if missing else ""
    return Finding(
        "libraries", ", ".join(f"{name} {version or 'MISSING'}" for name, version in versions.items()), advice
    )


def extras() -> Finding:
    """Those that only some need: that one is not there is fine."""
    there = [f"{name} {version}" for name in EXTRAS if (version := _version(name))]
    missing = [extra for name, extra in EXTRAS.items() if _version(name) is None]
    text = ", ".join(there) or "none"
    return Finding(
        "extras", text + (f"; not there: {', '.join(missing)} (pip install 'rate2spike[NAME]')" if missing else "")
    )


def cores() -> Finding:
    """How many may be used, and what decides it."""
    from rate2spike.machine.resource_limits import core_limits, cores_of_machine, usable_cores

    n, there = usable_cores(), cores_of_machine()
    reasons = [what for what, limit in core_limits() if limit < there]
    return Finding("cores", f"{n} of {there} may be used" + (f", as {' and '.join(reasons)} allow" if reasons else ""))


def memory() -> Finding:
    """What is free for this process."""
    from rate2spike.machine.resource_limits import available_bytes

    free = available_bytes()
    if free is None:
        return Finding("memory", "the system does not tell")
    advice = "close other programs, or ask for more memory" if free < _LITTLE_BYTES else ""
    return Finding("memory", f"{free / 2**30:.1f} GiB are free", advice)


def blas() -> Finding:
    """The libraries of linear algebra, and their threads."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.dot(np.eye(2), np.eye(2))
    found = [
        f"{info['internal_api']} {info.get('version') or ''}".strip() + f" with {info['num_threads']} threads"
        for info in threadpool_info()
        if info["user_api"] == "blas"
    ]
    return Finding("BLAS", ", ".join(found) or "none that tells its threads", "")


def gpu_of_tensorflow() -> Finding:
    """Whether training would use one; TensorFlow is imported only where there may be one."""
    if not _has_nvidia():
        return Finding("GPU, TensorFlow", "no NVIDIA GPU here: training uses the CPU, which is fine")
    from rate2spike.machine.tensorflow_device import import_quietly

    try:
        gpus = import_quietly().config.list_physical_devices("GPU")
    except Exception as error:  # whatever a broken installation says
        return Finding(
            "GPU, TensorFlow", f"TensorFlow does not start: {error}", "pip install --force-reinstall tensorflow"
        )
    if gpus:
        return Finding("GPU, TensorFlow", f"{len(gpus)} found")
    return Finding("GPU, TensorFlow", "there is a GPU, but TensorFlow finds none", "pip install 'tensorflow[and-cuda]'")


def gpu_of_cuda() -> Finding:
    """Whether simulations could use one (--device cuda)."""
    if not _has_nvidia():
        return Finding("GPU, --device cuda", "no NVIDIA GPU here: simulations use the CPU, which is fine")
    try:
        from numba import cuda

        available = bool(cuda.is_available())
        name = cuda.get_current_device().name if available else ""
    except Exception as error:  # drivers fail in many ways
        return Finding("GPU, --device cuda", f"Numba cannot use it: {error}", "pip install 'numba-cuda[cu12]'")
    if available:
        return Finding("GPU, --device cuda", name.decode() if isinstance(name, bytes) else str(name))
    return Finding("GPU, --device cuda", "there is a GPU, but Numba finds none", "pip install 'numba-cuda[cu12]'")


def matlab() -> Finding:
    """MATLAB and GNU Octave."""
    from rate2spike.cli.matlab_path import PYTHON_NOTE

    programs = [path for name in ("matlab", "octave", "octave-cli") if (path := shutil.which(name))]
    if not programs:
        return Finding("MATLAB, Octave", "neither is on the PATH; only who works with them needs one")
    note = Path(__file__).resolve().parent.parent / "matlab_compat" / "m" / PYTHON_NOTE
    told = note.exists() and note.read_text(encoding="utf-8").strip() == sys.executable
    advice = "" if told else "run `rate2spike matlab-path` once, so that they find this Python"
    return Finding("MATLAB, Octave", ", ".join(programs[:2]), advice)


def places() -> list[tuple[str, Path]]:
    """Folders that are written to."""
    return [
        ("home folder", Path("~").expanduser()),
        ("this folder", Path.cwd()),
        ("temporary", Path(tempfile.gettempdir())),
    ]


def folder(what: str, path: Path) -> Finding:
    """Whether files can be made in a folder."""
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        advice = {
            "home folder": "caches go to the temporary folder; set HOME to a folder of yours to keep them",
            "this folder": "change to a folder of yours, or give --output_dir or --run_folder",
        }.get(what, "set TMPDIR to a folder that can be written")
        return Finding(what, f"{path} cannot be written: {error.strerror or error}", advice, str(path))
    return Finding(what, f"{path} can be written", path=str(path))


def caches() -> list[Finding]:
    """Where libraries keep what can be made again."""
    from rate2spike.machine import cache_folders

    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    config = Path(os.environ.get("XDG_CONFIG_HOME", "~/.config")).expanduser()
    beside_the_code = Path(__file__).resolve().parent.parent / "spiking" / "kernels" / "__pycache__"
    numba = os.environ.get("NUMBA_CACHE_DIR") or (beside_the_code if _is_writable(beside_the_code) else home / "numba")
    where = {
        "cache of Numba": Path(numba),
        "cache of matplotlib": Path(os.environ.get("MPLCONFIGDIR", config / "matplotlib")),
        "cache of Keras": Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser(),
    }
    moved = cache_folders.temporary is not None
    found = []
    for subject, path in where.items():
        if not _is_writable(path):
            advice = "give HOME a folder that can be written: without it, compiled code is made anew by every process"
            found.append(Finding(subject, f"{path} cannot be written", advice, str(path)))
        else:
            is_lost = moved and path.is_relative_to(str(cache_folders.temporary))
            why = ", since the home folder cannot be written" if is_lost else ""
            found.append(Finding(subject, f"{path}{why}", path=str(path)))
    return found


def _is_writable(path: Path) -> bool:
    """Whether a folder can be written, or made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _has_nvidia() -> bool:
    """Whether the driver's program finds a GPU."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        done = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=_WAIT_S)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and "GPU" in done.stdout
