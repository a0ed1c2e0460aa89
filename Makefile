# Each verb sets up what it needs by itself: `make demo` on a fresh clone is enough.

PORT ?= 8000
DATA ?= .demo

.DEFAULT_GOAL := help
.PHONY: help demo test lint fmt bench setup

help: ## Show these verbs
	@echo "make VERB"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1 \2/p' $(MAKEFILE_LIST) | awk '{ verb = $$1; $$1 = ""; printf "  %-6s%s\n", verb, $$0 }'

demo: ## Start everything with sample patients and GraphiQL: PORT=8000 DATA=.demo
	@scripts/ensure-venv.sh demo
	@scripts/ensure-demo-tools.sh
	@exec .venv/bin/anamnesis demo --port "$(PORT)" --data "$(DATA)"

test: setup ## Run all tests, on real servers and a real browser
	@scripts/ensure-test-tools.sh
	.venv/bin/pytest --numprocesses 2 --dist loadfile

lint: setup ## Check style, types and the direction of imports
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

fmt: setup ## Format the code and mend what can be mended
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: setup ## Measure the sizes of the indexes and what they cost a write
	.venv/bin/python -m bench.indexes

setup:
	@scripts/ensure-venv.sh
