# Two commands matter: `make conformance` (a cluster, a driver, a verdict) and `make test` (every self-test).
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup system system-for-tests programs conformance faults test full bench clean

help:  ## what can be asked for
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

system:
	@sh ci/system_packages.sh

system-for-tests:
	@sh ci/system_packages.sh tests

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet --editable . --group dev
	@touch $@

setup: system $(STAMP)  ## virtual environment and system packages

programs: setup  ## the control plane's programs, built once per version
	$(PY) -m pytest_csi_snapshot.fixtures build

conformance: programs  ## the reference driver on a real control plane, every clause, a verdict
	$(VENV)/bin/pytest --csi-driver=reference $(ARGS)

faults: system-for-tests programs  ## which clause finds which fault of the reference driver; ARGS=--update keeps it
	PYTHONPATH=ci $(PY) -m faults $(ARGS)

test: system-for-tests programs  ## lint, types, import rules, units, plugin, integration, the embedded suite
	$(PY) ci/stages.py test

full: system-for-tests programs  ## everything there is, sampled nothing
	$(PY) ci/stages.py full

bench: programs  ## speed, with spread, against the budgets, and beside Kubernetes' own tests; ARGS=--list tells how
	$(PY) ci/bench --whole --side-by-side $(ARGS)

clean:  ## what the build left in this folder (caches of programs stay)
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
