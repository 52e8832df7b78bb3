# `make help` lists the targets. `run` and `test` need only make and Go.
.DEFAULT_GOAL := help
.SHELLFLAGS := -eu -c

# Only the race detector needs a C compiler.
export CGO_ENABLED := 0
# A workspace file in a parent folder would hide requirements that go.mod lacks.
export GOWORK := off

ARGS ?=
BENCH ?= .
FUZZTIME ?= 10s
TIMEOUT ?= 30m
SOAK ?= 15m

# Development tools are pinned in a separate module, so that they stay out of the module graph of embedders.
TOOL := go tool -modfile=tools/go.mod
RELEASE_TOOL := go tool -modfile=tools/release/go.mod
# Git refuses to read a clone of another owner; stamping its version would fail the build.
BUILD := go build -buildvcs=false

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  Variables: ARGS=… for run and bench, BENCH=… (a regular expression), FUZZTIME=… per target, TIMEOUT=… per package, SOAK=… for soak'

.PHONY: run
run: ## Build the example back office and start it (ARGS='-addr 127.0.0.1:9000')
	@$(BUILD) -o bin/backoffice ./examples/backoffice
	@exec ./bin/backoffice $(ARGS)

.PHONY: build
build: ## Build the command and all examples into bin/
	$(BUILD) -o bin/ ./cmd/... ./examples/...

# With -short, slow tests skip themselves; test-long runs them too.
.PHONY: test
test: ## Run the tests
	go test -short -timeout $(TIMEOUT) ./...

.PHONY: test-long
test-long: ## Run all tests, including those with large data and long runs
	go test -timeout $(TIMEOUT) ./...

# The command, the tables of the engine and internal/layout do one thing after the other; make test is enough for them.
.PHONY: race
race: ## Run the tests under the race detector in random order
	@if command -v "$$(go env CC | cut -d ' ' -f 1)" >/dev/null 2>&1; then \
		echo 'go test -race -shuffle=on -short, without cmd, authz/internal/table and internal/layout'; \
		CGO_ENABLED=1 go test -race -shuffle=on -short -timeout $(TIMEOUT) $$(go list ./... | grep -v -e /cmd/ -e /internal/table -e /internal/layout); \
	else \
		echo 'The race detector needs a C compiler ($$CC or gcc), and none was found; make test needs none.' >&2; \
		if [ -n "$${CI:-}" ]; then exit 1; fi; \
	fi

# test-long has two minutes of it on each database.
.PHONY: soak
soak: ## Run three instances under load, attacks and faults for SOAK on each database
	go test -count=1 -v -timeout 0 -run '^TestSoak$$' ./adapters/integration -args -soak $(SOAK)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME
	@listed=$$(go test -list '^Fuzz' -run '^$$' ./...) || { echo "$$listed"; exit 1; }; \
	targets=$$(echo "$$listed" | awk '/^Fuzz/ { name[++n] = $$1 } $$1 == "ok" { while (n) print name[n--], $$2 }'); \
	if [ -z "$$targets" ]; then echo 'No fuzz targets were found.' >&2; exit 1; fi; \
	echo "$$targets" | while read -r name package; do \
		echo "$$name in $$package"; \
		go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
	done

.PHONY: bench
bench: ## Compare decisions with a bare map, Casbin, Cedar and OPA (ARGS='-sizes S,M -peers=false')
	@go -C bench run . $(ARGS)

.PHONY: bench-own
bench-own: ## Run the benchmarks of the engine, the middleware and the stores
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./authz/... ./api/... ./adapters/...

.PHONY: cover
cover: ## Measure test coverage; bin/cover.html shows it line by line
	@mkdir -p bin
	go test -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=bin/all.out ./...
	@grep -v '\.gen\.go:' bin/all.out >bin/cover.out
	@go tool cover -html=bin/cover.out -o bin/cover.html
	@go tool cover -func=bin/cover.out | tail -n 1

.PHONY: fmt
fmt: ## Format the code
	$(TOOL) gofumpt -w .

.PHONY: generate
generate: ## Regenerate the generated code
	go generate ./...

.PHONY: lint lint-code lint-format lint-modules lint-generated lint-openapi lint-workflows
lint: lint-code lint-format lint-modules lint-generated lint-openapi lint-workflows ## Run the linters and check formatting, modules and generated code

# Benchmarks and tools are only vetted, by their stages: to check the types of what they import takes minutes.
lint-code:
	$(TOOL) golangci-lint run ./...
	go vet ./...
	@linter=$$($(TOOL) -n golangci-lint); \
	for module in $(MODULES); do echo "golangci-lint in $$module"; (cd "$$module" && "$$linter" run ./...); done

lint-format:
	@unformatted=$$($(TOOL) gofumpt -l .); \
	if [ -n "$$unformatted" ]; then echo 'Not formatted; run make fmt:'; echo "$$unformatted"; exit 1; fi

# Only the main module: tidying the tools would add what only the tests of their dependencies need.
lint-modules:
	go mod tidy -diff

# In a copy, so that it works on a tree with uncommitted changes and leaves it unchanged.
lint-generated:
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; \
	mkdir "$$copy/old"; tar -cf - --exclude=./.git --exclude=./bin --exclude=node_modules . | tar -xf - -C "$$copy/old"; \
	cp -R "$$copy/old" "$$copy/new"; \
	(cd "$$copy/new" && go generate ./...); \
	if ! (cd "$$copy" && diff -r old new); then echo 'The generated code is out of date; run make generate.' >&2; exit 1; fi

# Needs Node. Without it, the linters are skipped with a message.
lint-openapi:
	@tools/openapi/lint

lint-workflows:
	$(RELEASE_TOOL) actionlint

.PHONY: tools
tools: ## Vet and test the project's own development tools
	go -C tools vet ./...
	go -C tools test ./...
	go -C tools/contract vet ./...
	go -C tools/contract test ./...
	go -C tools/hosts/report vet ./...
	go -C tools/hosts/report test ./...

.PHONY: contract
contract: ## Validate the requests and answers of api's tests against openapi.yaml, with two validators
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	RIGHTFUL_RECORD=$$folder go test -count=1 -timeout $(TIMEOUT) ./api; \
	go -C tools/contract run ./exchanges "$(CURDIR)/api/openapi.yaml" "$$folder"

# A release is a tag v…; a clone without tags has no release.
.PHONY: breaking
breaking: ## Report what openapi.yaml breaks for clients of the last release
	@last=$$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true); \
	if [ -z "$$last" ]; then echo 'There is no release to compare api/openapi.yaml with.'; exit 0; fi; \
	old=$$(mktemp); trap 'rm -f "$$old"' EXIT; \
	git show "$$last:api/openapi.yaml" >"$$old"; \
	go -C tools/contract run ./breaking "$$old" "$(CURDIR)/api/openapi.yaml"

.PHONY: compatible
compatible: ## Report what the exported Go API breaks for embedders of the last release
	@tools/release/compatible

.PHONY: vulnerabilities
vulnerabilities: ## Report known vulnerabilities that the code can reach (asks vuln.go.dev)
	$(RELEASE_TOOL) govulncheck ./...

.PHONY: release
release: ## Build the archives of a release into bin/release
	@tools/release/build

.PHONY: console
console: ## Rebuild console/dist and its types from their sources (needs Node)
	cd console/app && npm ci --no-audit --no-fund --ignore-scripts && npm run --silent types && npm run --silent build

.PHONY: console-check
console-check: ## Check the console: types, tests, console/dist, and its pages in Chromium
	@console/app/check

.PHONY: peers
peers: ## Check that everything make bench compares makes the same decisions
	go -C bench vet ./...
	go -C bench test ./...

# Each host is a separate module, so that it links what a real host would.
.PHONY: hosts
hosts: ## Build and run four hosts, and report what they link
	@go -C tools/hosts/report run .

# What embedders shouldn't get with the main module is in modules of their own.
MODULES := adapters/casbinv3 api/grpcguard tools/routers

.PHONY: modules
modules: ## Vet and test the modules beside the main one: Casbin v3, gRPC, other routers
	@for module in $(MODULES); do echo "$$module"; go -C "$$module" vet ./...; go -C "$$module" test -short -timeout $(TIMEOUT) ./...; done

# Each stage has a budget in seconds on two cores. Together they take at most 29 minutes, so that people run the check;
# what takes longer belongs in check-long.
STAGES := tools:90 lint:200 race:480 test:300 contract:60 breaking:10 compatible:60 peers:60 hosts:60 modules:80 console-check:300 build:50
LONG_STAGES := test-long:1800 fuzz:600

# Continues after a failed stage, so that one run shows all failures.
define run-stages
@go version; failed=; times=; all=0; \
for entry in $(1); do \
	stage=$${entry%:*}; budget=$${entry#*:}; \
	printf '\n=== %s\n' "$$stage"; start=$$(date +%s); result=ok; \
	$(MAKE) --no-print-directory --keep-going "$$stage" || { result=FAILED; failed="$$failed $$stage"; }; \
	took=$$(($$(date +%s) - start)); all=$$((all + took)); note=; \
	if [ "$$took" -gt "$$budget" ]; then note='over its budget'; fi; \
	times="$$times$$(printf '%-10s %-6s %5d s of %4d %s' "$$stage" "$$result" "$$took" "$$budget" "$$note")\n"; \
done; \
printf "\n=== $@\n$$times"; printf '%-10s %-6s %5d s\n' all '' "$$all"; \
if [ -n "$$failed" ]; then echo "Failed:$$failed" >&2; exit 1; fi
endef

.PHONY: check
check: ## Run everything that CI runs: tools, lint, race, test, contract, breaking, compatible, peers, hosts, modules, console-check, build
	$(call run-stages,$(STAGES))

.PHONY: check-long
check-long: ## Run what takes too long for CI: all tests with large data, and fuzzing
	$(call run-stages,$(LONG_STAGES))

.PHONY: clean
clean: ## Remove build results
	rm -rf bin
