# One entry for everything. On a fresh machine only python3 >= 3.11 (with venv), make and curl are
# needed; every dependency is a wheel, so no compiler is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

# Compiled from the .in files; hashes for every file, and no address of any index.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help install demo test check fix docs reference bench services trials lock clean

help:
	@echo "make install   .venv with Keystead and its tools (done once, and again when the pins change)"
	@echo "make demo      a server on 127.0.0.1:8780 that shows its main job; DEMO_ONCE=1 ends after that"
	@echo "make test      the test suite without the trials; what needs an absent server is skipped and says so"
	@echo "make check     lint, format, types, architecture, house rules, docs: changes nothing"
	@echo "make fix       what the linter and the formatter can mend by themselves"
	@echo "make docs      the documentation, into docs/_build/html"
	@echo "make reference docs/guide/commands.md anew from the commands' own help"
	@echo "make bench     the measurements of bench/, written to bench/results.md"
	@echo "make services  (root, Debian) installs and starts the real servers that tests talk to"
	@echo "make trials    everything that takes over a minute: kill series, storms, soak"
	@echo "make lock      requirements/*.txt anew from requirements/*.in"

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Keystead needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
			"Say which one to use: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: its venv or ensurepip module is missing." \
			"On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--only-binary :all: --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh

test: install
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/ast-grep scan --error
	$(BIN)/ast-grep test --skip-snapshot-tests
	$(BIN)/python scripts/cli_reference.py --check
	PATH="$(CURDIR)/$(BIN):$$PATH" pyright --verifytypes keystead_client --ignoreexternal
	$(MAKE) --no-print-directory docs

fix: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: install
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

reference: install
	$(BIN)/python scripts/cli_reference.py

bench: install
	$(BIN)/python -m bench

services:
	bash scripts/services.sh

trials: install
	KEYSTEAD_TRIALS=1 $(BIN)/python -m pytest -p no:randomly -m trial $(ARGS)

lock: install
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt

clean:
	rm -rf $(VENV) build dist docs/_build .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache
