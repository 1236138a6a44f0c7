"""Mechanisms of NEURON: compiled once for all processes, and one line where that cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells import neuron_library

RUN = """
from rate2spike.spiking.detailed_cells.neuron_library import interpreter
h = interpreter()
section = h.Section()
section.insert("r2s_NaTa_t")
h.finitialize(-50)
print(round(section(0.5).r2s_NaTa_t.m, 5))
"""


def home() -> Path:
    return Path(pytest.importorskip("neuron").__file__).parent / ".data"


def test_twelve_mechanisms_and_a_receptor_come_with_the_package():
    names = {name.removesuffix(".mod") for name in neuron_library._texts()}
    channels = "NaTa_t NaTs2_t Nap_Et2 K_Tst K_Pst SKv3_1 Im Ih Ca_HVA Ca_LVAst SK_E2".split()
    assert names == {*channels, "CalciumPool", "Receptor"}


def test_what_is_kept_is_of_these_texts_and_of_this_neuron(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    texts = neuron_library._texts()
    place = neuron_library._place(texts, "9.0.2")
    assert place.is_relative_to(tmp_path) and place == neuron_library._place(dict(reversed(texts.items())), "9.0.2")
    assert place != neuron_library._place(texts, "9.0.3")
    assert place != neuron_library._place(texts | {"Im.mod": texts["Im.mod"] + "\n"}, "9.0.2")


def test_without_neuron_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "neuron", None)
    with pytest.raises(InputError, match=r"the reference in NEURON needs neuron .* pip install 'rate2spike\[neuron\]'"):
        neuron_library._imported_quietly()
    assert neuron_library._OPTIONS not in os.environ


def test_without_a_compiler_one_line_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        InputError, match="there is no C\\+\\+ compiler and no make and no bash on this machine"
    ) as caught:
        neuron_library._compile({}, tmp_path, tmp_path / "kept.so")
    assert "\n" not in str(caught.value)


def test_a_compiler_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "/nowhere/g++ -O2")
    with pytest.raises(InputError, match=r"there is no C\+\+ compiler /nowhere/g\+\+ -O2 on this machine"):
        neuron_library._compile({}, home(), tmp_path / "kept.so")


def test_a_text_that_cannot_be_compiled_is_said_in_one_line(tmp_path):
    with pytest.raises(InputError, match="nrnivmodl could not compile the mechanisms") as caught:
        neuron_library._compile({"wrong.mod": "NEURON { SUFFIX wrong RANGE }"}, home(), tmp_path / "kept.so")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_two_processes_may_compile_at_once(tmp_path):
    home()
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", RUN]
    both = [
        subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in both:
        out, err = one.communicate(timeout=300)
        assert (out, one.returncode) == ("0.16572\n", 0) and err == ""
    (kept,) = (tmp_path / "rate2spike").iterdir()
    kept.write_bytes(b"damaged")
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode and done.stderr.rstrip().endswith("delete this file, and it is compiled anew")
