"""Recorded numbers are the same with one and several threads, in BLAS and TensorFlow, whatever kernels a processor has."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy  # noqa: F401 - brings the BLAS
import pytest
from threadpoolctl import threadpool_info

from rate2spike.machine.blas_threads import one_blas_thread

CHILD = Path(__file__).with_name("recorded_numbers.py")
# what the processors of most laptops take; a processor without them takes what it has
HASWELL = {"OPENBLAS_CORETYPE": "Haswell", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def numbers(model_path: Path, kernels: dict[str, str], n_threads: int) -> dict[str, str]:
    """Digests from a process of its own; OpenBLAS takes no more threads than there are cores, TensorFlow does."""
    inherited = {name: value for name, value in os.environ.items() if name not in HASWELL}
    threads = {"OPENBLAS_NUM_THREADS": str(n_threads), "TF_NUM_INTRAOP_THREADS": str(1 if n_threads == 1 else 3)}
    done = subprocess.run(
        [sys.executable, CHILD, model_path],
        env={**inherited, **threads, **kernels, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_numbers_do_not_depend_on_the_number_of_threads(go_nogo_path):
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(numbers, go_nogo_path, kernels, n) for kernels in (HASWELL, {}) for n in (1, 2)]
        haswell_1, haswell_2, own_1, own_2 = (job.result() for job in jobs)
    assert haswell_2 == haswell_1 and own_2 == own_1
    assert len(own_1) == 12


def test_every_module_that_multiplies_or_decomposes_does_it_in_one_thread(repository):
    """A product through NumPy's or SciPy's BLAS belongs into `one_blas_thread`, or into what is called from there."""
    functions = "dot|vdot|inner|matmul|tensordot|lstsq|polyfit|corrcoef|cov"
    calls = re.compile(rf" @ |\blinalg\.|\.({functions})\(|scipy\.(linalg|optimize)")
    folders = [repository / name for name in ("rate", "spiking", "io", "matlab_compat", "machine", "cli")]
    sources = {path: path.read_text() for folder in folders for path in folder.rglob("*.py")}
    sources |= {path: path.read_text() for path in repository.glob("*.py")}
    sources = {path: re.sub(r'"[^"\n]*"', '""', code) for path, code in sources.items()}  # texts multiply nothing
    found = {path for path, code in sources.items() if calls.search(code) and "keras_on_tensorflow" not in code}
    assert len(found) > 10
    unlimited = {path.name for path in found if "one_blas_thread" not in sources[path]}
    # a few constants, made on import: equal to the last bit of float32 on all kernels; a product that only loads the library
    assert unlimited == {"arithmetic.py", "findings.py"}


def test_the_limit_holds_until_the_last_of_several_leaves():
    before = blas_threads()
    with ExitStack() as later:
        with ExitStack() as first:
            first.enter_context(one_blas_thread())
            later.enter_context(one_blas_thread())
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == before
    with pytest.raises(ValueError, match="within"), one_blas_thread():
        raise ValueError("within")
    assert blas_threads() == before


def test_every_thread_can_set_the_limit_and_take_it_back():
    before = blas_threads()
    with ThreadPoolExecutor(1) as pool, ExitStack() as first:
        with one_blas_thread():
            pass
        # the thread that set it last still lives
        pool.submit(first.enter_context, one_blas_thread()).result()
        assert blas_threads() == {1}
        first.close()
        assert blas_threads() == before
        pool.submit(first.enter_context, one_blas_thread()).result()
        with one_blas_thread():
            pool.submit(first.close).result()
            assert blas_threads() == {1}
        assert blas_threads() == before


def test_a_library_that_is_loaded_within_is_limited_too():
    """SciPy brings a BLAS of its own."""
    code = """
from threadpoolctl import threadpool_info
import numpy
from rate2spike.machine.blas_threads import one_blas_thread
def threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
alone = threads()
with one_blas_thread():
    import scipy.linalg
    with one_blas_thread():
        assert set(threads()) == {1}, threads()
assert max(threads()) == max(alone), threads()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
