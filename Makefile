PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DAGSTER_HOME ?= $(CURDIR)/.dagster

# Tests have homes of their own, and start processes that are not to compile all modules again.
home demo dev: export DAGSTER_HOME := $(DAGSTER_HOME)
test test-long test-ui test-services: export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup home demo dev test test-long test-ui screenshots test-services conformance docs bench bench-quick lint format lock

setup: $(VENV)/.installed

# The stamp is newer than the lock file once everything in it is installed.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("ct_assets needs Python 3.11 to 3.14; name one with: make setup PYTHON=python3.12" if not (3, 11) <= sys.version_info < (3, 15) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The home that is ours follows dagster.yaml; one of your own keeps the settings that it has.
home:
	@mkdir -p "$(DAGSTER_HOME)"
	@test "$(DAGSTER_HOME)" != "$(CURDIR)/.dagster" -a -e "$(DAGSTER_HOME)/dagster.yaml" \
		|| cp dagster.yaml "$(DAGSTER_HOME)/"

demo: setup home
	@$(BIN)/ct-assets demo

dev: setup home
	@cd "$(DAGSTER_HOME)" && PYTHONWARNINGS="ignore:Function:FutureWarning" "$(CURDIR)/$(BIN)/dagster" dev -w "$(CURDIR)/workspace.yaml"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n 3 --dist worksteal

# The whole of what `make test` runs samples of.
test-long: setup
	$(BIN)/pytest -m "long and not ui and not bench and not services" -n 3 --dist worksteal

test-ui: setup
	$(BIN)/pytest -m ui

# The pictures of docs/pages/pictures, anew from the demo; needs Chromium.
screenshots: setup
	$(BIN)/python -m ct_assets_tests.ui.screenshots

# Starts a MariaDB and a PgBouncer of Debian's (mariadb-server-core, mariadb-client-core, pgbouncer), stand-ins of Snowflake
# and S3, and Celery workers.
test-services: setup
	$(BIN)/pytest -m "services and not bench"

# The table of CleverTap's answers, put to the sandbox, or to URL with the account of CLEVERTAP_...
# in the environment: answers that were seen, as dry runs, or with ALL=1 everything.
conformance: setup
	CT_CONFORMANCE_URL=$(URL) CT_CONFORMANCE_ALL=$(ALL) $(BIN)/pytest -q ct_assets_tests/sandbox/test_conformance.py

# The documentation, into docs/site.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -f docs/mkdocs.yml

bench: setup
	$(BIN)/pytest -m bench -s

# Hot paths, by CPU time, against the ratios in ct_assets_tests/benchmarks/quick.json; a few minutes.
bench-quick: setup
	$(BIN)/python -m ct_assets_tests.benchmarks.quick

format: setup
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# Renews the lock file from pyproject.toml (needs uv: pip install uv).
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements.lock
