# Every target first brings .venv up to date (see deploy/install.sh); that takes 0.1 s when it is.
.PHONY: help run up down status token test bench detection faults access oncall fuzz canaries language lock advisories environment
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?=
export PYTHON
COMPILE := .tools/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
    --no-emit-index-url --python-version 3.11

help:
	@echo "make run [ONCE=1]                  starts all of it, plays a simulated organisation, shows what happened"
	@echo "make up | down | status            starts, stops, shows Kafka, PostgreSQL and every service"
	@echo "make -s token ROLE=... MEMBER=...  prints a person's token"
	@echo "make test                          lint, types, architecture, tests"
	@echo "make bench [SHORT=1] [ONLY=drain]  figures against the peers; a table, and .local/bench.json"
	@echo "make detection [MEMBERS=n] [SEED=n] how often it calls for nothing, how soon for something"
	@echo "make faults [SEED=n] [RUNS=m]      seeded faults on a running system; the seeds and what came of them"
	@echo "make access [SEED=n] [CASES=m]     seeded changes and reads, each held against who may read what"
	@echo "make fuzz [SEED=n] [SERVICE=...]   10,000 odd requests to every service: only documented answers"
	@echo "make oncall [SEED=n] [CASES=m]     30 simulated days of on-call, and who may never hear of an alert"
	@echo "make canaries                      strings that nobody may find, posted everywhere and looked for everywhere"
	@echo "make language                      how well distress is ranked and found in notes, beside VADER and keywords"
	@echo "make lock                          resolves the locked packages, the peers' and jars anew"
	@echo "make advisories                    asks OSV what is known of what is locked; without a network the list stays"

environment:
	@sh deploy/install.sh

run: environment
	@.venv/bin/python -m deploy.run $(if $(ONCE),--once)

up down status: environment
	@.venv/bin/python -m deploy $@

token: environment
	@.venv/bin/python -m deploy token --role "$(ROLE)" --member "$(MEMBER)"

test: environment
	@sh deploy/check.sh

bench: environment
	@.venv/bin/python -m tests.bench $(if $(SHORT),--quick) $(if $(ONLY),--only $(ONLY))

detection: environment
	@.venv/bin/python -m tests.detection $(if $(MEMBERS),--members $(MEMBERS)) $(if $(SEED),--seed $(SEED))

faults: environment
	@.venv/bin/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS))

access: environment
	@.venv/bin/python -m tests.access $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES))
	@ACCESS_EXAMPLES=100 .venv/bin/pytest tests/access/test_seeded.py

fuzz: environment
	@.venv/bin/python -m tests.fuzz $(if $(SEED),--seed $(SEED)) $(if $(SERVICE),--service $(SERVICE))

oncall: environment
	@.venv/bin/python -m tests.oncall days $(if $(SEED),--seed $(SEED)) --runs 3
	@.venv/bin/python -m tests.oncall recusal $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES))
	@RECUSAL_EXAMPLES=10000 .venv/bin/pytest tests/oncall

canaries: environment
	@.venv/bin/python -m tests.canaries

language: environment
	@.venv/bin/python -m tests.language $(if $(VALENCE),--valence $(VALENCE))

advisories: environment
	@.venv/bin/python -m deploy.advisories

lock: environment
	@$(COMPILE) --all-extras --output-file requirements.lock pyproject.toml
	@$(COMPILE) --output-file tests/bench/peers.lock tests/bench/peers.in
	@$(COMPILE) --output-file tests/language/baselines.lock tests/language/baselines.in
	@.venv/bin/python -m deploy lock
