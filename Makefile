# `make demo` and `make test` are all a newcomer needs; both create .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo test bench lint clean

demo: $(VENV)/installed
	$(BIN)/rate2spike run --task go-nogo --seed 1 --output_dir demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

bench: $(VENV)/installed
	$(BIN)/python benchmarks/run_all.py --output bench

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p $(VENV)/mypy && ln -sfn $(CURDIR) $(VENV)/mypy/rate2spike
	cd $(VENV)/mypy && ../bin/mypy --config-file $(CURDIR)/pyproject.toml -p rate2spike
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'rate2spike needs Python 3.11 or newer: make PYTHON=python3.12 ...')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

$(VENV)/installed-lint: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[lint]'
	touch $@
