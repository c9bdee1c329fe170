# make demo · make test · make jupyter: each builds .venv by itself; the second time that takes no time.
# PYTHON=/path/to/python3.12 make demo   chooses the Python.

BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo test test-all jupyter bench lint clean
help:
	@echo "make demo      a fresh practice lab, the whole document headlessly, a report"
	@echo "make jupyter   JupyterLab on the notebooks"
	@echo "make test      the tests (RDOKIT_POINTS=8: kills, cuts and failures at 8 points a phase; make test-all: at all)"
	@echo "make bench     the benchmarks"
	@echo "make clean     stop the practice lab; remove .venv, caches and the lab's state (runs/ stays)"

$(READY): pyproject.toml constraints.txt tools/setup.sh
	@PYTHON="$(PYTHON)" sh tools/setup.sh

demo: $(READY)
	@sh tools/demo.sh

jupyter: $(READY)
	@$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/00_start.ipynb

test: $(READY)
	@$(BIN)/python -m pytest $(ARGS)

test-all: $(READY)
	@RDOKIT_POINTS=all $(BIN)/python -m pytest $(ARGS)

bench: $(READY)
	@sh tools/bench.sh $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check

clean:
	@if [ -x $(BIN)/rdokit ]; then $(BIN)/rdokit lab down >/dev/null 2>&1 || true; fi
	@rm -rf .venv .lab build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
