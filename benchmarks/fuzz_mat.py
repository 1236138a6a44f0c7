"""Damaged MAT files: every failure must be a MatFileError naming the file, or the warning that a variable cannot be read,
within the memory and time allowed.

    python benchmarks/fuzz_mat.py [--files 200000] [--seed 0] [--workers 2]

Each worker mutates sample files of every format (bit flips, random bytes, inflated numbers, cut or doubled stretches;
truncation at every byte of the small ones) and loads, lists and names them, under a limit of 1 GiB of address space beyond
what it had at its start. A crash, a hang of more than 60 s, or another exception is reported with the bytes to repeat it.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import re
import resource
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import scipy.io
import scipy.sparse

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat import mat_v4, mat_v5
from rate2spike.matlab_compat.mat_kind import format_of
from rate2spike.matlab_compat.mat_v4 import record_bytes
from rate2spike.matlab_compat.matfile import append, loadmat, savemat, variable_names, whos

LIMIT_BYTES, LIMIT_S = 2**30, 60
CHUNK = 2000
VALUES = {
    "d": np.arange(12.0).reshape(3, 4),
    "s": np.ones((2, 2), np.float32),
    "b": np.array([[True, False]]),
    "t": "text \u20ac",
    "z": np.array([[1 + 2j]]),
    "e": np.empty((0, 3)),
    "c": [1, "ab", [True]],
    "st": {"x": 1, "y": {"z": ["p", "q"]}},
    "sp": scipy.sparse.csc_matrix([[0, 2.5], [1, 0]]),
    "i": np.array([[7]], np.int64),
    "n": {},
    "u": np.empty((1, 2), object),
    "bs": scipy.sparse.csc_matrix(np.eye(3) > 0),
    "sa": np.array([[(1.0, "a"), (2.0, "b")]], dtype=[("f", object), ("g", object)]),
}


def samples() -> dict[str, bytes]:
    """Sound files of every format and generation."""
    folder = Path(tempfile.mkdtemp())
    result = {}
    for version in ("5", "7", "7.3"):
        savemat(folder / "f.mat", VALUES, version)
        result[version] = (folder / "f.mat").read_bytes()
    savemat(folder / "f.mat", {"d": VALUES["d"], "c": VALUES["c"]}, "7.3")
    result["7.3 small"] = (folder / "f.mat").read_bytes()
    stream = io.BytesIO()
    scipy.io.savemat(stream, {k: v for k, v in VALUES.items() if k not in ("c", "sa", "n", "u")})
    result["scipy"] = stream.getvalue()
    for order in "<>":
        parts = [record_bytes(VALUES[name], name, order) for name in ("d", "z")] + [record_bytes("text", "t", order)]
        result["4" + order] = b"".join([*parts, record_bytes(VALUES["sp"], "sp", order)])
    return result


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One to four random changes."""
    result = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        if not result:
            break
        # half of all changes near the beginning, where the structure is
        reach = len(result) if rng.random() < 0.5 else min(len(result), 1024)
        position = int(rng.integers(reach))
        kind = rng.integers(7)
        if kind == 0:
            result[position] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            result[position] = int(rng.integers(256))
        elif kind == 2:
            number = int(
                rng.choice([0, 1, 2**7, 2**15, 2**31 - 1, 2**31, 2**32 - 1, len(data), int(rng.integers(2**32))])
            )
            position -= position % 4
            result[position : position + 4] = number.to_bytes(4, str(rng.choice(["little", "big"])))
        elif kind == 3:
            del result[position:]
        elif kind == 4:
            del result[position : position + int(rng.integers(1, 64))]
        elif kind == 5:
            stretch = result[position : position + int(rng.integers(1, 256))]
            result[position:position] = stretch
        else:
            result[position : position + 8] = bytes(8)
    return bytes(result)


def others(path: Path) -> list[bytes]:
    """What a v4, v5 or v7 file holds beside the variable d, tags apart; nothing of a v7.3 file."""
    kind = format_of(path)
    if kind == "7.3":
        return []
    file = (mat_v4 if kind == "4" else mat_v5).parse(path.read_bytes(), str(path))
    parts = file.records if isinstance(file, mat_v4.MatV4) else file.elements
    return [bytes(part.raw[8:]) for part in parts if part.name != "d"]


def append_and_compare(path: Path) -> None:
    """Append; all else must stay."""
    before = others(path)
    append(path, {"d": 1.0})
    if sorted(others(path)) != sorted(before):
        raise AssertionError("an append has changed other variables")


def attempt(path: Path, data: bytes, with_append: bool) -> bool:
    """Whether the file could be loaded. Anything but success or a MatFileError naming the file escapes."""
    path.write_bytes(data)
    loaded = True
    actions = [loadmat, whos, variable_names]
    if with_append:
        actions.append(append_and_compare)
    for action in actions:
        try:
            action(path)
        except MatFileError as error:
            loaded = False
            if str(path) not in str(error):
                raise AssertionError(f"error does not name the file: {error}") from error
    return loaded


def cases(count: int, seed: int, with_truncations: bool):
    """(description, bytes): truncations, then `count` mutations; the same for the same seed."""
    originals = samples()
    for name, data in originals.items() if with_truncations else ():
        step = 1 if len(data) < 5000 else 7
        for size in range(0, len(data), step):
            yield f"{name} cut at {size}", data[:size]
    rng = np.random.default_rng(seed)
    names = list(originals)
    for k in range(count):
        name = names[k % len(names)]
        yield f"{name} mutation {k}", mutated(originals[name], rng)


def work(arguments: tuple[int, int, bool]) -> tuple[int, int, list[str]]:
    """One chunk, in a process of its own: (tried, loaded, complaints)."""
    count, seed, with_truncations = arguments
    used = (
        int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        if sys.platform == "linux"
        else 0
    )
    if used:
        resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT_BYTES, resource.RLIM_INFINITY))
    folder = Path(tempfile.mkdtemp(prefix="fuzz_mat_"))
    path, tried, loaded, complaints = folder / "f.mat", 0, 0, []
    note = folder / "current"

    def hang(*_):
        raise TimeoutError(f"hangs for more than {LIMIT_S} s")

    signal.signal(signal.SIGALRM, hang)
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=f"{re.escape(str(path))}: variable .* cannot be read: ")
    for description, data in cases(count, seed, with_truncations):
        note.write_text(f"seed {seed}: {description}")
        tried += 1
        signal.alarm(LIMIT_S)
        try:
            loaded += attempt(path, data, with_append=tried % 5 == 0)
        except Exception as error:
            complaints.append(f"seed {seed}: {description}: {type(error).__name__}: {error}")
        finally:
            signal.alarm(0)
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()
    return tried, loaded, complaints


def main() -> None:
    """Run the chunks and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    tried = loaded = seed = 0
    complaints: list[str] = []
    context = multiprocessing.get_context("spawn")
    with contextlib.closing(context.Pool(arguments.workers, maxtasksperchild=4)) as pool:
        pending: list = []
        while tried < arguments.files:
            while len(pending) < 2 * arguments.workers:
                pending.append((seed, pool.apply_async(work, [(CHUNK, arguments.seed + seed, seed == 0)])))
                seed += 1
            number, result = pending.pop(0)
            try:
                chunk = result.get(timeout=600)
            except multiprocessing.TimeoutError:
                # a process that crashes never answers; its folder in the temporary directory keeps the bytes
                complaints.append(f"seed {number}: no answer: crash or hang (see fuzz_mat_*/current)")
                break
            tried, loaded = tried + chunk[0], loaded + chunk[1]
            complaints += chunk[2]
            print(f"{tried} files tried, {loaded} still loaded, {len(complaints)} complaints", flush=True)
        pool.terminate()
    print("\n".join(complaints))
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
