# Kairan. Two commands: `make run` serves the product, `make test` proves it.
# Both prepare everything they need in .venv; nothing outside this folder is touched
# but the data folder (see `kairan up --help`).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
PORT   ?= 8000
POSTGRES15 ?= /usr/lib/postgresql/15/bin
BESIDE ?= --numprocesses 3 --dist loadfile --no-loadscope-reorder

.PHONY: help setup setup-dev run test lint types unit docs lock messages torture fuzz bench bench-data bench-search bench-pages clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.setup: requirements-build.lock requirements.lock pyproject.toml
	@echo "== Preparing $(VENV) with the locked packages (once; about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kairan needs Python 3.11 or newer; set PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/pybabel --quiet compile -d src/kairan/web/locale -D django
	@touch $@
	@echo "== Ready: $(BIN)/kairan"

$(VENV)/.setup-dev: $(VENV)/.setup requirements-dev.lock
	@echo "== Adding what tests and checks need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.setup ## prepare .venv with .venv/bin/kairan

setup-dev: $(VENV)/.setup-dev ## the same, with what tests need

run: setup messages ## serve Kairan on http://127.0.0.1:8000; PORT=8001 for another port
	@$(BIN)/kairan up --host $(HOST) --port $(PORT)

test: setup-dev lint types unit ## lint, types, contracts, the whole suite

lint: setup-dev
	@echo "== ruff: style and known mistakes"
	@$(BIN)/ruff check src tests
	@$(BIN)/ruff format --check src tests
	@echo "== import-linter: imports go down only"
	@$(BIN)/lint-imports

types: setup-dev
	@echo "== mypy --strict"
	@$(BIN)/mypy

unit: setup-dev messages
	@echo "== the suite, on the embedded PostgreSQL (nothing leaves loopback)"
	@$(BIN)/pytest $(BESIDE)
	@if [ -x "$(POSTGRES15)/postgres" ]; then \
	  echo "== the store's tests once more, on PostgreSQL 15"; \
	  KAIRAN_TEST_POSTGRES=$(POSTGRES15) $(BIN)/pytest $(BESIDE) -m "not slow and not commands" tests/store tests/services; \
	elif [ -n "$$KAIRAN_REQUIRE_ALL" ]; then echo "PostgreSQL 15 is required here and not at $(POSTGRES15)"; exit 1; \
	else echo "== skipped: PostgreSQL 15 is not installed ($(POSTGRES15)); CI runs the store's tests on it too"; fi

torture: setup-dev ## N=200 rounds of kills, full disks, cuts, then invariants; KINDS="kill web,cut connection"
	@$(BIN)/python -m tests.torture --rounds $(or $(N),200) --seed $(or $(SEED),1) --kinds "$(KINDS)"

fuzz: setup-dev ## N=100000 damaged inputs; SEED=1; ONLY=parsers/17 for one again
	@$(BIN)/python -m tests.fuzz --inputs $(or $(N),100000) --seed $(or $(SEED),1) --only "$(ONLY)"

bench: setup ## what ingest costs, a few minutes; FULL=1 with 1 M findings and 1 GB; ONLY=shared, JSON=1
	@$(BIN)/python -m benchmarks.ingest $(if $(FULL),--full) $(if $(JSON),--json) --only "$(ONLY)"

bench-data: setup ## N=1000000 findings into the empty store of KAIRAN_DATA
	@$(BIN)/python -m benchmarks.bulk --findings $(or $(N),1000000) --seed $(or $(SEED),1)

bench-search: setup ## what queries, facets and pages cost there
	@$(BIN)/python -m benchmarks.search

bench-pages: setup ## what whole pages cost there
	@$(BIN)/python -m benchmarks.pages

docs: setup ## write the generated reference again
	@$(BIN)/python -m kairan.entrypoints.reference docs/reference

messages: $(VENV)/.setup ## compile the translations
	@$(BIN)/pybabel --quiet compile -d src/kairan/web/locale -D django

lock: setup-dev ## lock versions again (needs pip-tools)
	@$(BIN)/python -m pip install --quiet pip-tools
	@for f in requirements-build requirements requirements-dev; do \
	  $(BIN)/pip-compile -q --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --generate-hashes -o $$f.lock $$f.in; done

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
