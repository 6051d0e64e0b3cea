# Two commands set everything up: `make demo` and `make test`. The others are for daily work.

SWIFT ?= swift
RELEASE = $(SWIFT) build -c release --product weir --static-swift-stdlib

.PHONY: demo test build lint format bench packages-%

demo: build
	.build/release/weir demo $(ARGUMENTS)

build: packages-build
	$(RELEASE)

# A first build takes minutes; --skip-build keeps the second step from asking again.
test: packages-test
	$(SWIFT) build --build-tests
	SWIFT_BACKTRACE=enable=no $(SWIFT) test --skip-build

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift
	scripts/tidy

format:
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

bench: packages-bench build
	Benchmarks/run

packages-%:
	@scripts/packages $*
