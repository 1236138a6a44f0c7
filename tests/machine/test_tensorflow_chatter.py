"""TensorFlow says nothing when our names load it, in scripts as on the command line, unless the user wants to hear it."""

import os
import subprocess
import sys

import pytest

LOADING = "import rate2spike as r2s; r2s.{}; import tensorflow as tf; assert float(tf.ones(3)[0]) == 1"


def standard_error(code, **environment):
    clean = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["train", "LIF(3, seed=1)", "keras_model"])
def test_names_that_load_tensorflow_print_nothing(name):
    assert standard_error(LOADING.format(name)) == ""


def test_a_level_of_two_is_as_quiet_and_zero_is_heard():
    """TensorFlow itself writes at level 2 what it says before it has read the level."""
    assert standard_error(LOADING.format("LIF"), TF_CPP_MIN_LOG_LEVEL="2") == ""
    assert standard_error(LOADING.format("LIF"), TF_CPP_MIN_LOG_LEVEL="0") != ""


def test_what_was_held_back_is_shown_when_the_import_fails():
    code = (
        "import os\nfrom rate2spike.machine.tensorflow_chatter import quiet_start\ntry:\n with quiet_start():\n"
        "  os.write(2, b'why'); raise ImportError\nexcept ImportError: pass"
    )
    assert standard_error(code) == "why"
    assert standard_error(code.replace("raise ImportError", "pass")) == ""
