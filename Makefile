# make run     digitise samples/ and show what a run shows
# make test    every test
# make lint    ruff, its formatter and mypy
# make pictures  draw docs/pictures/ anew
# make bench   one subject at a time: make bench WHAT=text
# make lock    write requirements-ci.txt anew from pyproject.toml
# make clean   remove the environment and everything made here
#
# LOCKED=1 installs exactly what requirements-ci.txt names, by hash; without it the ranges of pyproject.toml hold.
# PYTHON=python3.12 chooses the interpreter of a new environment.

PYTHON ?= python3
LOCKED ?=
WHAT   ?= text

VENV := .venv
BIN  := $(VENV)/bin
PY   := $(BIN)/python
PIP  := $(PY) -m pip --disable-pip-version-check --no-input --quiet
# One stamp a mode and a place: a moved checkout, or another mode, installs again.
MODE  := $(if $(filter-out 0 no,$(LOCKED)),locked,ranges)
STAMP := $(VENV)/.installed-$(MODE)-$(shell pwd | cksum | cut -d ' ' -f 1)

.DEFAULT_GOAL := help
.PHONY: help run test lint pictures bench lock clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

run: $(STAMP)
	@mkdir -p build
	@$(BIN)/formtally run samples/documents --db sqlite:///build/samples.db --export build/samples.jsonl

test: $(STAMP)
	$(PY) -m pytest

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

pictures: $(STAMP)
	$(PY) docs/pictures.py

bench: $(STAMP)
	$(PY) -m benchmarks.$(WHAT)

clean:
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "formtally needs Python 3.11 or later: sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "$(PYTHON) is older than Python 3.11; type: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make environments here; type: sudo apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

$(STAMP): pyproject.toml $(if $(filter locked,$(MODE)),requirements-ci.txt) | $(PY)
	@echo "Installing into $(VENV) ($(MODE)), once; the first time this downloads about 300 MB ..."
	@rm -f $(VENV)/.installed-*
ifeq ($(MODE),locked)
	@$(PIP) install --require-hashes --requirement requirements-ci.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
else
	@$(PIP) install --editable '.[dev]'
endif
	@touch $@

lock:
	@test -x build/lock/bin/uv || { $(PYTHON) -m venv --clear build/lock && build/lock/bin/python -m pip --quiet install 'uv>=0.13,<0.14'; }
	@{ echo '# Every package of the environment that tests this project, by hash: Python 3.11 or later on Linux x86_64.'; \
	echo '# Written by make lock from pyproject.toml; do not edit.'; \
	build/lock/bin/uv pip compile --quiet --upgrade --no-progress --extra dev --generate-hashes --no-header --no-annotate \
	--python-version 3.11 --python-platform x86_64-manylinux_2_28 --no-emit-index-url --no-emit-find-links pyproject.toml; } > build/lock.txt
	@mv build/lock.txt requirements-ci.txt
