# Two commands: `make run` and `make test`. Everything else is for development.
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
DEMO ?= 1
TLS ?= 0

.PHONY: help setup run test check bars docs clean
help:           ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'
setup:          ## install what Lodeline needs, below this folder
	@$(PYTHON) bootstrap.py setup
run:            ## set up, load the demonstration world, serve. PORT= HOST= DEMO=0 TLS=1
	@$(PYTHON) bootstrap.py run --host $(HOST) --port $(PORT) $(if $(filter 1,$(DEMO)),--demo,) $(if $(filter 1,$(TLS)),--tls,)
test:           ## set up, run the tests. TESTS='words for pytest'
	@$(PYTHON) bootstrap.py test $(TESTS)
check:          ## static checks only
	@$(PYTHON) bootstrap.py check
bars:           ## the measured bars. AREA=foundation
	@$(PYTHON) bootstrap.py bars $(AREA)
docs:           ## build the documentation into site/
	@$(PYTHON) bootstrap.py docs
clean:          ## remove what set-up made; keeps var/
	rm -rf .venv .tools site frontend/node_modules conformance/node_modules src/lodeline_server/kit/static/vendor
