# pbxbridge: `make run` to see it work, `make test` to prove it.
# Everything is set up inside this folder (.venv, .cache, run); nothing is installed on the machine.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
UV := .cache/uv/bin/uv
UV_VERSION := 0.13.9
SYNCED := .venv/.synced
# As many as cores: browsers and phones on a machine that is busier than that run into time limits.
WORKERS ?= $(shell nproc)
# File by file, in the order of tests/conftest.py.
SIDE_BY_SIDE := --dist loadfile --no-loadscope-reorder
# Tests start Python a hundred times: what it compiles is kept, whatever the machine says of that.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/bytecode
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test soak lint format bench lock setup asterisk chromium postgres sipp clean

help: ## show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(SYNCED) asterisk ## set everything up and run the bridge with a real Asterisk and demo phones
	@exec $(BIN)/python -m tests.demo

test: $(SYNCED) asterisk chromium postgres sipp ## set everything up and run every test
	$(BIN)/pytest -n $(WORKERS) $(SIDE_BY_SIDE)

soak: $(SYNCED) asterisk chromium postgres sipp ## run the campaigns: what breaks things for long, and every test of a database on PostgreSQL
	PBXBRIDGE_SOAK=1 $(BIN)/pytest -n $(WORKERS) $(SIDE_BY_SIDE) -m campaign
	PBXBRIDGE_SOAK=1 $(BIN)/pytest -n $(WORKERS) $(SIDE_BY_SIDE) -m "not campaign" -k "postgres or pin_by_phone" tests/db tests/web tests/asterisk

lint: $(SYNCED) ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(SYNCED) ## let ruff format and fix the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(SYNCED) asterisk chromium postgres sipp ## measure, print ratios, write benchmarks/results/*.json
	$(BIN)/python -m benchmarks.save_to_register
	$(BIN)/python -m benchmarks.extension_list
	$(BIN)/python -m benchmarks.save_at_size
	$(BIN)/python -m benchmarks.csv_import
	$(BIN)/python -m benchmarks.mail_outbox
	$(BIN)/python -m benchmarks.voicemail_latency
	$(BIN)/python -m benchmarks.simulator
	$(BIN)/python -m benchmarks.call_setup
	$(BIN)/python -m benchmarks.mirror_events
	$(BIN)/python -m benchmarks.mirror_resync
	$(BIN)/python -m benchmarks.storm
	$(BIN)/python -m benchmarks.call_centre

setup: $(SYNCED) ## install the locked Python packages in .venv
asterisk: $(SYNCED) ## find Asterisk >= 20, or unpack Debian's into .cache/asterisk
	@$(PYTHON) asterisk-test-config/get_asterisk.py
chromium: $(SYNCED) ## find Chromium, or unpack Debian's into .cache/chromium
	@$(PYTHON) asterisk-test-config/get_chromium.py
postgres: $(SYNCED) ## find PostgreSQL >= 13, or unpack Debian's into .cache/postgres
	@$(PYTHON) asterisk-test-config/get_postgres.py
sipp: $(SYNCED) ## find SIPp, or unpack Debian's into .cache/sipp
	@$(PYTHON) asterisk-test-config/get_sipp.py

lock: $(UV) ## resolve pyproject.toml into requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --group dev pyproject.toml -o requirements.lock

clean: ## remove everything that was set up, the demo's data too
	rm -rf .venv .cache run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(UV):
	@echo "== Setting up uv $(UV_VERSION) in .cache/uv"
	@$(PYTHON) -m venv .cache/uv || { \
	  echo "Python's venv module is missing. On Debian: apt install python3-venv"; exit 1; }
	@.cache/uv/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)

$(SYNCED): requirements.lock pyproject.toml | $(UV)
	@echo "== Installing the locked Python packages in .venv"
	@test -x $(BIN)/python || $(UV) venv -q --python $(PYTHON) .venv
	@$(UV) pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@
