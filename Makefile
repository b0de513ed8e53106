# Everything runs in a virtual environment of its own; make, and Python 3.11 or later with venv, are all that is needed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

.PHONY: setup run test check bench torture lock wheel clean

setup: $(READY)  ## the virtual environment
	@echo "ready: make run"

run: $(READY)  ## the drill world and the console on it
	@$(BIN)/warroom demo

test: $(READY)  ## what every change must pass
	@$(BIN)/python -m pytest

check: $(READY)  ## style, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(READY)  ## figures as JSON
	@$(BIN)/python -m tests.bench

torture: $(READY)  ## the journal killed, cut, filled up and lied to, in under ten minutes
	@$(BIN)/python -m tests.torture

wheel: $(READY)
	@$(BIN)/python -m hatchling build -t wheel

lock: $(READY)  ## pin every dependency with its hashes
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--extra dev -q -o requirements.lock pyproject.toml

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "warroom needs Python 3.11 or later")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $(READY)

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
