# Commands for developers. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

BIN := .venv/bin
STAMP := .venv/.installed
# The lock is complete. With --no-deps pip resolves nothing, so a newer release cannot change the installation.
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps

.PHONY: help setup run test check fix bench faults migration docs assets lock

help: ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## Create .venv with the locked versions (the other commands do so if needed)
	@:

$(STAMP): requirements.lock pyproject.toml
	@python=$$(test -x $(BIN)/python && echo $(BIN)/python || echo "$${PYTHON:-python3}"); \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Matron needs Python 3.11 or newer, for instance: make setup PYTHON=python3.12" >&2; exit 1; }; \
	echo "Installing into .venv (once, about a minute)"; \
	test -x $(BIN)/python || "$$python" -m venv .venv
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-build-isolation --editable .
	@$(BIN)/python -m pip --quiet --disable-pip-version-check check
	@touch $@

run: $(STAMP) ## Start the whole hospital in one process (ARGS="--port 8001 --no-demo")
	@exec $(BIN)/matron run $(ARGS)

test: $(STAMP) ## Run all tests in parallel lanes (ARGS="tests/billing -k refund" runs a selection in one process)
	@exec $(BIN)/python -m tests.lanes $(ARGS)

check: $(STAMP) ## Check format, lint, types, import rules and guards, as CI does
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@exec $(BIN)/python -m pytest -q tests/guards

fix: $(STAMP) ## Format the code and apply the linter's fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP) ## Measure speed on RabbitMQ and PostgreSQL (ARGS="--clients 16")
	@exec $(BIN)/python -m bench $(ARGS)

faults: $(STAMP) ## Run the long fault tests: kill, freeze and restart servers and services
	@FAULTS=long exec $(BIN)/python -m pytest tests/faults --timeout 1800 $(ARGS)

migration: $(STAMP) ## Write the next migration (SERVICE=billing MESSAGE="add refunds")
	@test -n "$(SERVICE)" || { echo 'usage: make migration SERVICE=billing MESSAGE="add refunds"' >&2; exit 2; }
	@exec $(BIN)/matron migration "$(SERVICE)" --message "$(MESSAGE)"

docs: $(STAMP) ## Write docs/openapi.json, asyncapi.json, events.md, errors.md and payments.md from the code
	@$(BIN)/matron openapi --write docs/openapi.json
	@$(BIN)/matron errors --write docs/errors.md
	@$(BIN)/python -m tests.payments.page docs/payments.md
	@exec $(BIN)/matron asyncapi --write docs/asyncapi.json --page docs/events.md

SWAGGER := 5.35.0
ASSETS := gateway/assets

assets: ## Download the files of /docs by npm and compare them with gateway/assets/SHA256SUMS
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && (cd "$$folder" && npm pack --silent swagger-ui-dist@$(SWAGGER) >/dev/null) && \
	  tar --extract --gzip --directory "$$folder" --file "$$folder"/swagger-ui-dist-$(SWAGGER).tgz && cd "$$folder/package" && \
	  sha256sum --check --strict --quiet "$(CURDIR)/$(ASSETS)/SHA256SUMS" && gzip --best --no-name swagger-ui.css swagger-ui-bundle.js && \
	  cp LICENSE NOTICE favicon-32x32.png swagger-ui.css.gz swagger-ui-bundle.js.gz swagger-ui-bundle.js.LICENSE.txt "$(CURDIR)/$(ASSETS)"

lock: $(STAMP) ## Update requirements.lock from pyproject.toml (UPGRADE=--upgrade for new versions)
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --extra dev --extra redis --extra s3 --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host $(UPGRADE) --output-file requirements.lock pyproject.toml
