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

# Other versions of the core dependencies that the tests run on: the oldest that pyproject.toml
# accepts, and the Gymnasium that RLlib pins.
PINS_oldest := gymnasium==1.1.0 numpy==2.0.0
PINS_rllib := gymnasium==1.2.2
# What their tests leave out: what meets the core through the rest, such as command lines; and
# NumPy, which families rest on, is that of today where RLlib's gymnasium is.
LEFT_OUT_oldest := agents commands docs evidence executors figures hyperdrive policies recording training
LEFT_OUT_rllib := $(LEFT_OUT_oldest) benchmark families
# Other people's libraries, for docs/clients.md and docs/tune-anywhere.md.
PINS_clients := $(PINS_rllib) sbx-rl==0.28.0 skrl==2.1.1 torchrl==0.14.1 tianshou==2.0.1 \
	ray[rllib]==2.60.0 minari[hdf5]==0.5.4 pillow rl-zoo3==2.9.2 \
	optuna-integration[sklearn]==5.0.0 optuna-dashboard==0.21.0 optunahub==0.5.0

PYTEST_WORKERS := 2

empty :=
space := $(empty) $(empty)

.DEFAULT_GOAL := help
.PHONY: help setup compare benchmark benchmark-full benchmark-smoke evidence transfer
.PHONY: test lint test-fast test-slow test-oldest test-rllib test-clients wheel-check bench clean
# `test` relies on the order of its prerequisites.
.NOTPARALLEL:

# Each pytest worker is one process on one core; more threads only slow it down.
test test-fast test-slow test-oldest test-rllib test-clients: export OMP_NUM_THREADS := 1

# The rows behind docs/benchmark.md and the README's figure; `benchmark-full` starts from them.
ROWS := docs/rows

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## build the environment in .venv

compare: setup ## train PPO and compare it with random and grid search (ARGS="--episodes 100")
	$(PYTHON) -m scripts.compare $(ARGS)

benchmark: setup ## rank all tuners in some minutes (ARGS="--agent mytuner.py:MyTuner")
	$(PYTHON) -m scripts.benchmark --profile quick $(ARGS)

benchmark-full: setup ## rank them on more tasks, from the committed rows on
	$(PYTHON) -m scripts.benchmark --profile full --database results/benchmark-full.sqlite \
		--rows $(ROWS) --out results/benchmark-full $(ARGS)

benchmark-smoke: setup ## try the benchmark on a few tasks
	$(PYTHON) -m scripts.benchmark --profile smoke --database results/benchmark-smoke.sqlite \
		--out results/benchmark-smoke $(ARGS)

evidence: setup ## print the tables of docs/anyspace.md from the committed rows (ARGS="--d 2")
	$(PYTHON) -m scripts.anyspace.evidence --rows docs/anyspace-rows --tasks 64 --show \
		--tuners random sobol tpe-5 tpe cma-es gp-4 learned $(ARGS)

transfer: setup ## print the tables of docs/transfer.md from the committed rows (ARGS="--of tpe-5")
	$(PYTHON) -m scripts.transfer --split test --show $(ARGS)

test: lint test-fast wheel-check ## all that a change must pass: lint, tests, wheel

lint: setup ## ruff and mypy
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

test-fast: setup ## pytest without the slow tests
	$(PYTHON) -m pytest -n $(PYTEST_WORKERS) $(ARGS)

test-slow: setup ## the slow tests only
	$(PYTHON) -m pytest -n $(PYTEST_WORKERS) -m slow $(ARGS)

test-oldest: .venv-oldest/.setup-done ## the tests on the oldest supported gymnasium and numpy
test-rllib: .venv-rllib/.setup-done ## the tests on the gymnasium that RLlib pins
test-oldest test-rllib: test-%:
	.venv-$*/bin/python -m pytest -n $(PYTEST_WORKERS) -p no:cacheprovider \
		$(LEFT_OUT_$*:%=--ignore=tests/%) $(ARGS)

test-clients: .venv-clients/.setup-done ## the lines of docs/ with other libraries
	.venv-clients/bin/python -m pytest -n $(PYTEST_WORKERS) -p no:cacheprovider -m "slow or not slow" \
		tests/clients $(ARGS)

wheel-check: setup ## build the wheel, check its contents, try it alone in a clean environment
	sh .ci/check-wheel $(PYTHON)

bench: $(BENCH_STAMP) ## measure the speed
	$(PYTHON) -m scripts.speed.bench $(ARGS)

clean: ## remove environments, caches and builds; runs/ and results/ stay
	rm -rf $(VENV) .venv-oldest .venv-rllib .venv-clients build dist .mypy_cache .pytest_cache .ruff_cache
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

# The pins of constraints.txt, but for the packages that have others here.
.venv-%/.setup-done: pyproject.toml constraints.txt
	$(build_venv)
	grep -v -E '^($(subst $(space),|,$(foreach pin,$(PINS_$*),$(firstword $(subst ==, ,$(pin))))))==' \
		constraints.txt > $(@D)/constraints.txt
	$(@D)/bin/python $(PIP_INSTALL) -e '.[dev]' $(PINS_$*) -c $(@D)/constraints.txt
	@touch $@
