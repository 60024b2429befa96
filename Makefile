# Every habit has one name here; hooks and CI call only this. `make` lists the targets.
#
# The last line on standard output of a target that works on a stack, and of `setup` and `check`, is
# one JSON object (docs/interfaces.md); progress goes to standard error. The commands behind the
# targets judge the variables: an empty or misspelt one is refused with exit 2.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The stack.
STATE = .seatline
BROKERS = 1
PARTITIONS = 2
ROUTERS = 1
DISPATCHERS = 1
GATEWAYS = 1
RECORDERS = 1
MODE = rehearsal

# The demo.
CENTRES = 225
SESSIONS = 20000
RATE = 300
WARMUP = 30
SECONDS = 60
AHT = 20
SEED = 1
KEEP = 0

# Chaos: how many faults, and of which kinds, separated by commas; empty is all.
FAULTS = 40
KINDS =

# The simulation: the first seed, and how many. SEEDS=1 tells the whole story of one.
SEEDS = 1000

# The bench: rows or pieces of work; the model: searches; the mutants: names. Separated by commas;
# empty is all.
ONLY =
PLOTS = 0

# The mutants: 1 asks no further suite about one that is caught.
FAST = 0

BIN := .venv/bin
PYTHON := $(BIN)/python
VENV_READY := .venv/.ready
STACK_READY := .cache/.ready
CHECKS := lint types arch proto-check

SIZE_OPTIONS = --state '$(STATE)' --brokers '$(BROKERS)' --partitions '$(PARTITIONS)' \
  --routers '$(ROUTERS)' --dispatchers '$(DISPATCHERS)' --gateways '$(GATEWAYS)' \
  --recorders '$(RECORDERS)'
LOAD_OPTIONS = --centres '$(CENTRES)' --sessions '$(SESSIONS)' --rate '$(RATE)' \
  --warmup '$(WARMUP)' --seconds '$(SECONDS)' --aht '$(AHT)' --seed '$(SEED)' --keep '$(KEEP)'

.PHONY: help setup up down status restart reset demo bench chaos model simtest mutants test check lint types arch proto proto-check map fmt lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STACK_READY) ## bring what is missing: .venv, broker jars, database
	@echo '{"ok": true, "bars_missed": []}'

$(VENV_READY): requirements/dev.txt requirements/install.sh pyproject.toml
	@requirements/install.sh .venv >&2
	@touch $@

$(STACK_READY): $(VENV_READY) $(wildcard services/stack/pom.xml services/stack/prerequisites.py)
	@$(PYTHON) -m services.stack setup >&2
	@mkdir -p $(@D) && touch $@

up: $(STACK_READY) ## start the stack in STATE, or leave it running
	@$(PYTHON) -m services.stack up $(SIZE_OPTIONS) --mode '$(MODE)'

down: $(VENV_READY) ## stop the stack, keep what it wrote
	@$(PYTHON) -m services.stack down $(SIZE_OPTIONS) --mode '$(MODE)'

status: $(VENV_READY) ## say what runs, and since when
	@$(PYTHON) -m services.stack status $(SIZE_OPTIONS) --mode '$(MODE)'

restart: $(VENV_READY) ## restart every service of the stack, one after the other
	@$(PYTHON) -m services.stack restart $(SIZE_OPTIONS) --mode '$(MODE)'

reset: $(VENV_READY) ## stop the stack and forget what it wrote
	@$(PYTHON) -m services.stack reset $(SIZE_OPTIONS) --mode '$(MODE)'

demo: $(STACK_READY) ## the main job under load, audited
	@$(PYTHON) -m services.simulator demo $(SIZE_OPTIONS) $(LOAD_OPTIONS)

# A folder of its own, as the bench empties it; one given on the command line stands.
bench: STATE = .seatline-bench
bench: $(STACK_READY) ## every number, against its bar and a bare loop
	@$(PYTHON) -m bench --state '$(STATE)' --only '$(ONLY)' --plots '$(PLOTS)'

# Two of each, so that there is somebody to take over; a folder of its own, as it is emptied.
chaos: STATE = .seatline-chaos
chaos: ROUTERS = 2
chaos: DISPATCHERS = 2
chaos: GATEWAYS = 2
chaos: RECORDERS = 2
chaos: SESSIONS = 5000
chaos: RATE = 100
chaos: SECONDS = 420
chaos: $(STACK_READY) ## faults under load: kills, pauses, cuts, outages; recovery and promises
	@PYTHONPATH=.:proto/gen $(PYTHON) -m tests.chaos $(SIZE_OPTIONS) --faults '$(FAULTS)' \
	  --seconds '$(SECONDS)' --sessions '$(SESSIONS)' --rate '$(RATE)' --aht '$(AHT)' \
	  --seed '$(SEED)' --kinds '$(KINDS)'

model: $(VENV_READY) ## search the model of the protocol, and see planted errors caught
	@$(PYTHON) -m docs.model.run --only '$(ONLY)'

test: $(STACK_READY) ## every test
	@$(PYTHON) -m pytest -n 2 --no-loadscope-reorder

simtest: $(VENV_READY) ## router, dispatcher, gateway, recorder simulated: SEEDS from SEED on
	@PYTHONPATH=.:proto/gen $(PYTHON) -m tests.simtest --seed '$(SEED)' --seeds '$(SEEDS)'

mutants: $(STACK_READY) ## rules broken one at a time: does a suite notice?
	@PYTHONPATH=.:proto/gen $(PYTHON) -m tests.mutants --only '$(ONLY)' --fast '$(FAST)'

check: $(VENV_READY) ## lint, types, contracts, proto: everything that needs no stack
	@failed=(); \
	for step in $(CHECKS); do $(MAKE) "$$step" >&2 || failed+=("\"$$step\""); done; \
	if (( $${#failed[@]} )); then ok=false; else ok=true; fi; \
	printf '{"ok": %s, "bars_missed": [], "failed": [%s]}\n' "$$ok" "$$(IFS=,; echo "$${failed[*]}")"; \
	$$ok

lint: $(VENV_READY) ## ruff and buf: rules and format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/buf lint proto
	@$(BIN)/buf format --diff --exit-code proto

types: $(VENV_READY) ## mypy, strict
	@$(BIN)/mypy

arch: $(VENV_READY) ## import contracts
	@$(BIN)/lint-imports --no-cache

proto: $(VENV_READY) ## generate proto/gen anew
	@$(PYTHON) proto/generate.py

proto-check: $(VENV_READY) ## fail if proto/gen is not what proto/ gives, or breaks the released wire
	@$(PYTHON) proto/generate.py --check
	@$(BIN)/buf breaking proto --against proto/released.binpb

map: $(VENV_READY) ## make data/maps/2024-225.csv anew
	@$(PYTHON) -m services.planner --seats data/seats.csv --out data/maps/2024-225.csv

fmt: $(VENV_READY) ## put code and proto in the one format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(BIN)/buf format --write proto

lock: $(VENV_READY) ## lock requirements/*.in anew, with hashes
	@for name in runtime dev; do \
	  $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command 'make lock' \
	    --output-file requirements/$$name.txt requirements/$$name.in; \
	done
