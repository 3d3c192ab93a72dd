# Hasta Luego. `make` alone says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

DIST := internal/web/assets/dist

.PHONY: help
help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: check-go
check-go:
	@scripts/check_go.sh

.PHONY: assets
assets: check-go ## Bundle the stylesheet and the script into the program
	@cd tools && go run ./assets ../$(DIST) ../web/css/app.css ../web/js/envelope.js

.PHONY: first
first:
	@[ -e bin/hasta ] || echo "The first build downloads some 135 MB of Go modules and compiles them: about five minutes on two cores, and little is said meanwhile."

.PHONY: build
build: first assets ## Build bin/hasta
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/hasta ./cmd/hasta

.PHONY: demo
demo: build ## Run a sample company: portals, letters, a clock to push
	@bin/hasta demo $(ARGS)

.PHONY: demo-systems
demo-systems: build ## A customer with forty accesses leaves real systems: OpenLDAP, SCIM, PostgreSQL, S3, OAuth, billing
	@[ -e bin/demo-systems ] || echo "The first time, the far systems are installed, and one is built from its sources: some minutes more."
	@scripts/provision.sh systems
	@CGO_ENABLED=0 go build -trimpath -o bin/demo-systems ./scripts/systems
	@bin/demo-systems $(ARGS)

.PHONY: test
test: check-go ## Everything: provision, lint, all tests on both databases and in a browser
	@scripts/test.sh

.PHONY: tour
tour: check-go ## The README in a clean chroot with an empty home, and its tour in a browser (root; takes its time)
	@scripts/tour.sh

.PHONY: test-fast
test-fast: assets ## Under a minute: no PostgreSQL, no browser
	go test ./...

.PHONY: a11y
a11y: assets ## axe on every page: two languages, two themes, two widths (CI looks at each once)
	HASTA_E2E=1 HASTA_A11Y=full CHROMIUM=$${CHROMIUM:-$$(command -v chromium-headless-shell || command -v chromium)} go test -timeout 30m -count 1 ./e2e -run Accessible

.PHONY: stories
stories: assets ## Every story on both databases, in a browser in both languages too (CI runs each on one; needs HASTA_TEST_POSTGRES)
	HASTA_E2E=1 HASTA_STORIES=full HASTA_REQUIRE_POSTGRES=1 CHROMIUM=$${CHROMIUM:-$$(command -v chromium-headless-shell || command -v chromium)} go test -timeout 60m -count 1 ./e2e ./internal/app ./internal/web/portal
	HASTA_STORIES=full go test -timeout 30m -count 1 ./cmd/hasta -run NothingBringsBack

.PHONY: race
race: assets ## Everything but the browser under the race detector (CI races what shares memory)
	@scripts/race.sh

.PHONY: lint
lint: assets ## gofumpt, go vet and golangci-lint
	@scripts/lint.sh

.PHONY: vuln
vuln: assets ## Known vulnerabilities in what is linked (asks vuln.go.dev)
	@scripts/lint.sh vulnerabilities

.PHONY: gen
gen: check-go ## Write generated files again
	@cd tools && go build -o ../bin/templ github.com/a-h/templ/cmd/templ
	bin/templ generate -path internal/web
	go test ./internal/jurisdiction ./internal/playbook ./cmd/hasta ./internal/web/api -run Reference -update

.PHONY: verify
verify: gen ## Generated files and go.mod are what the sources say
	git diff --exit-code -- '*_templ.go' docs/reference
	go mod tidy -diff
	go mod verify

.PHONY: simulate
simulate: check-go ## 10,600 simulated experiments with their seeds: what they find, and how often where nothing is (CI runs them too)
	go test -count 1 -v -run 'Simulated|Nothing' ./internal/experiment

.PHONY: bench
bench: assets ## Benchmarks, with their baselines beside them
	go test -run '^$$' -bench . -benchtime 1s ./internal/...
	go test -run '^$$' -bench Known -benchtime 1x ./cmd/hasta

.PHONY: bench-engine
bench-engine: assets ## Departures per second on both databases: make bench-engine CASES=1000
	@scripts/bench_engine.sh $(CASES)

.PHONY: chaos
chaos: assets ## Kill, fill and restart everything under load: make chaos KILLS=100 CASES=500
	@scripts/chaos.sh $(KILLS) $(CASES)

.PHONY: twin
twin: check-go ## Statements in Go and in SQL on random cases: make twin CASES=100000 (needs HASTA_TEST_POSTGRES; CI looks at a thousand)
	HASTA_TWIN=$(or $(CASES),100000) HASTA_REQUIRE_POSTGRES=1 go test -v -count 1 -timeout 60m ./internal/settlement -run Twin

.PHONY: bench-revocations
bench-revocations: assets ## Accesses closed at a system that takes 50 ms, beside what its calls alone take, both databases: make bench-revocations ACCESSES=10000
	@scripts/bench_revocations.sh $(ACCESSES)

.PHONY: bench-import
bench-import: build ## One million rows beside a running server, both databases: time, memory, how long people wait
	@scripts/bench_import.sh bin/hasta $(ROWS)

.PHONY: bench-audit
bench-audit: assets ## A million entries of the log verified, beside reading the same rows once: make bench-audit ENTRIES=1000000
	HASTA_BENCH_ENTRIES=$(or $(ENTRIES),1000000) go test -run '^$$' -bench VerifyLog -benchtime 1x -timeout 60m ./cmd/hasta

.PHONY: bench-ending
bench-ending: assets ## A tariff of a telecom ends in one act, given away by rule, beside departures by hand, both databases: make bench-ending ENDINGS=5000
	@scripts/bench_ending.sh $(ENDINGS)

.PHONY: bench-export
bench-export: assets ## Ten gigabytes of files of a customer made into a bundle, killed in the middle too, beside plain ZIP; three times the room: make bench-export MB=1024
	HASTA_BENCH_EXPORT_MB=$(or $(MB),10240) go test -run '^$$' -bench 'Export$$' -benchtime 1x -timeout 120m -v ./cmd/hasta

.PHONY: bench-large
bench-large: assets ## Files above four gigabytes in a bundle, read back by our verifier and by unzip, Python and the second verifier of BagIt; six times the room: make bench-large MB=4608
	HASTA_BENCH_LARGE_MB=$(or $(MB),4608) go test -run '^$$' -bench 'LargeFile$$' -benchtime 1x -timeout 120m -v ./cmd/hasta

.PHONY: bench-portal
bench-portal: assets ## The portal under load, beside a bare handler and bare inserts in the same run
	go test -run '^$$' -bench Portal -benchtime 1x -timeout 15m ./cmd/hasta

.PHONY: live-stripe
live-stripe: check-go ## The connector of Stripe at Stripe itself, in test mode: STRIPE_TEST_KEY=sk_test_… make live-stripe
	@scripts/live_stripe.sh

.PHONY: live-bagit
live-bagit: ## A bundle judged by bagit.py of the Library of Congress: make live-bagit BUNDLE=what-they-took.zip
	@scripts/live_bagit.sh "$(BUNDLE)"
