# `make help` lists the targets. Everything is installed into .venv from the hashed locks.

PYTHON ?= python3
VENV := .venv
SPECTRAL := tools/openapi/node_modules
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# Distribute whole tests over the cores, and let idle workers take from busy ones.
PYTEST_ARGS ?= -n auto --dist worksteal
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --group build

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test quick deep mutants check bench bench-growth openapi reference lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.installed ## Make .venv and install the locked dependencies

setup-dev: $(VENV)/.installed-dev ## The same, with what tests and checks need

run: setup ## Serve (settings: docs/reference/settings.md)
	@exec $(BIN)/idts serve

test: test-tools setup-dev ## Run the whole test suite
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# The suite brings its own PostgreSQL. What it cannot bring is asked for before anything runs.
TEST_TOOLS := curl
.PHONY: test-tools
test-tools:
	@missing=$$(for tool in $(TEST_TOOLS); do command -v $$tool >/dev/null || echo $$tool; done); [ -z "$$missing" ] || { \
		echo "The tests need" $$missing: on Debian or Ubuntu, apt-get install $$missing >&2; exit 1; }

quick: setup-dev ## The ordinary loop: the suite on SQLite without its long tests
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not slow and not postgres"

deep: setup-dev ## Hours of random tests: many more examples, with a seed that changes by day
	nice -n 19 $(BIN)/python -m pytest $(PYTEST_ARGS) --deep tests/services/programme/test_recount.py \
		tests/whole/test_schemathesis.py tests/whole/test_stateful.py tests/whole/test_statement_life.py

mutants: setup-dev ## Mutation testing of the rules (minutes): each mutant is killed, or listed with a reason
	nice -n 19 $(BIN)/python -m tests.support.mutants $(MUTMUT_ARGS)

check: setup-dev ## Formatting, lint, types, dependencies, security, architecture, migrations, OpenAPI
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/deptry .
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app
	$(BIN)/python -m pytest --quiet tests/architecture
	@directory=$$(mktemp -d) && trap 'rm -rf "$$directory"' EXIT && \
	unset IDTS_DATABASE_URL IDTS_DATABASE_READ_URL && \
	export IDTS_DATA_DIR="$$directory" && $(BIN)/idts migrate && $(BIN)/alembic check
	@$(MAKE) --no-print-directory spectral

.PHONY: spectral node
spectral: $(SPECTRAL)/.installed
	$(SPECTRAL)/.bin/spectral lint --fail-severity hint --ruleset tools/openapi/.spectral.yaml docs/openapi.json

bench: setup-dev ## Measure, and print the figures (BENCH="requests --beside ../other" for a part of it)
	$(BIN)/python -m bench $(BENCH)

bench-growth: setup-dev ## The long series: programmes of 138 to 100,000 prisons (two hours)
	$(BIN)/python -m bench growth --prisons 138 --prisons 1000 --prisons 10000 --prisons 100000

openapi: setup-dev ## Write docs/openapi.json anew
	$(BIN)/python -m tests.support.openapi_examples
	$(BIN)/python -m tests.support.openapi_file

reference: setup-dev ## Write docs/reference anew
	$(BIN)/python -m tests.support.reference_pages

lock: setup-dev ## Recompile both locks (UPGRADE=--upgrade takes newer versions)
	$(COMPILE) $(UPGRADE) --output-file requirements.lock
	$(COMPILE) $(UPGRADE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove .venv and every cache
	rm -rf $(VENV) $(SPECTRAL) mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp of its own, written last: an interrupted attempt is made good by the next one.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
		echo "No $(PYTHON) found. Install Python 3.11 or newer, or say: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V 2>&1): 3.11 or newer is needed. Say: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# flit-core, which installs the project itself, is in both locks: nothing is fetched without a hash.
$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.made
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/.made
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.installed $@

node:
	@command -v npm >/dev/null || { echo "docs/openapi.json is still to be checked with Spectral: install Node 18.18" \
		"or newer with npm (on Debian or Ubuntu, apt-get install nodejs npm)" >&2; exit 1; }

$(SPECTRAL)/.installed: tools/openapi/package-lock.json | node
	npm ci --prefix tools/openapi --ignore-scripts --no-audit --no-fund --silent
	@touch $@
