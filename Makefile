# Everything a person does with a checkout. Each target first makes, inside this folder, what it needs:
#   .tools/  a private uv            .venv/  the project's own Python packages, as requirements-dev.lock pins them
# The system's Python is only read. `make help` lists the targets.

UV_VERSION := 0.13.9
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.PHONY: help install demo run test browser lint bench bench-carriers bench-web simulate mutants replay messages new-connector lock FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: install ## a day of trade against two sandboxes, and a verdict
	@$(BIN)/orderhaven demo $(args)

run: install ## start the hub
	@$(BIN)/orderhaven up $(args)

test: install browser ## the whole test suite (args="-k word" narrows it)
	@$(BIN)/python -m pytest -n auto --dist worksteal $(args)

# Some tests drive the web interface in a Chromium; where none can be had, they say what to do.
browser: install ## find a Chromium for the tests, or install one
	@$(BIN)/python -m tests.browser.chromium

lint: install ## ruff, mypy and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: install ## measure speed, idleness, growth, memory, pages and their queries
	@$(BIN)/python -m benchmarks $(args)

bench-carriers: install ## how well carriers are told from labelled codes: CSV=FILE (code,carrier,group,accept,...)
	@$(BIN)/python -m benchmarks.carriers $(or $(CSV),../shared/carriers/public.csv) $(args)

bench-web: install ## a page while 500 stuck clients hold on to the web server, in each state
	@$(BIN)/python -m benchmarks.web $(args)

simulate: install ## play days in which everything fails: SEEDS=2000, or SEED=123 to play one again; PAIR=MARKETPLACE-SHOP
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),200)) $(if $(PAIR),--pair $(PAIR)) $(args)

mutants: install ## plant faults in a copy of the hub, one by one: the simulation must find each
	@$(BIN)/python -m tests.simulation.mutants $(args)

# What the connector sends is looked up in the connector's own recordings as well, wherever RECORDINGS points.
replay: install ## hold a sandbox to recordings of the real server: CONNECTOR=woocommerce RECORDINGS=FOLDER
	@$(BIN)/python -m orderhaven.replay $(CONNECTOR) $(or $(RECORDINGS),$(RECORDED)) --taken-by $(RECORDED)

replay: CONNECTOR ?= woocommerce
RECORDED = ../shared/recordings/$(CONNECTOR)

messages: install ## gather every sentence for translation, and compile what is translated
	@$(BIN)/python -m tests.rules.catalogue

new-connector: install ## write the skeleton of a connector: make new-connector name=NAME [args='--side shop']
	@test -n "$(name)" || { echo 'Which one? Say: make new-connector name=mymarket' >&2; exit 2; }
	@$(BIN)/python -m orderhaven.new_connector $(name) $(args)
	@$(BIN)/python -m tests.rules.tables

# requirements.lock is what a hub needs; requirements-dev.lock adds the tools and PostgreSQL's driver, in the same versions.
lock: .tools/bin/uv ## pin the dependencies again (upgrade=1 takes newer versions)
	@$(LOCK) pyproject.toml --output-file requirements.lock
	@$(LOCK) pyproject.toml --extra postgres --group dev --constraint requirements.lock \
		--output-file requirements-dev.lock

LOCK = .tools/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command "make lock" $(if $(upgrade),--upgrade)

install: .venv/.installed

# A venv whose Python has since gone from the machine is made anew.
.venv/.installed: pyproject.toml requirements-dev.lock $(if $(wildcard $(BIN)/python),,FORCE) | .tools/bin/uv
	@rm -f $@
	@test -x $(BIN)/python || { $(FIND_PYTHON); .tools/bin/uv venv --quiet --clear --python "$$python" .venv; }
	@.tools/bin/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock
	@.tools/bin/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Some Pythons come without ensurepip, so a venv can not be given a pip; then the system's pip, if there is one, puts
# uv into the folder without touching anything else.
.tools/bin/uv: | $(if $(wildcard .tools/bin/uv),,FORCE)
	@test -x $@ || { $(FIND_PYTHON); rm -rf .tools; \
	if "$$python" -c 'import ensurepip' 2>/dev/null; then \
		"$$python" -m venv .tools && .tools/bin/python -m pip install --quiet 'uv==$(UV_VERSION)'; \
	elif "$$python" -m pip --version >/dev/null 2>&1; then \
		"$$python" -m pip install --quiet --target .tools 'uv==$(UV_VERSION)'; \
	else \
		echo "$$python has neither venv nor pip. On Debian or Ubuntu: apt install python3-venv. Then run make again." >&2; \
		exit 1; \
	fi; }

# Asks each candidate for its version, because a name on the PATH may be a stub that starts nothing.
FIND_PYTHON = python=; \
	for name in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
		if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Orderhaven needs Python 3.11 or newer, and none was found. Install one (on Debian or Ubuntu: apt install" \
			"python3 python3-venv), or say where it is: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi
