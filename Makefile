# Everything here runs from a checkout on a machine that has make and Python 3.11 or newer; the rest is set up in
# the folder .venv. Written for GNU make 3.81 and later, so that it runs on macOS as it comes.

VENV := .venv
BIN := $(VENV)/bin
EXAMPLE := examples/flask/Dockerfile

# The interpreter: PYTHON=/path/to/python3.12 make run chooses one.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$python"; break; fi; done)

PYTEST_ARGS ?=
CORPUS_ARGS ?=
CATALOGUE_ARGS ?=
BENCH_ARGS ?=

.PHONY: vscode bench-editor bench-reviews help run test lint format rules site corpus corpus-bases catalogue bench bench-batches bench-images bench-splits fuzz test-builds wheel clean

help:
	@echo "make run          rewrite $(EXAMPLE) and show the difference"
	@echo "make test         run the tests (with real files, if DOCKERSLIM_CORPUS names a folder of them; with some real"
	@echo "                  builds, where this is root and has debootstrap, buildah, podman or docker)"
	@echo "make lint         ruff, mypy --strict and the one-way imports"
	@echo "make rules        write docs/rules.md from the table of rules"
	@echo "make site         a page a rule, from the fixtures, as HTML below build/site"
	@echo "make corpus       the table of what happens to real files; needs DOCKERSLIM_CORPUS"
	@echo "make corpus-bases the table of what pinning makes of real files' base images; needs DOCKERSLIM_CORPUS"
	@echo "make catalogue    ask registries what base images' moving tags stand for, and write docs/catalogue.md"
	@echo "make bench        speed, and findings into docs/benchmarks.md, against peers; needs DOCKERSLIM_CORPUS"
	@echo "make fuzz         the fuzz and property tests with many more examples"
	@echo "make test-builds  all tests that build images, about an hour; needs debootstrap, buildah and root"
	@echo "make bench-batches a batch of 10,000 files, against peers; needs DOCKERSLIM_CORPUS"
	@echo "make bench-images write docs/images.md: images before and after; needs debootstrap, buildah and root"
	@echo "make bench-splits write docs/splits.md: stages split into builder and runtime; needs strace as well"
	@echo "make bench-reviews docs/review.md: pull requests of public repositories; needs DOCKERSLIM_HISTORIES"
	@echo "make bench-editor how fast the language server is: start, keystroke to diagnostics, memory"
	@echo "make vscode       check, test and package the extension for Visual Studio Code; needs Node.js"
	@echo "make wheel        build the wheel and the source distribution into dist/"
	@echo "make clean        remove .venv, caches and what was built"

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed and none was found. Install it, or name it: PYTHON=/path/to/python3 make" >&2; \
		exit 1; fi
	@if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; fi
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m dockerslim_rewrite.datafile
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m dockerslim_rewrite.datafile
	@touch $@ $(VENV)/.installed

run: $(VENV)/.installed
	$(BIN)/dockerslim rewrite $(EXAMPLE) --diff

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n auto -m "not builds or quick" $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rules: $(VENV)/.installed
	@$(BIN)/python -m dockerslim_rewrite.report.rule_table > docs/rules.md

site: $(VENV)/.installed-dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[site]'
	@$(BIN)/python -m dockerslim_rewrite.report.site build/site
	@$(BIN)/mkdocs build --quiet --strict --config-file build/site/mkdocs.yml --site-dir html
	@echo "build/site/html/index.html"

corpus: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.corpus.table $(CORPUS_ARGS)

corpus-bases: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.corpus.bases $(CORPUS_ARGS)

# What could not be asked stays as it was; the page is written in any case.
catalogue: $(VENV)/.installed-dev
	@status=0; $(BIN)/python -m dockerslim_rewrite.registry.catalogue $(CATALOGUE_ARGS) || status=$$?; \
	$(BIN)/python -m dockerslim_rewrite.registry.catalogue --list > docs/catalogue.md; exit $$status

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.speed $(BENCH_ARGS)
	@$(BIN)/python -m benchmarks.fixers --output docs/benchmarks.md $(BENCH_ARGS)

fuzz: $(VENV)/.installed-dev
	@HYPOTHESIS_PROFILE=fuzz DOCKERSLIM_COMPOSED=7000 $(BIN)/python -m pytest -n auto tests/fuzz tests/properties $(PYTEST_ARGS)

test-builds: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -m builds $(PYTEST_ARGS)

bench-batches: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.batches $(BENCH_ARGS)

bench-images: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.contexts
	@$(BIN)/python -m benchmarks.images --output docs/images.md $(BENCH_ARGS)

bench-splits: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.splits --output docs/splits.md $(BENCH_ARGS)

bench-reviews: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.reviews --output docs/review.md $(BENCH_ARGS)
	@$(BIN)/python -m benchmarks.review_time

bench-editor: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.editor $(BENCH_ARGS)

# Node.js 20 or newer; the packages of the lock file come from the registry of npm.
vscode:
	cd editors/vscode && npm ci --silent && npm run check && npm run lint && npm test && npm run package

wheel: $(VENV)/.installed-dev
	@rm -rf dist
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . \( -name __pycache__ -o -name _compiled \) -type d -prune -exec rm -rf {} +
