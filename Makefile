# Everything a person types. `make` alone prints this list; ARGS passes options through:
#   make test ARGS='tests/visit/test_visit.py -k dialog'
.DEFAULT_GOAL := help
.PHONY: help setup demo quick test lint format bench bench-web bench-readers bench-verify simulate faults lateness soak catalogue pictures lock docs release clean

# Directories that exist: mypy and ruff refuse a name that is not there.
CODE := $(wildcard fleet scenarios tests bench docker docs release)
BIN  := .venv/bin
UV   := uv==0.13.9

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## install everything into .venv, and a Chromium if there is none (instant when up to date)
	@./setup.sh

demo: setup ## visit the practice prefectures, and say where their pictures are
	@$(BIN)/fleet demo $(ARGS)

# Compiled files are kept also where the environment says not to: a hundred started commands and
# every worker would compile the same ones again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist worksteal

quick: setup ## run the tests that start no Chromium, no mongod and no other program
	@$(PYTEST) -m quick $(ARGS)

test: setup ## run the tests
	@$(PYTEST) $(ARGS)

# All of them, so that one run shows everything. The last two are binaries that exist for x86-64.
lint: setup ## check formatting, style, types and arrows, the Dockerfile and the shell scripts
	@worst=0; \
	$(BIN)/ruff format --check $(CODE) || worst=1; \
	$(BIN)/ruff check $(CODE) || worst=1; \
	$(BIN)/mypy $(CODE) || worst=1; \
	$(BIN)/lint-imports --no-logo || worst=1; \
	[ ! -x $(BIN)/hadolint ] || $(BIN)/hadolint Dockerfile || worst=1; \
	[ ! -x $(BIN)/shellcheck ] || $(BIN)/shellcheck setup.sh docker/*.sh fleet/evidence/dossier/by_hand/*.sh || worst=1; \
	exit $$worst

format: setup ## rewrite the code in the one format, and fix what can be fixed safely
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: setup ## measure speed and cost on this machine
	@$(BIN)/python -m bench $(ARGS)

# What stands above the comment in docs/catalogue.md is written by hand.
catalogue: setup ## write the list of all scenarios into docs/catalogue.md anew
	@$(BIN)/fleet check
	@{ sed '/^<!-- fleet list/q' docs/catalogue.md; $(BIN)/fleet list --markdown; } \
	    > docs/catalogue.md.new && mv docs/catalogue.md.new docs/catalogue.md

pictures: setup ## make the pictures of docs/verdicts.md anew
	@$(BIN)/python -m docs.pictures.make

# A database of its own, made up, about 5 GB; made once, then only read.
bench-web: setup ## measure the web pages over 2,000,000 made-up attempts
	@$(BIN)/python -m bench.load.web --seed 2000000 bench_made_up $(ARGS)

bench-readers: setup ## try the web pages with slow readers of large pictures, and half requests
	@$(BIN)/python -m bench.load.hostile_readers $(ARGS)

bench-verify: setup ## measure `fleet verify` over 100,000 made-up attempts
	@$(BIN)/python -m bench.load.verify $(ARGS)

simulate: setup ## visit sites whose truth is known, and print the tables of docs/method.md
	@$(BIN)/python -m bench.simulation.simulation $(ARGS)

faults: setup ## kill, freeze and end the parts of a fleet that watches, and check that nothing is lost
	@$(BIN)/python -m bench.faults.faults $(ARGS)

lateness: setup ## measure how late the visits of a fleet that watches 300 flows are
	@$(BIN)/python -m bench.load.lateness $(ARGS)

soak: setup ## measure the memory of a fleet that watches for long
	@$(BIN)/python -m bench.load.soak $(ARGS)

# The lock is resolved once for every platform and for Python 3.11 and later. uv is fetched
# for this target only, so nobody else installs it. Versions stay unless they must move:
# ARGS=--upgrade takes the newest, ARGS='--upgrade-package playwright' one of them.
lock: setup ## remake the lock files from pyproject.toml
	@$(BIN)/python -m pip install --quiet '$(UV)'
	@$(BIN)/uv pip compile pyproject.toml --extra embedded --extra web --extra parquet --extra dev --group build \
	    --universal --python-version 3.11 --generate-hashes --no-header --quiet \
	    $(ARGS) --output-file requirements.lock
	@{ echo '# Every package that setup.sh installs, pinned with its hashes. Made from'; \
	   echo '# pyproject.toml for every platform; do not edit, remake it with: make lock'; \
	   cat requirements.lock; } > requirements.lock.new && mv requirements.lock.new requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra web --group build --constraint requirements.lock \
	    --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet \
	    --output-file docker/requirements.lock
	@{ echo '# What the image holds: the versions of requirements.lock, without the embedded'; \
	   echo '# MongoDB, Parquet and the tools of development. Do not edit, remake it with: make lock'; \
	   cat docker/requirements.lock; } > requirements.lock.new && mv requirements.lock.new docker/requirements.lock

docs: setup ## build the pages of docs/ as a site in build/site; a dead link is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

release: setup ## release VERSION: its section in CHANGELOG.md, wheel and sdist in dist/, a commit and a tag
	@$(BIN)/python -m release.cut $(VERSION)

clean: ## remove everything that setup, tests and tools made here
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
