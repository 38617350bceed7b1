# Everything runs in .venv, which is made on first use and again when its inputs change.

PYTHON ?= python3
HOST ?=
PORT ?=
CORPORA ?=
GOLD ?=
SEED ?= 0
# The shipped model is replaced only by one that has all its sources, or where OUT says so.
OUT ?= models/$(if $(CORPORA),$(if $(GOLD),default,partial),$(if $(GOLD),partial,seeds-only))
REPORT ?=
PAGES ?=
# Folder with one checkout for each public repository, see docs/corpora.md.
SOURCE_DIR ?=
# The card of the shipped model is written anew only by an evaluation on all its sources.
CARD ?= $(if $(CORPORA),$(if $(GOLD),models/default))
PREDICTIONS ?=
LEARNING_CURVE ?=

VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
INSTALL := $(RUN) -m pip --disable-pip-version-check install -qq

# Labelled pages as arguments; GOLD may be the folder that holds pages.jsonl.xz.
SOURCES = set -- --seeds seeds --seed "$(SEED)"; \
	corpora="$(CORPORA)"; gold="$(GOLD)"; \
	if [ -d "$$gold" ]; then gold="$$gold/pages.jsonl.xz"; fi; \
	if [ -n "$$corpora" ]; then set -- "$$@" --corpora "$$corpora"; fi; \
	if [ -n "$$gold" ]; then set -- "$$@" --gold "$$gold"; fi

.DEFAULT_GOAL := help
.PHONY: help serve test lint train evaluate corpora bench screenshots clean
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

serve: $(INSTALLED) ## Start the web service [HOST=127.0.0.1 PORT=8000]
	@exec env $(if $(HOST),"SEGMENTER_HOST=$(HOST)") $(if $(PORT),"SEGMENTER_PORT=$(PORT)") \
		$(RUN) -m api

test: $(INSTALLED) ## Run all tests
	@$(RUN) -m pytest -q

lint: $(INSTALLED) ## Check format, style and types
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m mypy

train: $(INSTALLED) ## Train a model [CORPORA=folder GOLD=file or folder OUT=folder SEED=0 FOLDS=2 PREDICTIONS]
	@$(SOURCES); exec $(RUN) -m segmenter.cli train "$$@" --output "$(OUT)" \
		$(if $(FOLDS),--folds "$(FOLDS)") $(if $(PREDICTIONS),--predictions "$(PREDICTIONS)")

evaluate: $(INSTALLED) ## Score the model; with CORPORA, GOLD its recipe [FOLDS=5 REPORT PREDICTIONS CARD]
	@$(SOURCES); exec $(RUN) -m segmenter.cli evaluate "$$@" \
		$(if $(CORPORA)$(GOLD),--cross-validate --compare $(if $(FOLDS),--folds "$(FOLDS)") \
		$(if $(PREDICTIONS),--predictions "$(PREDICTIONS)") $(if $(CARD),--card "$(CARD)") \
		$(if $(LEARNING_CURVE),--learning-curve)) $(if $(REPORT),--report "$(REPORT)")

corpora: $(INSTALLED) ## Build training files from checkouts in SOURCE_DIR [CORPORA=corpora]
	@exec $(RUN) -m segmenter.cli corpora build "$(SOURCE_DIR)" --output "$(or $(CORPORA),corpora)"

bench: $(INSTALLED) ## Measure speed and quality beside other tools [PAGES=folder]
	@exec $(RUN) -m bench $(if $(PAGES),--pages "$(PAGES)")

screenshots: $(INSTALLED) ## Take the README's pictures of the workbench; needs Chromium
	@exec $(RUN) -m bench.screenshots

clean: ## Remove .venv, caches and builds; models stay
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not: make PYTHON=python3.11 ..." >&2; \
		exit 1; }
	@echo "Installing into $(VENV); this takes a minute or more, once" >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@# The lock is complete; resolving it again would only take time.
	@$(INSTALL) --require-hashes --no-deps --requirement requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
