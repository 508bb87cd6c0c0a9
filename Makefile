# `make train` and `make test` do everything on a fresh machine; `make install` is the set-up alone. `make bench` measures
# other libraries beside this one: about 5 GB and an hour.
VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed

.PHONY: install train test bench

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
	$(PYTHON) -m spikejax train digits --neuron lif tc_lif --out runs/digits --resume

test: install
	$(PYTHON) -m pytest

bench: install
	$(PYTHON) -m experiments.peers.environments
	$(PYTHON) -m experiments run bench
	$(PYTHON) -m experiments run sweep_speed
	$(PYTHON) -m experiments run memory_vs_steps
	$(PYTHON) -m experiments render
