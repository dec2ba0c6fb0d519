# `make run` starts Wharf, `make test` tests all of it, `make help` tells the rest.
# What is needed: Go, a C compiler for the race detector, and for the tests the
# clients that `make tools` installs where they are missing.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION   ?= 0.1.0-dev
FUZZTIME  ?= 1m
ARGS      ?=
FUZZ      ?= $(shell grep -rl --include='*_test.go' --exclude-dir=.tools '^func Fuzz' . | xargs -n1 dirname | sort -u)
TOOLS     := .tools/bin
NODE      := .tools/node
MORENODE  := .tools/morenode
MORE      := mycli mydumper unixodbc odbc-mariadb python3-pyodbc python3-peewee python3-django python3-aiomysql ruby-mysql2 ruby-activerecord
MORE      += php-doctrine-dbal ruby-sequel libdbix-class-perl libdbd-mariadb-perl python3-pyqt5.qtsql libqt5sql5-mysql mysqltcl lua-sql-mysql lua5.3 mysqltuner percona-toolkit
# dbconfig-no-thanks answers what phpMyAdmin's package would ask, and php-cgi
# spares Adminer's package a web server.
MORE      += phpmyadmin dbconfig-no-thanks adminer php-cgi chromium
DRIVERS   := python3-pymysql python3-mysqldb python3-sqlalchemy php-mysql libdbd-mysql-perl libmariadb-java
# Tests write up to 7 GiB at a time, which is not for a /tmp in memory, and talk
# to this machine alone, which is not for a proxy.
SCRATCH   := .tools/tmp
LOCAL     := 127.0.0.1,localhost
WITH      := TMPDIR='$(CURDIR)/$(SCRATCH)' PATH='$(CURDIR)/$(TOOLS)':"$$PATH" \
             no_proxy="$(LOCAL),$${no_proxy:-}" NO_PROXY="$(LOCAL),$${NO_PROXY:-}"
VERSITYGW := v1.8.0
DAMAGED   := ./storage/local/fsck ./cmd/wharf
LDFLAGS   := -X main.version=$(VERSION)
ONLY          ?=
BENCH_AGAINST ?= 97a9245
BEFORE        := $(SCRATCH)/wharf-$(BENCH_AGAINST)

.PHONY: help build run test test-clients noduck tools packages clients compiler check vulnerabilities demo fuzz soak bench clean

help: ## shows this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build: ## leaves bin/wharf (VERSION=… names the version)
	go build -ldflags '$(LDFLAGS)' -o bin/wharf ./cmd/wharf

run: build ## builds and starts the server (ARGS='--mysql-addr …' are handed on)
	bin/wharf serve $(ARGS)

# What tests/attack measures is memory, of which the race detector takes several
# times as much: its tests are left out of the first run. Damage at many places is
# mostly the disk's work, which the race detector would only slow down.
test: tools noduck ## all tests, with the race detector and real clients; those of memory, damage, long simulations and noduck without it
	mkdir -p $(SCRATCH)
	$(WITH) go test -race -timeout 45m ./...
	$(WITH) go test -timeout 30m ./tests/attack
	$(WITH) go test -timeout 30m -run '^Test(PowerLoss|SpaceIsGivenBack|ClearCutShort|CutAfterKill)' ./storage/local
	$(WITH) go test -timeout 30m -parallel 8 -run '^TestDamage$$' $(DAMAGED) -damage-places 20

# A matrix of its own, because it installs a lot.
test-clients: clients $(MORENODE)/installed ## the second matrix of clients: ORMs, ODBC and MySQL's tools, each from its package
	@missing=; \
	for package in $(MORE); do \
	  [ "$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null)" = installed ] || missing+=" $$package"; \
	done; \
	$(call apt-install,$$missing)
	go -C tests/moreclients/golang mod download
	mkdir -p $(SCRATCH)
	$(WITH) go test -tags moreclients -timeout 30m ./tests/moreclients

# What needs no SELECT over files passes without DuckDB, and without C: a part of
# the tests that takes a minute, of every package and of the server itself.
PURE       := . ./cmd/... ./httpapi/... ./meta/... ./server ./sql ./sql/eval ./sql/exec ./sql/rowexec ./sql/textfile ./storage/dir
PURE_TESTS := ^(TestPage|TestCurl|TestCurlManyFiles|TestReplaceIsAtomic|TestDownloadCurl|TestDefinitions|TestFolderStage|TestPresign|TestPipedScript|TestWithoutDuckDB)$$

noduck: tools ## tests of a build without DuckDB: pure Go, as the one for macOS
	mkdir -p $(SCRATCH)
	$(WITH) CGO_ENABLED=0 go test -tags noduck -short $(PURE)
	$(WITH) CGO_ENABLED=0 go test -tags noduck ./tests -run '$(PURE_TESTS)'

# Only what is missing is installed: Debian's packages by apt-get, as root or
# by sudo, mysql2 by npm, and the S3 server that the tests talk to by go.
# mariadb-server-core is MariaDB's server without a service of the system.
tools: compiler packages $(TOOLS)/.versitygw-$(VERSITYGW) $(NODE)/installed ## installs what the tests need

packages: clients
	@missing=; \
	command -v php >/dev/null || missing+=' php-cli'; \
	command -v javac >/dev/null || missing+=' default-jdk-headless'; \
	command -v node >/dev/null || missing+=' nodejs'; \
	command -v npm >/dev/null || missing+=' npm'; \
	command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || missing+=' mariadb-server-core'; \
	[ -e /usr/share/zoneinfo/Europe/Prague ] || missing+=' tzdata'; \
	command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=' nginx-light'; \
	command -v strace >/dev/null || missing+=' strace'; \
	command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || missing+=' haproxy'; \
	for package in $(DRIVERS); do \
	  [ "$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null)" = installed ] || missing+=" $$package"; \
	done; \
	$(call apt-install,$$missing)

clients:
	@missing=; \
	command -v curl >/dev/null || missing+=' curl'; \
	command -v mariadb >/dev/null || missing+=' mariadb-client'; \
	$(call apt-install,$$missing)

$(NODE)/installed: tests/clients/node/package.json tests/clients/node/package-lock.json | packages
	@mkdir -p $(NODE); cp $^ $(NODE)
	cd $(NODE) && npm ci --omit=peer --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(MORENODE)/installed: tests/moreclients/node/package.json tests/moreclients/node/package-lock.json | packages
	@mkdir -p $(MORENODE); cp $^ $(MORENODE)
	cd $(MORENODE) && npm ci --omit=peer --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

compiler:
	@missing=; command -v "$$(go env CC)" >/dev/null || missing=' gcc libc6-dev'; \
	$(call apt-install,$$missing)

apt-install = if [ -n "$(1)" ]; then \
	  as=; [ "$$(id -u)" = 0 ] || as=sudo; \
	  echo "installing$(1)"; \
	  $$as apt-get update -q && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(1); \
	fi

$(TOOLS)/.versitygw-$(VERSITYGW):
	GOBIN='$(CURDIR)/$(TOOLS)' GOFLAGS= go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW)
	@touch $@

check: vulnerabilities ## format, vet, staticcheck, go.mod, macOS, known vulnerabilities
	@unformatted="$$(find . -path ./.tools -prune -o -name '*.go' -print0 | xargs -0 gofmt -l)"; if [ -n "$$unformatted" ]; then \
	  echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	GOOS=darwin go build -tags noduck -o /dev/null ./cmd/wharf
	go tool staticcheck ./...
	go mod tidy -diff

# The probe asks for the database's date. Where that fails the check is left
# out, and says so, since nothing about this source can be told without it.
vulnerabilities:
	@govulncheck="$$(go tool -n govulncheck)"; \
	if timeout 15 "$$govulncheck" -version 2>/dev/null | grep -q '^DB updated'; then \
	  echo "go tool govulncheck ./..."; "$$govulncheck" ./...; \
	else \
	  echo "LEFT OUT: govulncheck, because the vulnerability database cannot be reached from here"; \
	fi

demo: build clients $(TOOLS)/.versitygw-$(VERSITYGW) ## the File Upload API page, command by command, with its outputs
	mkdir -p $(SCRATCH)
	$(WITH) tests/demo.sh bin/wharf

fuzz: ## every fuzz target for FUZZTIME each, of the packages in FUZZ (all)
	@for pkg in $(FUZZ); do \
	  targets="$$(go test -list '^Fuzz' "$$pkg")"; \
	  for target in $$(sed -n '/^Fuzz/p' <<<"$$targets"); do \
	    echo "fuzz $$pkg $$target"; \
	    go test "$$pkg" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x; \
	  done; \
	done

# Damage is mostly the disk's work: syncs, which a folder in memory has no wait for.
soak: tools ## large and many uploads at once, and the memory they take; a minute of all attacks together; damage at 200 places
	mkdir -p $(SCRATCH)
	$(WITH) go test -count=1 -v -timeout 30m -run '^TestSoak' ./tests
	$(WITH) go test -count=1 -v -timeout 10m -run '^TestTogether$$' ./tests/attack -attack-time 1m
	seed=$$RANDOM; echo "damage-seed $$seed"; \
	folder=$$(mktemp -d /dev/shm/wharf-damage-XXXXXX 2>/dev/null || mktemp -d '$(CURDIR)/$(SCRATCH)/damage-XXXXXX'); trap "rm -rf '$$folder'" EXIT; \
	$(WITH) TMPDIR="$$folder" go test -count=1 -timeout 60m -parallel 8 -run '^TestDamage$$' $(DAMAGED) -damage-places 200 -damage-seed $$seed

# BENCH_AGAINST is the last commit whose local store was not yet a log of its
# own. ONLY names groups of tests/bench/RESULTS.md, or loads; the other groups
# of the page stay as they are.
bench: build tools $(BEFORE) ## Wharf beside itself before, nginx, versitygw, MariaDB and DuckDB; writes tests/bench/RESULTS.md (ONLY=queries runs a group)
	mkdir -p $(SCRATCH)
	go build -o $(SCRATCH)/bench-library ./tests/bench/library
	$(WITH) go run ./tests/bench -wharf bin/wharf -before $(BEFORE) -versitygw $(TOOLS)/versitygw \
	  -library $(SCRATCH)/bench-library -out tests/bench/RESULTS.md -only '$(ONLY)' $(ARGS)

$(BEFORE):
	@mkdir -p $(SCRATCH)
	@if ! git cat-file -e '$(BENCH_AGAINST)^{commit}' 2>/dev/null; then \
	  echo "LEFT OUT: Wharf at $(BENCH_AGAINST), because this clone does not have that commit"; \
	else \
	  from=$$(mktemp -d $(SCRATCH)/bench-source-XXXXXX); trap "rm -rf $$from" EXIT; \
	  git archive '$(BENCH_AGAINST)' | tar -x -C "$$from"; \
	  echo "building Wharf at $(BENCH_AGAINST)"; \
	  (cd "$$from" && go build -buildvcs=false -o '$(CURDIR)/$@' ./cmd/wharf); \
	fi

clean: ## removes what build and tools left
	rm -rf bin .tools
