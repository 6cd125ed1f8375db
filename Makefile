# Everything runs in .venv, which `make setup` builds from Python 3.11+ and pip alone.
# `make` lists the targets.

# The Python that builds the environments: make setup BASE_PYTHON=python3.12
BASE_PYTHON ?= python3
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP_INSTALL := -m pip install --disable-pip-version-check

# The stamps are written last: without one, an environment is unfinished.
STAMP := $(VENV)/.setup-done
BENCH_STAMP := $(VENV)/.bench-done

# The oldest core dependencies that pyproject.toml accepts.
OLDEST := gymnasium==1.1.0 numpy==2.0.0
OLDEST_VENV := .venv-oldest
OLDEST_PYTHON := $(OLDEST_VENV)/bin/python
OLDEST_STAMP := $(OLDEST_VENV)/.setup-done

PYTEST_WORKERS := 2

.DEFAULT_GOAL := help
.PHONY: help setup compare benchmark benchmark-full benchmark-smoke
.PHONY: test lint test-fast test-slow test-oldest wheel-check bench clean
# `test` relies on the order of its prerequisites.
.NOTPARALLEL:

# Each pytest worker is one process on one core; more threads only slow it down.
test test-fast test-slow test-oldest: export OMP_NUM_THREADS := 1

# The rows behind the README's tables; `benchmark-full` starts from them.
ROWS := benchmark_rows

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## build the environment in .venv

compare: setup ## train PPO and compare it with random and grid search (ARGS="--episodes 100")
	$(PYTHON) -m scripts.compare $(ARGS)

benchmark: setup ## rank all tuners in some minutes (ARGS="--agent mytuner.py:MyTuner")
	$(PYTHON) -m scripts.benchmark --profile quick $(ARGS)

benchmark-full: setup ## rank them on more tasks, from the committed rows on
	$(PYTHON) -m scripts.benchmark --profile full --database results/benchmark-full.sqlite \
		--import $(ROWS) --out results/benchmark-full $(ARGS)

benchmark-smoke: setup ## try the benchmark on a few tasks
	$(PYTHON) -m scripts.benchmark --profile smoke --database results/benchmark-smoke.sqlite \
		--out results/benchmark-smoke $(ARGS)

test: lint test-fast wheel-check ## all that a change must pass: lint, tests, wheel

lint: setup ## ruff and mypy
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

test-fast: setup ## pytest without the slow tests
	$(PYTHON) -m pytest -n $(PYTEST_WORKERS) $(ARGS)

test-slow: setup ## the slow tests only
	$(PYTHON) -m pytest -n $(PYTEST_WORKERS) -m slow $(ARGS)

test-oldest: $(OLDEST_STAMP) ## the tests on the oldest supported gymnasium and numpy
	$(OLDEST_PYTHON) -m pytest -n $(PYTEST_WORKERS) -p no:cacheprovider $(ARGS)

wheel-check: setup ## build the wheel, check its contents, try it alone in a clean environment
	sh .ci/check-wheel $(PYTHON)

bench: $(BENCH_STAMP) ## measure the speed
	$(PYTHON) -m scripts.speed.bench $(ARGS)

clean: ## remove environments, caches and builds; runs/ and results/ stay
	rm -rf $(VENV) $(OLDEST_VENV) build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment with no stamp was interrupted half-way (or is not ours): --clear starts afresh.
# The stamp of a finished one is removed first, so that an interrupted update starts afresh too.
define build_venv
@$(BASE_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "hpo_gym needs Python 3.11 or newer; '$(BASE_PYTHON) --version' says:" >&2; \
	$(BASE_PYTHON) --version >&2; \
	echo "Name another one: make setup BASE_PYTHON=/path/to/python3.11" >&2; exit 1; }
test -e $@ || $(BASE_PYTHON) -m venv --clear $(@D)
rm -f $@
endef

$(STAMP): pyproject.toml constraints.txt
	$(build_venv)
	$(PYTHON) $(PIP_INSTALL) -e '.[dev]' -c constraints.txt
	@touch $@

$(BENCH_STAMP): $(STAMP)
	$(PYTHON) $(PIP_INSTALL) -e '.[speed]' -c constraints.txt
	@touch $@

# The pins of constraints.txt, but for the packages that are to be old.
$(OLDEST_STAMP): pyproject.toml constraints.txt
	$(build_venv)
	grep -v -E '^(gymnasium|numpy)==' constraints.txt > $(OLDEST_VENV)/constraints.txt
	$(OLDEST_PYTHON) $(PIP_INSTALL) -e '.[dev]' $(OLDEST) -c $(OLDEST_VENV)/constraints.txt
	@touch $@
