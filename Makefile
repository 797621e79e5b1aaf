# Assent. `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV_LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

# $(call install,LOCK): by uv, in a tenth of pip's time; where uv cannot be had or does not succeed, by pip.
# uv does not read pip's settings, so the package index that they name is handed to it.
PIP_SETTINGS = $(PY) -m pip config list | awk -F= '/\.(index-url|extra-index-url|find-links)=/ { sub(/^[a-z:]*\./, ""); if (!named[$$1]++) print }' \
	| sed "s/^\([a-z-]*\)='\(.*\)'$$/--\1=\2/"
install = { $(PY) -m pip install --quiet --require-hashes -r requirements-uv.lock \
	&& $(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes $$($(PIP_SETTINGS)) -r $(1); } \
	|| { echo "uv did not succeed; going on with pip"; $(PY) -m pip install --quiet --require-hashes -r $(1); }

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

##@ Using it
.PHONY: run
run: $(VENV)/.run-installed ## Start everything (PORT=8000; ONCE=1 plays the demo and leaves)
	@$(PY) -m demo $(if $(filter 1 yes true,$(ONCE)),--once)

##@ Working on it
.PHONY: install
install: $(VENV)/.dev-installed assets ## Install everything tests and lint need

.PHONY: test
test: install browser ## Run every test (ARGS="-k consent" for some)
	@$(PY) -m pytest -n 2 --dist worksteal -ra $(ARGS)

.PHONY: lint
lint: $(VENV)/.dev-installed ## Check style, types and floors
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache | sed -n '/^Analyzed/,$$p'

.PHONY: bench
bench: $(VENV)/.dev-installed assets ## Measure (ONLY=send,click for some; JSON=FILE; SCALE=5 for 5 M customers)
	@$(PY) -m bench $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json $(JSON)) $(if $(SCALE),--scale $(SCALE))

.PHONY: chaos
chaos: $(VENV)/.dev-installed assets ## Kill servers and workers in the middle of sends, at length
	@CHAOS_KILLS=25 CHAOS_MESSAGES=10000 CHAOS_CUTS=6 $(PY) -m pytest -ra -v \
		tests/delivery/sending/test_killed.py tests/stories/test_power_cuts.py $(ARGS)

.PHONY: migration
migration: $(VENV)/.dev-installed ## Write the next migration from the models (M="what it does")
	@$(PY) -m migrations.autogenerate "$(M)"

.PHONY: lock
lock: ## Resolve dependencies again into the lock files
	@$(UV_LOCK) pyproject.toml -o requirements.lock
	@$(UV_LOCK) pyproject.toml --extra dev -o requirements-dev.lock
	@echo uv | $(UV_LOCK) - --constraint requirements-dev.lock -o requirements-uv.lock

.PHONY: assets
assets: $(VENV)/.run-installed ## Build the browser's files, where they are out of date
	@$(PY) -m app.web.assets

.PHONY: browser
browser: # Chromium for the browser tests, where it can be had without asking
	@if ! command -v chromium chromium-browser google-chrome >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then \
			echo "Installing Chromium for the browser tests"; \
			(apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
				chromium fonts-noto-cjk >/dev/null) || echo "Chromium could not be installed; browser tests will be skipped"; \
		else echo "No Chromium here; browser tests will be skipped"; fi; \
	fi

.PHONY: clean
clean: ## Remove the environment and what was built; var/ (your data) stays
	@rm -rf $(VENV) node_modules app/web/static/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help
help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- What the above stand on: made again only when what they come from has changed ---
$(PY):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Assent needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Name another one with PYTHON=...")'
	@$(PYTHON) -m venv $(VENV) >/dev/null || { rm -rf $(VENV); \
		[ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ] && apt-get -qq update \
		&& DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); } \
		|| { rm -rf $(VENV); echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }

$(VENV)/.run-installed: requirements.lock requirements-uv.lock | $(PY)
	@echo "Installing dependencies"
	@$(call install,requirements.lock)
	@touch $@

$(VENV)/.dev-installed: requirements-dev.lock requirements-uv.lock | $(PY)
	@echo "Installing dependencies for development"
	@$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.run-installed
