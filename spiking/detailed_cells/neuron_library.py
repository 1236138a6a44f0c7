"""NEURON with our mechanisms in it: they are compiled at first use and kept in the user's cache folder."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError
from rate2spike.extras import imported
from rate2spike.io.atomic_file import make_folder, write_atomically

PURPOSE = "the reference in NEURON"
_TEXTS = "neuron_mechanisms"
_COMPILERS = ("c++", "g++", "clang++")
_OPTIONS = "NEURON_MODULE_OPTIONS"  # read when NEURON is imported


@cache
def interpreter() -> Any:
    """NEURON's `h`, with our mechanisms. Raises InputError without NEURON, and without what compiles them."""
    neuron = _imported_quietly()
    texts = _texts()
    library = _place(texts, neuron.__version__)
    if not library.exists():
        _compile(texts, Path(neuron.__file__).parent / ".data", library)
    if not neuron.h.nrn_load_dll(str(library)):
        raise InputError(f"NEURON cannot load {library}: delete this file, and it is compiled anew")
    return neuron.h


def _imported_quietly() -> Any:
    """The package; it would say where it comes from, and that there is no display."""
    if _OPTIONS in os.environ:
        return imported("neuron", "neuron", PURPOSE)
    os.environ[_OPTIONS] = "-nogui -nobanner"
    try:
        return imported("neuron", "neuron", PURPOSE)
    finally:
        del os.environ[_OPTIONS]


def _texts() -> dict[str, str]:
    """The mechanisms by the names of their files."""
    folder = files(__package__) / _TEXTS
    return {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".mod")}


def _place(texts: dict[str, str], version: str) -> Path:
    """Where the compiled mechanisms are kept: one file for each version of the texts, of NEURON, and of the machine."""
    known = [
        version,
        platform.machine(),
        sys.platform,
        *(part for name in sorted(texts) for part in (name, texts[name])),
    ]
    digest = hashlib.sha256("\0".join(known).encode()).hexdigest()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "rate2spike"
    return folder / f"neuron_mechanisms_{digest[:16]}.so"


def _compile(texts: dict[str, str], home: Path, library: Path) -> None:
    """Compile the mechanisms. Processes that do so at once all write the same file, each as a whole."""
    command, environment = _compiling(home)
    make_folder(library.parent)
    with tempfile.TemporaryDirectory(prefix="rate2spike-") as name:
        folder = Path(name)
        for text in texts:
            (folder / text).write_text(texts[text], "utf-8")
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
        built = [one for one in folder.rglob("libnrnmech.*") if one.suffix in (".so", ".dylib")]
        if done.returncode or not built:
            said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
            reason = next((line for line in said if "error" in line.lower()), said[-1])
            raise InputError(f"nrnivmodl could not compile the mechanisms of {PURPOSE}: {reason.strip()}")
        write_atomically(library, lambda temporary: _copy(built[0], temporary))


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _compiling(home: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of NEURON's compiler. home: the folder of its programs, if it was installed by pip."""
    compiler = os.environ.get("CXX") or next(filter(None, map(shutil.which, _COMPILERS)), None)
    is_there = compiler is not None and shutil.which(compiler.split()[0])
    missing = [f"C++ compiler {compiler or ''}".strip()] * (not is_there) + [
        name for name in ("make", "bash") if not shutil.which(name)
    ]
    own = home / "bin" / "nrnivmodl"
    program = str(own) if own.exists() else shutil.which("nrnivmodl")
    if missing or program is None or compiler is None:
        what = " and no ".join(missing or ["nrnivmodl"])
        raise InputError(f"{PURPOSE} compiles its mechanisms at first use, and there is no {what} on this machine")
    environment = os.environ | {"CXX": compiler}
    if own.exists():
        environment |= {"NRNHOME": str(home), "NEURONHOME": str(home / "share" / "nrn")}
    return ["bash", program] if own.exists() else [program], environment
