# Every verb of the course; people and CI use the same ones. `make` alone prints them.
PYTHON ?= python3
COURSE := .venv/bin/python -m course

.DEFAULT_GOAL := help
.PHONY: help setup lab test doctor images kit mirror workshop progress stop grade image clean html slides outputs lock lint bench soak
.DELETE_ON_ERROR:

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.venv/.ready: requirements.lock pyproject.toml course/bootstrap.py
	@$(PYTHON) course/bootstrap.py

.venv-%/.ready: requirements-%.lock .venv/.ready
	@$(PYTHON) course/bootstrap.py $*

setup: .venv/.ready ## make the Python environment (.venv) from requirements.lock

lab: setup ## set everything up, start an engine where there is none, open JupyterLab
	@$(COURSE) lab

test: setup ## set up the same, then prove everything
	@.venv/bin/python tests/prove.py

doctor: setup ## say what works on this machine, and what to do about what doesn't
	@$(COURSE) doctor

images: setup ## get every image of the course
	@$(COURSE) images

kit: setup ## write every image into one archive for a classroom
	@$(COURSE) kit

mirror: setup ## serve the images to a room as a registry mirror
	@$(COURSE) mirror

workshop: setup .venv-room/.ready ## JupyterHub for a room: make workshop LEARNERS=20 (docs/workshop.md has the other words)
	@.venv-room/bin/python -m room $(if $(LEARNERS),--learners "$(LEARNERS)") $(if $(PORT),--port $(PORT)) \
		$(if $(HOST),--host "$(HOST)") $(if $(CHAPTERS),--chapters $(CHAPTERS)) $(if $(CARDS),--cards "$(CARDS)") \
		$(if $(NEW_CARDS),--new-cards) $(if $(CERT),--cert "$(CERT)") $(if $(KEY),--key "$(KEY)") \
		$(if $(DOMAIN),--domain "$(DOMAIN)") $(if $(MEMORY),--memory $(MEMORY)) $(if $(CPUS),--cpus $(CPUS)) \
		$(if $(CLEAR),--clear)

progress: setup ## show how far you are [RESET=06] [COMPLETION=file.json]
	@$(COURSE) progress $(if $(RESET),--reset "$(RESET)") $(if $(COMPLETION),--completion "$(COMPLETION)")

stop: setup ## end the room, the engine and the mirror that the course started
	@.venv/bin/python -m room --stop
	@$(COURSE) engine stop

grade: setup ## grade notebooks: make grade PATHS="folder …" [LAB=06-ports] [JOBS=2] [REPORT=grading]
	@$(COURSE) grade $(PATHS) --lab "$(LAB)" $(if $(JOBS),--jobs $(JOBS)) --report "$(or $(REPORT),grading)"

image: setup ## build an image of the course itself: docs/no-install.md
	@$(COURSE) image

clean: setup ## remove what chapters and labs left on the engine, and nothing else
	@$(COURSE) clean

html: .venv-site/.ready ## write the course as a site to read, in _build/html
	@.venv/bin/python -m editions html

slides: setup ## write the decks of editions/decks, each a folder in _build/slides
	@.venv/bin/python -m editions slides

outputs: setup ## run chapters and solutions (or NOTEBOOKS=…) again and store what they print
	@.venv/bin/python tests/outputs.py $(NOTEBOOKS)

lock: setup ## compile the locks and environment.yml from pyproject.toml
	@.venv/bin/python tests/lock.py

lint: setup ## ruff, mypy, codespell
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/codespell

bench: setup ## measure against the bare docker commands; rows go to benchmarks/
	@.venv/bin/python -m benchmarks.run

soak: setup ## the long repeats and load; rows go to benchmarks/
	@.venv/bin/python -m benchmarks.soak
