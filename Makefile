# `make demo` and `make test` are all a newcomer needs; both create .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

TORCH := torch==2.13.0
NEWEST_VERSION := 3.13
NEWEST = $(shell python$(NEWEST_VERSION) -c 'import sys; print(sys.executable)' 2>/dev/null \
	|| ls $(HOME)/.pyenv/versions/$(NEWEST_VERSION).*/bin/python 2>/dev/null | tail -n 1)
# what a new Python, and the versions of libraries that come with it, are likely to break
NEWEST_TESTS := tests/test_imports.py tests/conformance/test_public_names.py tests/test_checks.py tests/cli/test_commands.py tests/io \
	tests/machine tests/matlab_compat tests/rate/test_train.py tests/spiking/detailed_cells tests/spiking/layers tests/spiking/search \
	tests/spiking/simulator

.PHONY: demo test test-newest test-neurogym test-norse test-engines bench bench-engines lint clean

demo: $(VENV)/installed
	$(BIN)/rate2spike run --task go-nogo --seed 1 --output_dir demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

# on the newest supported Python, if there is one; `make test` is for the one that `python3` is, in CI the oldest
test-newest:
ifeq ($(NEWEST),)
	@echo "skipped: there is no Python $(NEWEST_VERSION) here (make test-newest NEWEST=/path/to/python)"
else
	$(MAKE) PYTHON=$(NEWEST) VENV=.venv-newest .venv-newest/installed-test
	.venv-newest/bin/python -m pytest -n $(WORKERS) --dist loadgroup -m "not slow and not octave" $(NEWEST_TESTS)
endif

# NeuroGym pins old versions of NumPy and matplotlib, so it has an environment of its own
test-neurogym: .venv-neurogym/installed
	RATE2SPIKE_REQUIRE_NEUROGYM=1 .venv-neurogym/bin/python -m pytest tests/rate/test_neurogym.py

# PyTorch is large and nothing else needs it, so Norse has an environment of its own; the tests run in ours and call it
test-norse: $(VENV)/installed-test .venv-norse/installed
	RATE2SPIKE_NORSE_PYTHON=$(CURDIR)/.venv-norse/bin/python $(BIN)/python -m pytest tests/io/exports/test_norse.py

bench: $(VENV)/installed
	$(BIN)/python benchmarks/run_all.py --output bench

# the same network in this package, Brian2 and NEST, which have environments of their own
bench-engines: $(VENV)/installed .venv-engines/installed
	$(BIN)/python benchmarks/engines.py --environments .venv-engines --output bench

test-engines: $(VENV)/installed-test .venv-engines/installed
	RATE2SPIKE_ENGINES=$(CURDIR)/.venv-engines $(BIN)/python -m pytest tests/benchmarks/test_engines.py

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p $(VENV)/mypy && ln -sfn $(CURDIR) $(VENV)/mypy/rate2spike
	cd $(VENV)/mypy && ../bin/mypy --config-file $(CURDIR)/pyproject.toml -p rate2spike
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) .venv-newest .venv-neurogym .venv-norse .venv-engines build dist *.egg-info

$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'rate2spike needs Python 3.11 or newer: make PYTHON=python3.12 ...')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

.venv-neurogym/installed: setup.cfg pyproject.toml
	test -x .venv-neurogym/bin/python || $(PYTHON) -m venv .venv-neurogym
	.venv-neurogym/bin/python -m pip install --quiet --editable '.[neurogym]' 'pytest>=8'
	touch $@

# PyTorch's CPU build: from the disk if there is one (PIP_FIND_LINKS), else from PyTorch's index; PyPI's brings several GB of CUDA
.venv-norse/installed: Makefile
	test -x .venv-norse/bin/python || $(PYTHON) -m venv .venv-norse
	.venv-norse/bin/python -m pip install --quiet --no-index --no-deps $(TORCH) 2>/dev/null \
		|| .venv-norse/bin/python -m pip install --quiet --index-url https://download.pytorch.org/whl/cpu $(TORCH)
	.venv-norse/bin/python -m pip install --quiet $(TORCH) norse==1.1.0
	touch $@

.venv-engines/installed: benchmarks/engines_programs.py $(VENV)/installed
	$(BIN)/python -c 'import sys; sys.path.insert(0, "benchmarks"); from engines_programs import *; make_environments(Path("$(@D)"))'
	touch $@

$(VENV)/installed-lint: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[lint]'
	touch $@
