# make help says what there is. `run` and `test` need make and Go and nothing else.
.DEFAULT_GOAL := help
.SHELLFLAGS := -eu -c

# Only the race detector needs a C compiler.
export CGO_ENABLED := 0
# A workspace file somewhere above would hide what our go.mod lacks.
export GOWORK := off

ARGS ?=
BENCH ?= .
FUZZTIME ?= 10s
TIMEOUT ?= 30m

# Development tools, pinned in a module of their own so that they reach nobody's module graph.
TOOL := go tool -modfile=tools/go.mod
# A clone that belongs to someone else has no version to stamp, which would end the build.
BUILD := go build -buildvcs=false

.PHONY: help
help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  Variables: ARGS=… of run and bench, BENCH=… (a regular expression), FUZZTIME=… of each target, TIMEOUT=… of a package'

.PHONY: run
run: ## Build the example back office and start it (ARGS='-addr 127.0.0.1:9000')
	@$(BUILD) -o bin/backoffice ./examples/backoffice
	@exec ./bin/backoffice $(ARGS)

.PHONY: build
build: ## Build the command and all examples into bin/
	$(BUILD) -o bin/ ./cmd/... ./examples/...

# Tests that take many seconds skip themselves under -short; test-long runs them too.
.PHONY: test
test: ## Run the tests
	go test -short -timeout $(TIMEOUT) ./...

.PHONY: test-long
test-long: ## Run all tests, those with large data and long runs included
	go test -timeout $(TIMEOUT) ./...

.PHONY: race
race: ## Run the tests under the race detector in random order
	@if command -v "$$(go env CC | cut -d ' ' -f 1)" >/dev/null 2>&1; then \
		echo 'go test -race -shuffle=on -short ./...'; \
		CGO_ENABLED=1 go test -race -shuffle=on -short -timeout $(TIMEOUT) ./...; \
	else \
		echo 'The race detector needs a C compiler ($$CC, or gcc) and there is none; make test does without.' >&2; \
		if [ -n "$${CI:-}" ]; then exit 1; fi; \
	fi

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME
	@listed=$$(go test -list '^Fuzz' -run '^$$' ./...) || { echo "$$listed"; exit 1; }; \
	targets=$$(echo "$$listed" | awk '/^Fuzz/ { name[++n] = $$1 } $$1 == "ok" { while (n) print name[n--], $$2 }'); \
	if [ -z "$$targets" ]; then echo 'There is no fuzz target.' >&2; exit 1; fi; \
	echo "$$targets" | while read -r name package; do \
		echo "$$name in $$package"; \
		go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
	done

.PHONY: bench
bench: ## Measure decisions beside a bare map, Casbin, Cedar and OPA (ARGS='-sizes S,M')
	@go -C bench run . $(ARGS)

.PHONY: bench-own
bench-own: ## Run the benchmarks of the engine, the middleware and the stores
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./authz/... ./api/... ./adapters/...

.PHONY: cover
cover: ## Measure what the tests reach; bin/cover.html shows it line by line
	@mkdir -p bin
	go test -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=bin/all.out ./...
	@grep -v '\.gen\.go:' bin/all.out >bin/cover.out
	@go tool cover -html=bin/cover.out -o bin/cover.html
	@go tool cover -func=bin/cover.out | tail -n 1

.PHONY: fmt
fmt: ## Format the code
	$(TOOL) gofumpt -w .

.PHONY: generate
generate: ## Make the generated code anew
	go generate ./...

.PHONY: lint lint-code lint-format lint-modules lint-generated lint-openapi
lint: lint-code lint-format lint-modules lint-generated lint-openapi ## Look for faults without running anything

lint-code:
	$(TOOL) golangci-lint run ./...
	go vet ./...

lint-format:
	@unformatted=$$($(TOOL) gofumpt -l .); \
	if [ -n "$$unformatted" ]; then echo 'make fmt would change:'; echo "$$unformatted"; exit 1; fi

# Only our own: tidying the tools asks for what the tests of the tools' own dependencies need, and gains nothing.
lint-modules:
	go mod tidy -diff

# In a copy, so that it tells the truth about a tree with changes in it, and changes nothing.
lint-generated:
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; \
	mkdir "$$copy/old"; tar -cf - --exclude=./.git --exclude=./bin . | tar -xf - -C "$$copy/old"; \
	cp -R "$$copy/old" "$$copy/new"; \
	(cd "$$copy/new" && go generate ./...); \
	if ! (cd "$$copy" && diff -r old new); then echo 'The generated code is out of date: make generate' >&2; exit 1; fi

# Needs Node, and says so where there is none.
lint-openapi:
	@tools/openapi/lint

.PHONY: tools
tools: ## Check the development tools of our own
	go -C tools vet ./...
	go -C tools test ./...
	go -C tools/contract vet ./...
	go -C tools/contract test ./...
	go -C tools/hosts/report vet ./...
	go -C tools/hosts/report test ./...

.PHONY: contract
contract: ## Hold what the tests of api ask and get against openapi.yaml, by two validators
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	RIGHTFUL_RECORD=$$folder go test -count=1 -timeout $(TIMEOUT) ./api; \
	go -C tools/contract run ./exchanges "$(CURDIR)/api/openapi.yaml" "$$folder"

# A release is a tag v…; a clone that was made without tags knows of none.
.PHONY: breaking
breaking: ## Tell what openapi.yaml breaks for clients of the last release
	@last=$$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true); \
	if [ -z "$$last" ]; then echo 'There is no release yet that api/openapi.yaml could break with.'; exit 0; fi; \
	old=$$(mktemp); trap 'rm -f "$$old"' EXIT; \
	git show "$$last:api/openapi.yaml" >"$$old"; \
	go -C tools/contract run ./breaking "$$old" "$(CURDIR)/api/openapi.yaml"

.PHONY: peers
peers: ## Check that all that make bench measures decide alike
	go -C bench vet ./...
	go -C bench test ./...

# Each is a module of its own, so that it links what a real host would.
.PHONY: hosts
hosts: ## Build and run four hosts; report what they link
	@go -C tools/hosts/report run .

# A stage and its budget in seconds on two cores. All of them take at most 20 minutes, so that people run the check; what
# takes longer goes into check-long.
STAGES := tools:90 lint:180 race:420 test:240 contract:60 breaking:10 peers:60 hosts:90 build:50
LONG_STAGES := test-long:1800 fuzz:600

# Goes on after a stage that fails, so that one run shows everything.
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
check: ## All that CI runs: tools, lint, race, test, contract, breaking, peers, hosts, build
	$(call run-stages,$(STAGES))

.PHONY: check-long
check-long: ## What takes longer than CI has: all tests with large data, and fuzzing
	$(call run-stages,$(LONG_STAGES))

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin
