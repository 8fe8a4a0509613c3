# Every target does its own set-up, in .venv of this checkout. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out/demo

# Real data sets beside the checkout are used when they are there; otherwise the examples fall back on generated ones.
DATA := $(abspath ../shared/data)
ifndef FEDAUG_DATA
ifneq ($(wildcard $(DATA)/banking77/train.csv),)
export FEDAUG_DATA := $(DATA)
endif
endif
ifneq ($(wildcard $(FEDAUG_DATA)/banking77/train.csv),)
EXAMPLE ?= examples/banking
else
EXAMPLE ?= examples/clinic
endif

# Flower's own switches: no usage statistics, no update check, no installation at run time.
export FLWR_TELEMETRY_ENABLED := 0
export FLWR_DISABLE_UPDATE_CHECK := 1
export FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION := 1

# Threads that wait sleep: spinning, they take the cores from the work of other processes.
export OMP_WAIT_POLICY := passive

.PHONY: help install demo test coverage lint bench prove clean system
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## install everything into .venv

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "fedaug needs Python 3.11 or newer: make install PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into $(VENV): about two minutes, a dot for each package (log: $(VENV)/install.log)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
		-c constraints.txt -e ".[all,dev]" 2>&1 | tee $(VENV)/install.log \
		| awk '/^ *(Collecting|Obtaining|Installing collected)/ {printf "."; fflush()} END {print ""}' \
		|| { tail -n 20 $(VENV)/install.log >&2; echo "Installation failed: see above." >&2; exit 1; }
	@touch $@

demo: install ## run one example campaign, into out/demo
	@rm -rf $(OUT)
	@$(BIN)/fedaug simulate $(EXAMPLE) --out $(OUT)

lint: install ## style, types and the floors between the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

# Two processes, where there are two cores: each holds the neural recogniser. A file's tests stay together, since they
# share what is slow to make, and files keep their order: the short ones come last and fill both processes to the end.
TESTS = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 2 --dist loadfile --no-loadscope-reorder

test: lint system ## every check: lint, then the tests
	@$(TESTS) --durations 10 --durations-min 10

coverage: install system ## the tests once more, and which lines they leave out; takes half as long again
	@$(TESTS) --cov --cov-report=term

bench: install ## every benchmark, one JSON line each
	@for file in benchmarks/[a-z]*.py benchmarks/*/__main__.py; do \
		name=$$(echo $$file | sed 's|^benchmarks/||; s|/__main__||; s|\.py$$||'); \
		if test $$name != prove && grep -q __main__ $$file; then echo "== $$name"; $(BIN)/python -m benchmarks.$$name --json; fi; \
	done

prove: install system ## every figure that must be shown, at full size; continues where it stopped
	@$(BIN)/python -m benchmarks.prove

# A browser for the test of how the report looks, and a database server for the pool's contract. As root they are
# installed; otherwise, or where that fails, the tests that need them are skipped and say so.
system: $(VENV)/.system

$(VENV)/.system: $(VENV)/.installed
	@missing=(); \
	command -v chromium >/dev/null || missing+=(chromium); \
	{ command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; } || missing+=(postgresql); \
	if (( $${#missing[@]} )); then \
		if [[ $$(id -u) == 0 ]] && command -v apt-get >/dev/null; then \
			echo "Installing for the tests: $${missing[*]} (log: $(VENV)/system.log)"; \
			{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$${missing[@]}"; } \
				>$(VENV)/system.log 2>&1 </dev/null || echo "Not installed: $${missing[*]}; the tests that need them are skipped."; \
		else \
			echo "Not found: $${missing[*]}; the tests that need them are skipped. Install them with the system's packages."; \
		fi; \
	fi
	@touch $@

clean: ## remove .venv, outputs and caches
	@rm -rf $(VENV) out dist build .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
