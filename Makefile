# One word per everyday command; the same words in CI.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ONCE   ?=
TAMPER ?=
HISTORIES ?= 2000
SEED   ?= 1
REPLAY ?=
MINUTES ?= 10
EVERY  ?= 8
WIRE   ?= pty

.PHONY: help demo test check unit hunt prove soak sweep bench screens schemas pins clean
help:
	@echo "make demo     the whole clinic on real bytes, with its pages (ONCE=1 ends by itself, TAMPER=1 must fail)"
	@echo "make test     everything: check, then all tests"
	@echo "make check    ruff, mypy --strict, import contracts, file sizes, generated files"
	@echo "make unit     the unit and property tests alone"
	@echo "make hunt     card numbers on every path, in files, traffic and memory, to build/hunt.json (root)"
	@echo "make prove    histories of the real agent under faults, judged by the ledger (HISTORIES, SEED, REPLAY)"
	@echo "make soak     load, replugs and broker restarts for MINUTES: what grows, and whether the ledger agrees"
	@echo "make sweep    kill -9 at the writes of an order, as strace shows them (EVERY=1: at each; WIRE=pty, tcp, reader or several)"
	@echo "make bench    latency and footprint beside a floor, to build/bench.json"
	@echo "make screens  pictures of the clinic's pages and failures, French and English, to docs/screens"
	@echo "make schemas  write docs/contract and the settings schema from their models"
	@echo "make pins     pin the packages of requirements/*.in anew, with hashes"
	@echo "make clean    remove build and the virtual environment"

$(BIN)/python:
	@echo "· making the virtual environment"
	@$(PYTHON) .ci/make_venv.py $(VENV)

$(VENV)/.runtime: requirements/runtime.txt | $(BIN)/python
	@echo "· installing what the agent needs (once)"
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --root-user-action=ignore --require-hashes --compile -r requirements/runtime.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "· installing what the tests need (once)"
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --root-user-action=ignore --require-hashes --compile -r requirements/dev.txt
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.runtime
	@$(BIN)/python .ci/link_project.py $(VENV)
	@touch $@

demo: $(VENV)/.project
	@ONCE=$(ONCE) TAMPER=$(TAMPER) $(BIN)/python -m simulator.demo

check: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python .ci/check_sizes.py
	@$(BIN)/python -m protocols.contract.publish --check
	@$(BIN)/python -m terminal_agent.settings --check

test: check
	@sh .ci/test.sh $(BIN)

unit: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/python -m pytest -q tests/unit tests/property

hunt: $(VENV)/.dev $(VENV)/.project
	@HUNT=all $(BIN)/python -m pytest -q tests/hunt

prove: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/python -m tests.prove --histories $(HISTORIES) --seed $(SEED) $(if $(REPLAY),--replay $(REPLAY))

soak: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/python -m tests.soak --minutes $(MINUTES)

sweep: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/python -m tests.sweep --every $(EVERY) --wire $(WIRE)

bench: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/python -m tests.bench

screens: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/python -m tests.screens

schemas: $(VENV)/.dev $(VENV)/.project
	@$(BIN)/python -m protocols.contract.publish
	@$(BIN)/python -m terminal_agent.settings --schema

pins: $(VENV)/.dev
	@cd requirements && for f in runtime dev; do ../$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --strip-extras --allow-unsafe -o $$f.txt $$f.in; done

clean:
	@rm -rf build $(VENV)
