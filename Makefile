# `make help` lists the targets. PYTHON=path chooses the interpreter of a new environment.
PY := .venv/bin/python
RUN_STAMP := .venv/.installed-run
DEV_STAMP := .venv/.installed-dev
OUT ?= out
# Each process of the tests holds one core and about 1.5 GB. Compiled modules are kept whatever the
# environment says: each of the many processes that tests start would compile all of them again.
PYTEST := PYTHONDONTWRITEBYTECODE= QT_QPA_PLATFORM=offscreen $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run test check bench screenshots pictures clean

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 20

run: $(RUN_STAMP) ## Install what is needed and open the window; without a display, tour it offscreen
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  echo "There is no display: touring the window offscreen; its pictures go to $(OUT)/."; \
	  QT_QPA_PLATFORM=offscreen $(PY) main.py tour --output $(OUT); \
	else \
	  $(PY) main.py; \
	fi

test: $(DEV_STAMP) ## Install what is needed and run all tests, offscreen
	$(PYTEST)

check: $(DEV_STAMP) ## Lint, formatting, types, import contracts, tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PYTEST)

# napari is measured too where it is: pip install '.[bench]', or REVERIE_NAPARI_PYTHON=path of an
# interpreter that has it. It needs a display or Xvfb.
bench: $(DEV_STAMP) ## Measure speed, as ratios to a baseline of the same run
	QT_QPA_PLATFORM=offscreen $(PY) -m benchmarks

screenshots: $(RUN_STAMP) ## Make the pictures of the README from the real window
	QT_QPA_PLATFORM=offscreen $(PY) main.py tour --output docs/images --pictures

pictures: $(RUN_STAMP) ## Make the pictures of the bundled models, from phantoms
	$(PY) -m app.model_pictures resources/checkpoints

clean: ## Remove the environment and everything that was generated
	rm -rf .venv out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_STAMP): pyproject.toml .ci/setup.sh
	.ci/setup.sh run
	@touch $@

$(DEV_STAMP): pyproject.toml .ci/setup.sh
	.ci/setup.sh dev
	@touch $(RUN_STAMP) $@
