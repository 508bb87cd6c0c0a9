# `make train` and `make test` do everything on a fresh machine; `make install` is the set-up alone. `make test-slow` runs
# the tests that take over 20 seconds each. `make docs` builds the site in docs/_build/html. `make bench` measures other
# libraries beside this one: about 6 GB and an hour.
# `make gpu` measures on an NVIDIA GPU, with the Python that is active, where JAX sees the GPU.
VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed

.PHONY: install train test test-slow check docs bench gpu

install: $(INSTALLED)

$(INSTALLED): pyproject.toml
	@echo "installing into $(VENV): about a gigabyte, one to three minutes"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing $(VENV) && \
	  uv pip install --quiet --python $(PYTHON) --editable '.[all,test]'; \
	else \
	  python3 -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"spikejax needs Python 3.11 or newer, python3 is {v[0]}.{v[1]}")' && \
	  python3 -m venv $(VENV) && \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[all,test]'; \
	fi
	@touch $@

train: install
	$(PYTHON) -m spikejax train digits --neuron lif tc_lif --seeds 0..4 --out runs/digits --resume

# Two processes: most of the time is compiling, which takes one core.
test: install
	$(PYTHON) -m pytest --numprocesses 2 --dist worksteal -m "not slow"

test-slow: install
	$(PYTHON) -m pytest --numprocesses 2 --dist worksteal -m slow

check: install
	@command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(PYTHON) --editable '.[dev]' || \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/pyright

docs: install
	@command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(PYTHON) --editable '.[docs]' || \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(PYTHON) -m sphinx --fail-on-warning --keep-going --quiet -c docs -d docs/_build/doctrees . docs/_build/html

bench: install
	$(PYTHON) -m experiments.peers.environments
	$(PYTHON) -m experiments run bench
	$(PYTHON) -m experiments run sweep_speed
	$(PYTHON) -m experiments run memory_vs_steps
	$(PYTHON) -m experiments render

gpu:
	python3 -m experiments run gpu --seconds 540
	python3 -m experiments render
