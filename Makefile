# `make run` serves the whole platform, `make test` runs every test; each does its own set-up.

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
ifeq ($(PYTHON),)
$(error Python 3.11 or newer is needed. On Debian: apt install python3 python3-venv)
endif

IN_VENV := .venv/bin/python
PORT ?= 8000
DETACH ?=
export PORT

.PHONY: run stop test looks api-cases check books bench faults pictures setup
.DEFAULT_GOAL := run

run: setup
	@$(IN_VENV) -m tools.typesetting
	@$(IN_VENV) -m tools.run $(if $(DETACH),--detach)

stop:
	@test ! -x $(IN_VENV) || $(IN_VENV) -m tools.run --stop

# TESTS= chooses some, e.g. make test TESTS=tests/credit
test: setup
	@$(IN_VENV) -m tools.typesetting
	@$(IN_VENV) -m tools.browser
	@$(IN_VENV) -m tools.rival
	@$(IN_VENV) -m tools.services with $(IN_VENV) -m pytest -n logical --maxprocesses 8 $(TESTS)

# Every page in light, dark and elder mode at both widths; `make test` takes some of these looks.
looks: setup
	@$(IN_VENV) -m tools.browser
	@LOOKS=all $(IN_VENV) -m tools.services with $(IN_VENV) -m pytest -n logical tests/site/test_look.py

# Every operation of the interface, with so many made-up calls each: some 20,000 in all.
API_EXAMPLES ?= 650
api-cases: setup
	@API_EXAMPLES=$(API_EXAMPLES) $(IN_VENV) -m tools.services with $(IN_VENV) -m pytest -s -n 0 \
		tests/api/test_whole_interface.py

check: setup
	@$(IN_VENV) -m tools.check

books: setup
	@$(IN_VENV) -m tools.services with $(IN_VENV) manage.py check_books

# ONLY=charge_api measures one; BENCH=long grows to ten million bills; WRITE=1 writes docs/performance.md
bench: setup
	@$(IN_VENV) -m tools.rival
	@$(IN_VENV) -m tools.services with $(IN_VENV) manage.py bench \
		$(if $(ONLY),--only $(ONLY)) $(if $(WRITE),--write)

# FAULTS=quick, standard or long; ONLY= chooses some, e.g. make faults ONLY="server disk-full". The mutants and
# the restore drill follow, but not after the quick ones or chosen ones.
FAULTS ?= standard
faults: setup
	@$(IN_VENV) -m faults --size $(FAULTS) $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY)$(filter quick,$(FAULTS)),,$(IN_VENV) -m faults mutants)
	@$(if $(ONLY)$(filter quick,$(FAULTS)),,$(IN_VENV) -m faults restore --size $(FAULTS))

# The README's pictures, of a demo city of their own.
pictures: setup
	@$(IN_VENV) -m tools.browser
	@$(IN_VENV) -m tools.pictures

setup:
	@$(PYTHON) -m tools.environment
