# Two commands do everything on a machine that has only Python 3.11+: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
EXTRAS_VENV := .venv-extras
FIRMWARE_VENV := .venv-firmware
BIN := $(VENV)/bin
PIP_FLAGS := --quiet --disable-pip-version-check
# One thread for each process: the cores belong to the cameras, and two threads on a small model only quarrel.
export OMP_NUM_THREADS := 1
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help demo test chromium test-slow test-faults test-extras firmware check format bench clean

help:  ## What can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp  ## Watch a simulated street and print what was reported
	$(BIN)/gotcha demo

test: check chromium  ## Checks, then every test of the default install with OpenVINO
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

chromium:  ## The browser of the tests of the dashboard, where there is none yet
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; } || \
	  { echo "The tests of the dashboard need Chromium; install it, or let root run make chromium"; exit 1; }

test-slow: $(VENV)/dev.stamp chromium  ## The long runs, and the pages in the other pairs of language and window
	$(BIN)/pytest -m slow --timeout 3600

test-faults: $(VENV)/dev.stamp  ## 500 reports while Redis, workers, database, disk and frame loop fail
	$(BIN)/pytest -m slow tests/bench/test_faults.py

test-extras: $(EXTRAS_VENV)/stamp  ## The contracts on the real ultralytics and easyocr, with their torch
	YOLO_CONFIG_DIR=$(CURDIR)/$(EXTRAS_VENV)/ultralytics $(EXTRAS_VENV)/bin/pytest -m extras --timeout 600 \
	  tests/contracts tests/vision

firmware: $(FIRMWARE_VENV)/stamp  ## Check the configurations of the cameras that sleep
	for board in firmware/esp32cam.yaml firmware/xiao_esp32s3_sense.yaml; do \
	  $(FIRMWARE_VENV)/bin/esphome --quiet config $$board > $(FIRMWARE_VENV)/checked || exit 1; done

check: $(VENV)/dev.stamp  ## Formatting, lint, types, the arrows between the folders, dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

format: $(VENV)/dev.stamp  ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp  ## Every figure of docs/benchmarks.md that needs no footage
	$(BIN)/gotcha bench all

clean:  ## Remove the environments and what running left
	rm -rf $(VENV) $(EXTRAS_VENV) var build *.egg-info

# Ultralytics depends on opencv-python, which shares a folder with the headless wheel and breaks it: it goes,
# and the headless one is laid down again.
# An environment of its own: it pins other versions of what we use.
$(FIRMWARE_VENV)/stamp:
	$(PYTHON) -m venv $(FIRMWARE_VENV)
	$(FIRMWARE_VENV)/bin/pip install $(PIP_FLAGS) 'esphome==2026.6.5'
	@touch $@

$(EXTRAS_VENV)/stamp: pyproject.toml constraints.txt constraints-extras.txt
	$(PYTHON) -m venv $(EXTRAS_VENV)
	@echo "Setting up $(EXTRAS_VENV) with torch (gigabytes) ..."
	$(EXTRAS_VENV)/bin/pip install $(PIP_FLAGS) -c constraints.txt -c constraints-extras.txt \
	  -e '.[openvino,ultralytics,easyocr,dev]'
	$(EXTRAS_VENV)/bin/pip uninstall $(PIP_FLAGS) -y opencv-python
	$(EXTRAS_VENV)/bin/pip install $(PIP_FLAGS) -c constraints.txt --force-reinstall --no-deps \
	  opencv-python-headless
	@touch $@

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Gotcha needs Python 3.11 or newer; call make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian: apt-get update && apt-get install -y python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (a minute or two) ..."
	$(BIN)/pip install $(PIP_FLAGS) -c constraints.txt -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(BIN)/pip install $(PIP_FLAGS) -c constraints.txt -e '.[openvino,dev]'
	@touch $@
