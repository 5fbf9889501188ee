# `make run` and `make test` are all one needs: each sets up what it lacks (.ci/setup), once.

SETUP := .ci/setup
VENV := .venv
PYTHON_IN_VENV := $(VENV)/bin/python
BENCHMARKS ?= $(sort $(basename $(notdir $(wildcard benchmarks/[a-z]*.py))))

# Tests start a hundred processes, each of which would compile all of the program again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench soak clean

help:
	@echo 'make run    open the playground              make run ARGS="examples"'
	@echo 'make test   run the tests                    make test ARGS="tests/engine -k conv"'
	@echo 'make lint   ruff, ruff format --check, mypy'
	@echo 'make format let ruff put every file in order'
	@echo 'make bench  print the benchmarks             make bench BENCHMARKS=gui ARGS="--help"'
	@echo 'make soak   try to break it, for long        make soak ARGS="malformed --cases 5000"'
	@echo 'make clean  remove .venv and all that was generated'

run: $(VENV)/.ready-run
	@$(VENV)/bin/playground $(ARGS)

# A process for each processor, each taking from the others when it has nothing left; ARGS="-n 0" for one alone.
test: $(VENV)/.ready-test
	$(PYTHON_IN_VENV) -m pytest --numprocesses=auto --maxprocesses=8 --dist=worksteal $(ARGS)

# All three speak, and then it fails if one of them had something to say.
lint: $(VENV)/.ready-lint
	@failed=; for tool in "ruff check" "ruff format --check" "mypy"; do \
		echo "$$tool"; $(PYTHON_IN_VENV) -m $$tool || failed="$$failed '$$tool'"; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

format: $(VENV)/.ready-lint
	$(PYTHON_IN_VENV) -m ruff check --fix
	$(PYTHON_IN_VENV) -m ruff format

bench: $(VENV)/.ready-test
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(PYTHON_IN_VENV) -m benchmarks.$$name $(ARGS); done

soak: $(VENV)/.ready-test
	@$(PYTHON_IN_VENV) -m tests.soak $(ARGS)

clean:
	rm -rf $(VENV) build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp per purpose: nothing runs the second time, until pyproject.toml or the script itself changes.
$(VENV)/.ready-%: pyproject.toml $(SETUP)
	@$(SETUP) $*
