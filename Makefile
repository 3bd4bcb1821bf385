# Thin: each target is what a person could type. `make run` on a bare machine (python3, python3-venv, make)
# builds .venv here and starts the demo shop; a second run is instant.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml hatch_build.py webui/assets/package.json webui/assets/package-lock.json webui/assets/icons.txt

.PHONY: run tools test check faults soak bench looks dependencies clean

run: $(VENV)/.installed
	@exec $(BIN)/pitline demo

tools: $(VENV)/.installed-dev

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/pitline check

faults: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m 'fault and not postgres' --fault-runs full $(ARGS)
	$(BIN)/python -m pytest -m 'fault and postgres' --pg --fault-runs full $(ARGS) || test $$? -eq 5

soak: $(VENV)/.installed-dev
	$(BIN)/python -m tests.soak $(ARGS)

bench: $(VENV)/.installed-dev
	@set -e; for name in $(basename $(notdir $(wildcard tests/bench/bench_*.py))); do \
	  echo "== $$name"; $(BIN)/python -m tests.bench.$$name; done

looks: $(VENV)/.installed-dev
	$(BIN)/python -m tests.looks var/looks $(ARGS)

dependencies: $(VENV)/.installed
	@$(BIN)/python -m hub.cli.dependencies $(ARGS)

clean:
	rm -rf $(VENV) var/demo webui/static/vendor dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.installed: $(SOURCES)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Pitline needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@
