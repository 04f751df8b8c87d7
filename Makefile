# What one does with this project. `make demo` and `make test` set up all they need by themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := libs services tests benchmarks docs requirements deploy
SERVICES := composer sender poller importer dispatcher geocoder allocator console cli
PIP_COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help demo quick pythons test campaign clean-system lint types bench lock vendor tour docs clean

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1|/' | column -t -s '|'

demo: $(VENV)/.demo ## Two distributors order from a logistics base, on this machine (ARGS="--orders 200 --sites 3 --json")
	@$(BIN)/intergestan demo $(ARGS)

# The tests start some thousand processes of ours: without kept byte code each of them compiles the whole product anew.
# A worker takes whole files, in the order in which they are collected: the longest first (tests/selection.py).
PYTEST = env PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --dist loadfile --no-loadscope-reorder

quick: $(VENV)/.test ## What needs no server: the libraries on SQLite, in a minute
	@$(PYTEST) --quick -n 2 $(ARGS)

# Three workers on two cores: a quarter of the time they wait for clocks and servers.
pythons: $(VENV)/.test ## The demo and `make quick` on every CPython from 3.11 on that this machine has
	@.ci/every-python demo
	@.ci/every-python quick

test: ## Everything: lint, types, the demo on every Python, all tests on real servers; what needs root is left out without
	@$(MAKE) --no-print-directory -j3 set-up
	@.ci/beside-checks $(PYTEST) -n 3 $(ARGS)

# With SECONDS the run of real processes alone, else the long tests and then that run; one that fails does not stop the other.
CHAOS = env PYTHONDONTWRITEBYTECODE= $(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) \
	$(if $(DATABASE),--database $(DATABASE)) $(if $(FAULT),--fault $(FAULT)) $(if $(KEEP),--keep $(KEEP))

campaign: packages $(VENV)/.test ## The long forms of tests (ARGS="-n 3"), then faults in real processes (SECONDS=1800 SEED=7: these alone)
ifdef SECONDS
	@$(CHAOS) --seconds $(SECONDS)
else
	@failed=0; $(PYTEST) -m campaign --hypothesis-profile=campaign $(ARGS) || failed=1; $(CHAOS) --seconds 600 || failed=1; \
		exit $$failed
endif

clean-system: $(VENV)/.test ## docs/operations.md, typed on new Debian machines under systemd (root, debootstrap, systemd-container, nftables)
	$(BIN)/python -m tests.deploy.clean_system

lint: $(VENV)/.test ## Style and common mistakes
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo 'Run: $(BIN)/ruff format $(SOURCES)'; exit 1; }

types: $(VENV)/.test ## Types, strictly
	@$(BIN)/mypy

bench: packages $(VENV)/.test $(VENV)/tryton/.installed ## Measure, beside the floor and the peers (ARGS="--json --quick")
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/.test ## Pin all dependencies anew, with hashes, without addresses
	for service in $(SERVICES); do \
		$(PIP_COMPILE) --extra $$service --extra postgres --output-file requirements/$$service.txt pyproject.toml requirements/oldest.in; \
	done
	for extra in calendar demo s3 tracing; do \
		$(PIP_COMPILE) --extra $$extra --output-file requirements/$$extra.txt pyproject.toml requirements/oldest.in; \
	done
	$(PIP_COMPILE) --output-file requirements/build.txt requirements/build.in
	$(PIP_COMPILE) --all-extras --output-file requirements/test.txt pyproject.toml requirements/oldest.in requirements/test.in
	$(PIP_COMPILE) --output-file requirements/tryton.txt requirements/tryton.in
	$(BIN)/python requirements/pin_alone.py requirements/schemas.in > requirements/schemas.txt
	$(BIN)/python requirements/pin_alone.py requirements/oca.in > requirements/oca.txt

vendor: ## Compare what the console has of others with npm
	@.ci/compare-vendor

tour: packages $(VENV)/.test ## The pictures of docs/tour.md, taken anew from the demo
	@$(BIN)/python -m tests.console.tour

docs: $(VENV)/.test ## Write the generated parts of docs/ anew
	@$(BIN)/python docs/generate.py

clean: ## Remove what the other targets made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: packages set-up
packages:
	@.ci/install-packages

set-up: packages $(VENV)/.test $(BIN)/.helm $(VENV)/share/.axe

# Tryton, beside which we are measured, has an environment of its own: nothing of ours needs it.
$(VENV)/tryton/.installed: requirements/tryton.txt | $(BIN)/python
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# The environment. Each stamp stands for a set of pinned packages; the project itself is installed last, by link.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Intergestan needs Python 3.11 or later.")'
	@$(PYTHON) -m venv $(VENV) || { echo 'Install the venv module first, on Debian: apt-get install python3-venv'; exit 1; }

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

$(VENV)/.build: requirements/build.txt pyproject.toml | $(BIN)/python
	@$(INSTALL) --requirement requirements/build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.demo: requirements/demo.txt $(VENV)/.build
	@echo 'Installing what the demonstration needs …'
	@$(INSTALL) --requirement requirements/demo.txt
	@touch $@

$(BIN)/.helm: .ci/install-helm | $(BIN)/python packages
	@.ci/install-helm $(BIN)
	@touch $@

$(VENV)/share/.axe: .ci/install-axe | $(BIN)/python packages
	@mkdir -p $(@D)
	@.ci/install-axe $(@D)
	@touch $@

$(VENV)/.test: requirements/test.txt requirements/schemas.txt requirements/oca.txt $(VENV)/.build
	@echo 'Installing what the tests need …'
	@$(INSTALL) --requirement requirements/test.txt
	@$(INSTALL) --no-deps --requirement requirements/schemas.txt --requirement requirements/oca.txt
	@touch $@ $(VENV)/.demo
