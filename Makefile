# make demo   a shop with the banner, the dashboard and the API, on SQLite
# make test   everything: Python on PostgreSQL and on SQLite, JavaScript, browser, lint
# make coverage  how many lines the tests without a browser reach, and which they don't
# make quick  a commit's check, under five minutes: lint, and one browser's walk beside the tests that need no browser
# make guests  pages made with real frameworks, as a visitor's browser shows them
# make bench-guests  measures them anew, the main ones in Firefox and WebKitGTK too, and writes the tables of docs/guests.md
# make lock   requirements.lock from requirements.txt, requirements-pdf.lock for the image's PDFs
# make audit  asks the network whether something is known against what is installed
# make bench  the performance table
# make bench-banner  how soon the banner is there beside rivals', and its bytes
# make bench-growth  what more sites, releases, services and languages cost; a part of make bench
# make bench-peers  answers a second beside another consent server from npm
# make bench-soak  half an hour under half the load, with publishes, erasures and checkpoints
# make bench-against REV=<commit>  answers and scripts of this tree beside another revision's, interleaved
PORT ?= 8000
PY := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Some containers forbid it: then each of a run's many processes compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo serve test guests quick coverage test-js test-faults test-postgres test-sqlite lint lint-types lint-rest fmt build bench bench-against bench-peers bench-soak bench-growth bench-banner bench-blocking bench-guests
.PHONY: pictures audit lock clean

help:
	@sed -n 's/^# //p' Makefile

.venv/bin/python:
	@./scripts/need python3-venv
	python3 -c 'import sys; sys.exit("Fairgate needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	python3 -m venv .venv

.venv/.runtime: .venv/bin/python requirements.lock
	$(PY) -m pip install -q --require-hashes -r requirements.lock
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	$(PY) -m pip install -q -r requirements-dev.txt
	@touch $@

node_modules/.done: package.json package-lock.json
	@./scripts/need nodejs npm
	npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

demo: .venv/.runtime
	FAIRGATE_DEMO=1 $(PY) manage.py demo --port $(PORT)

serve: .venv/.runtime
	$(PY) manage.py serve --port $(PORT)

build: node_modules/.done
	npm run --silent build

test: .venv/.dev node_modules/.done
	@./scripts/need postgresql chromium firefox-esr nginx-light libnginx-mod-http-js libpangoft2-1.0-0 redis-server
	@./scripts/need chromium-headless-shell 2>/dev/null || true # only spares time (tests/conftest.py)
	$(MAKE) -j3 --output-sync=target test-faults lint-types lint-rest test-js
	$(MAKE) test-postgres
	$(MAKE) test-sqlite

test-js: node_modules/.done
	npm run --silent test

# The files with such tests: to collect all others takes each process seconds.
marked = $$(grep -rl 'pytest.mark.$(1)' tests --include='*.py')

# Starts and kills servers and waits for them half of its time: `make test` lints meanwhile.
test-faults: .venv/.dev
	$(PY) -m pytest -q -n 2 --dist worksteal -m faults $(call marked,faults) || $(PY) -m pytest -q -m faults --last-failed

# Playwright keeps an event loop running in its process, so what drives a browser has a process of its own. Browsers and
# killed servers race with the clock of a busy machine: what failed there is tried once more, and must then pass. Browser
# tests wait much of their time, so two cores bear six of them; of two measurements of the vectors one goes on while the
# other starts its browser or waits for its last pages.
test-postgres: .venv/.dev
	$(PY) -m pytest -q -n 3 -m "not browser and not faults"
	$(PY) -m pytest -q -n 6 --dist worksteal -m "browser and not vectors and not guests" $(call marked,browser) || $(PY) -m pytest -q -m "browser and not vectors and not guests" --last-failed
	$(PY) -m pytest -q -n 2 -m vectors $(call marked,vectors) || $(PY) -m pytest -q -m vectors --last-failed

# Pages of real frameworks, and generated documents, beside themselves without the gate; a fifth of these is in `make test`.
guests: .venv/.dev node_modules/.done
	@./scripts/need chromium
	$(PY) -m pytest -q -n 3 --dist worksteal -m guests

# What touches no database has been run on the way.
test-sqlite: .venv/.dev
	$(PY) -m pytest -q -n 3 -p no:cacheprovider --sqlite --database -m "not browser and not vectors and not faults"

# By itself: measuring costs a quarter of the time, and `make test` may take half an hour.
coverage: .venv/.dev
	@mkdir -p build && $(PY) -m coverage erase
	$(PY) -m coverage run -m pytest -q -n 3 -m "not browser and not faults"
	@$(PY) -m coverage combine -q
	$(PY) -m coverage report

quick: .venv/.dev node_modules/.done
	@./scripts/need chromium nginx-light libnginx-mod-http-js libpangoft2-1.0-0 redis-server
	$(MAKE) lint
	$(MAKE) test-js
	$(PY) -m pytest -q -n 2 --sqlite -m "not browser and not faults and not slow"
	$(PY) -m pytest -q --sqlite tests/browser/test_ribbon_page.py

lint: lint-types lint-rest

# Of all that lints, what takes longest: `make test` runs the rest beside it.
lint-types: .venv/.dev
	.venv/bin/mypy

lint-rest: .venv/.dev node_modules/.done
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	git ls-files -z -- '*.html' | grep -z '^templates/' | xargs -0 .venv/bin/djade --check --target-version 5.2
	npm run --silent lint
	npm run --silent types
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py spectacular --fail-on-warn --validate --file /dev/null

fmt: .venv/.dev node_modules/.done
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	git ls-files -z -- '*.html' | grep -z '^templates/' | xargs -0 .venv/bin/djade --target-version 5.2
	npx biome check --write cookiebanner/banner tests/js

audit: .venv/.runtime
	$(PY) -m scripts.audit

bench: .venv/.dev
	@./scripts/need postgresql nginx-light wrk
	$(PY) -m bench
	$(PY) -m bench.growth

# The other revision runs on this one's packages: an older one may need its own.
bench-against: .venv/.dev
	@./scripts/need postgresql wrk
	git worktree add --force --detach build/against $(REV)
	$(PY) -m bench.against build/against; code=$$?; git worktree remove --force build/against; exit $$code

bench-peers: .venv/.dev
	@./scripts/need postgresql wrk nodejs
	$(PY) -m bench.peers

bench-soak: .venv/.dev
	@./scripts/need postgresql wrk
	$(PY) -m bench.soak

bench-blocking: .venv/.dev node_modules/.done
	@./scripts/need chromium firefox-esr webkit2gtk-driver xvfb
	$(PY) -m bench.blocking
	for engine in firefox webkit; do $(PY) -m bench.blocking_engines table $$engine --minutes 600 || exit; done
	for engine in chromium firefox webkit; do $(PY) -m bench.blocking_engines races $$engine --minutes 600 || exit; done

bench-growth: .venv/.dev
	@./scripts/need postgresql
	$(PY) -m bench.growth

bench-banner: .venv/.dev node_modules/.done
	@./scripts/need chromium
	$(PY) -m bench.banner

bench-guests: .venv/.dev
	@./scripts/need chromium firefox-esr webkit2gtk-driver xvfb
	$(PY) -m tests.browser.frameworks.table --times 3
	$(PY) -m tests.browser.frameworks.table --engine firefox
	$(PY) -m tests.browser.frameworks.table --engine webkit
	$(PY) -m tests.browser.frameworks.guests

# The whole tree with hashes, for every Python from 3.11 on; no index is named in it.
lock: .venv/bin/python
	$(PY) -m pip install -q "$$(grep -o '^uv==[0-9.]*' requirements-dev.txt)"
	.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
		--output-file requirements.lock requirements.txt
	printf '%s\n' "$$(grep -o 'weasyprint==[0-9.]*' requirements-dev.txt)" | .venv/bin/uv pip compile --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet --no-strip-extras --constraints requirements.lock \
		--output-file requirements-pdf.lock -

pictures: .venv/.dev
	@./scripts/need chromium
	$(PY) -m scripts.pictures

clean:
	rm -rf .venv node_modules var build
