# Rollcall. `make` alone lists the targets. Needs Go, GNU make and bash;
# everything else is built from this repository or installed on the way.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

# The version that `rollcall version` prints; "dev" outside a git checkout.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# Fuzzing time for each target: in `make test` and `make fuzz`, and in
# `make verify`, where the targets that match VERIFY_FUZZ_LONG (on the text
# "directory:Name") get longer because strangers' bytes reach them first.
FUZZTIME             ?= 2s
VERIFY_FUZZTIME      ?= 5s
VERIFY_FUZZTIME_LONG ?= 60s
VERIFY_FUZZ_LONG     ?= internal/wire:Fuzz.*(Decode|Request)|internal/intake:Fuzz.*CSV

# How long the API is fuzzed from its OpenAPI document.
FUZZ_API_SECONDS ?= 300

# Arguments of the browser test.
BROWSERFLAGS ?=

# Arguments of the benchmark program: make bench BENCHFLAGS='-h'
BENCHFLAGS ?=

GOFMT     = "$$(go env GOROOT)/bin/gofmt"
GOFUMPT  := bin/gofumpt
GOLANGCI := bin/golangci-lint

say = @printf '\n== %s\n'

.PHONY: help build test verify conformance bench fmt lint fuzz fuzz-api whole kill cluster clean \
	cc clients peers postgres fmt-check vet laws race verify-fuzz browser chromium

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/rollcall, one static binary
	CGO_ENABLED=0 go build -trimpath -buildvcs=false \
		-ldflags '-X main.version=$(VERSION)' -o bin/rollcall ./cmd/rollcall

test: cc postgres fmt-check vet laws race fuzz ## the check before each commit (10 minutes at most)

verify: lint whole verify-fuzz kill cluster browser fuzz-api ## the long check: linters, all pages of a real organization, longer fuzzing, the kill test, several nodes in trouble, the page in a browser, the API fuzzed from its document (40 minutes at most)

conformance: clients ## run published SDKs, fetched from their registries, against a live server
	$(say) 'published SDKs'
	go test -tags=conformance -count=1 -v -timeout 20m ./conformance

bench: peers ## run the comparisons (arguments in BENCHFLAGS)
	go run ./bench $(BENCHFLAGS)

fmt: $(GOFUMPT) ## format all Go files
	$(GOFUMPT) -w .

lint: $(GOLANGCI) ## run the linters (.golangci.yml)
	$(say) 'linters'
	$(GOLANGCI) run ./...

fuzz: ## run each fuzz target for FUZZTIME (2s)
	$(say) 'fuzzing, $(FUZZTIME) each'
	@tools/fuzz.sh '$(FUZZTIME)'

fuzz-api: build ## call a server with what schemathesis makes of /openapi.json, for FUZZ_API_SECONDS (300)
	$(say) 'the API, fuzzed from its document for $(FUZZ_API_SECONDS) s'
	@tools/fuzz-api.sh '$(FUZZ_API_SECONDS)'

clean: ## remove bin/
	rm -rf bin

# The steps of `make test` and `make verify`, in the order in which they run.

# The race detector needs cgo, and cgo a C compiler.
cc:
	@cc=$$(go env CC); command -v "$${cc%% *}" >/dev/null || \
		MUST=1 tools/install.sh 'C compiler (for the race detector)' gcc libc6-dev

# The tests run PostgreSQL and pgbouncer on ports of their own: what Debian's
# packages start does not matter to them. Where they cannot be installed, what
# needs them says "not run"; with CI=true it fails.
postgres:
	@want=(); \
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || want+=(postgresql); \
	{ command -v pgbouncer || [ -x /usr/sbin/pgbouncer ]; } >/dev/null || want+=(pgbouncer); \
	tools/install.sh 'for the tests of the second engine' "$${want[@]}"

# What the SDKs of `make conformance` are fetched and run with. Where it is not
# there and cannot be installed, those SDKs are named as not run.
clients:
	@want=(); \
	{ command -v mvn && command -v javac; } >/dev/null || want+=(maven default-jdk-headless); \
	python3 -c 'import ensurepip, venv' 2>/dev/null || want+=(python3 python3-venv); \
	{ command -v node && command -v npm; } >/dev/null || want+=(nodejs npm); \
	command -v curl >/dev/null || want+=(curl); \
	tools/install.sh 'for the SDKs' "$${want[@]}"

# What P9 of `make bench` is compared with, and what slows the disk down for it.
# Where it is not there and cannot be installed, its line says "not run".
peers:
	@want=(); \
	compgen -G '/usr/lib/postgresql/*/bin/pgbench' >/dev/null || command -v pgbench >/dev/null || want+=(postgresql); \
	{ command -v slapd || [ -x /usr/sbin/slapd ]; } >/dev/null || want+=(slapd); \
	command -v strace >/dev/null || want+=(strace); \
	tools/install.sh 'for the comparisons' "$${want[@]}"

fmt-check:
	$(say) 'formatting'
	@bad=$$($(GOFMT) -l .); [ -z "$$bad" ] || { \
		printf 'not formatted, run "make fmt":\n%s\n' "$$bad" >&2; exit 1; }

vet:
	$(say) 'go vet'
	go vet ./...

laws:
	$(say) 'laws of the repository'
	go test -run TestLaw .

# The packages whose tests take longest begin first, so that none of them is alone
# at the end.
LONGEST := ./internal/store/sqlite ./internal/api ./internal/store/postgres ./internal/directory ./cmd/rollcall
race:
	$(say) 'tests, with the race detector'
	CGO_ENABLED=1 go test -race -timeout 15m -skip '$(WHOLE)' $(LONGEST) ./...

verify-fuzz:
	$(say) 'fuzzing, $(VERIFY_FUZZTIME) each, $(VERIFY_FUZZTIME_LONG) for the parsers of foreign bytes'
	@tools/fuzz.sh '$(VERIFY_FUZZTIME)' '$(VERIFY_FUZZTIME_LONG)' '$(VERIFY_FUZZ_LONG)'

# A real organization as a whole and the scripts of commands, which take minutes with
# the race detector and have nothing that runs at once: make verify runs them without.
WHOLE := ^(TestScripts|TestKubernetes|TestQuestionsAgreeWithANaiveComputation|TestAVirtualMonth|Test(Following|Feeding)AndImportingGiveTheSameDays|TestMovedOrganizationAnswersTheSame)$$
whole:
	$(say) 'a real organization as a whole'
	go test -count=1 -run '$(WHOLE)' ./internal/api ./internal/rest ./cmd/rollcall

# Kills the server in the middle of writes and counts what it had acknowledged.
kill: cc
	$(say) 'kill test'
	@if grep -rqs --include='*_test.go' '^func TestKill' cmd/rollcall; then \
		CGO_ENABLED=1 go test -race -count=1 -tags=kill -run TestKill -timeout 20m ./cmd/rollcall/...; \
	else echo 'there is none yet in cmd/rollcall'; fi

# Several servers on one PostgreSQL, which are killed, stopped and cut off from it.
# Each test that chooses at random prints how to run it again with its seed. Without
# the race detector, which takes several times as much of both: what measures memory,
# and what compares the engines and stands behind a pooler.
CLUSTER_PLAIN := ^TestCluster(ManyOrganizations|Engines)
cluster: cc postgres
	$(say) 'several nodes on one PostgreSQL'
	CGO_ENABLED=1 go test -race -count=1 -tags=cluster -run TestCluster -skip '$(CLUSTER_PLAIN)' -timeout 10m ./cmd/rollcall
	go test -count=1 -tags=cluster -run '$(CLUSTER_PLAIN)' -timeout 10m ./cmd/rollcall -many.orgs=250
	go test -count=1 -tags=cluster -run TestConformanceThroughAPooler -timeout 10m ./internal/store/postgres

# The page of the API in a real browser. Pictures of it, light and dark and in
# several widths: make browser BROWSERFLAGS=-browser.shots=DIR
browser: chromium
	$(say) 'the page in a browser'
	go test -count=1 -tags=browser -run TestPage -timeout 10m ./cmd/rollcall $(BROWSERFLAGS)

chromium:
	@for b in chromium chromium-browser google-chrome headless-shell; do command -v $$b >/dev/null && exit; done; \
	MUST=1 tools/install.sh 'Chromium (for the page)' chromium

# Development tools, at the versions that tools/go.mod pins.

$(GOFUMPT): tools/go.mod tools/go.sum
	cd tools && go build -o ../$@ mvdan.cc/gofumpt

$(GOLANGCI): tools/go.mod tools/go.sum
	$(say) 'building golangci-lint (some minutes, the first time)'
	cd tools && go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
