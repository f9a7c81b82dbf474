# Every task of this project is a target here; `make` alone lists them. Their logic is in tools/ and crates/xtask.

# A variable that is typed after a target reaches the programs unexpanded. make would expand it for their environment, and so run the
# command in `REGION='$(shell …)'`.
override typed := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
$(foreach name,$(typed),$(eval override $(name) := $$(value $(name)))$(eval export $(name)))

ifneq ($(words $(CURDIR)),1)
$(error make cannot work in a folder whose path has spaces: move this one, which is "$(CURDIR)")
endif

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

EVENT ?= events/bedrock-test-001.json

# The project's own tools come first. PATH alone is changed; nothing outside this folder is.
export PATH := $(CURDIR)/.tools/venv/bin:$(value PATH)

# Values reach the programs by the environment: a command line would have the shell read them.
export XTASK_EVENT := $(value EVENT)
export XTASK_PROMPT := $(value P)
export XTASK_SCHEMA := $(value SCHEMA)
export XTASK_TARGET := $(value TARGET)
export XTASK_FAULT := $(value FAULT)
export XTASK_UPSTREAM := $(value UPSTREAM)
export XTASK_UPSTREAM_MODEL := $(value UPSTREAM_MODEL)
export XTASK_PAGE := $(value PAGE)
# A MODEL in the environment is for deploys. Only one that is typed after the target is for this call.
export XTASK_MODEL := $(if $(filter MODEL,$(typed)),$(value MODEL))

export BATCH_INPUT := $(value INPUT)
export BATCH_OUTPUT := $(value OUTPUT)
export BATCH_TEMPLATE := $(value TEMPLATE)
export BATCH_TEMPLATE_FILE := $(value TEMPLATE_FILE)
export BATCH_CONCURRENCY := $(value CONCURRENCY)
export BATCH_COST_LIMIT_USD := $(value COST_LIMIT_USD)
export BATCH_YES := $(value YES)
export BATCH_JSON := $(value JSON)
export BATCH_CSV := $(value CSV)
# As MODEL.
export BATCH_SERVICE_TIER := $(if $(filter SERVICE_TIER,$(typed)),$(value SERVICE_TIER))

# The programs get them under the names above alone.
unexport EVENT P SCHEMA TARGET FAULT UPSTREAM UPSTREAM_MODEL PAGE INPUT OUTPUT TEMPLATE TEMPLATE_FILE CONCURRENCY CSV

##@ Try it

.PHONY: help
help: ## List the targets: ALL=1 lists those too that CI and other targets call
	@tools/help $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Put the pinned tools for AWS and make watch into .tools (once)
	@tools/setup lambda

.PHONY: invoke
invoke: ## Invoke the function: EVENT=file, TARGET=local|aws, FAULT=throttle:2
	@tools/setup && tools/xtask invoke

.PHONY: ask
ask: ## Ask the function: P="What is AWS Lambda?", MODEL=one granted, SCHEMA=file.json
	@tools/setup && tools/xtask ask

.PHONY: chat
chat: ## Talk with the function, at a terminal or in a pipe; PAGE=1 in a browser
	@tools/setup && tools/xtask chat

.PHONY: batch
batch: ## Ask every prompt of a file: INPUT=events/batch/prompts.jsonl OUTPUT=answers.jsonl
	@tools/setup && tools/batch

.PHONY: watch
watch: setup ## Run the function until Ctrl-C, reloading it as its code changes
	@tools/xtask watch

##@ Test it

.PHONY: test
test: setup ## Run every check and test
	@tools/test

.PHONY: test-invoke
test-invoke: setup ##- Test make invoke, ask, chat and watch from end to end
	@tools/test invoke

.PHONY: test-counts
test-counts: build ##- Count the function's instructions: UPDATE_BASELINE=1 takes them as they are
	@tools/test counts

.PHONY: fuzz
fuzz: ## Give the function hostile input: FUZZ_SECONDS=60 for each target
	@tools/fuzz

.PHONY: load
load: ## Put function and batch under load: 20,000 invocations, 200 processes, kills
	@tools/load

.PHONY: bench
bench: setup build ## Measure beside Node.js and plain Rust, rewrite the tables (root); JSON=1
	@tools/bench compare

.PHONY: bench-short
bench-short: setup build ##- The same, for a look: three cold starts, and nothing written
	@tools/bench short

.PHONY: bench-stream
bench-stream: setup build ## Measure streamed answers beside the same, rewrite the tables (root); JSON=1
	@tools/bench stream

.PHONY: bench-batch
bench-batch: setup ## Measure make batch beside Python and the AWS CLI, rewrite the tables; JSON=1
	@tools/bench batch

.PHONY: bench-growth
bench-growth: setup build ## Measure how cost grows with size, rewrite the tables; JSON=1
	@tools/bench growth

.PHONY: lint
lint: ## Check format, lints and docs
	@tools/test format clippy docs

.PHONY: fmt
fmt: infra/node_modules/.package-lock.json ## Format the code
	@cargo fmt --all && cargo fmt --manifest-path fuzz/Cargo.toml && cargo fmt --all --manifest-path crates/bench/subjects/rust/Cargo.toml
	@cd infra && node_modules/.bin/biome format --write --log-level=warn

##@ Keep it in order

.PHONY: docs
docs: infra/node_modules/.package-lock.json ## Bring what the docs say of code, models and prices up to date
	@UPDATE_DOCS=1 cargo test --locked --quiet -p xtask --test docs -- the_tables_are the_rust_of the_overviews_are
	@cd infra && UPDATE_DOCS=1 node_modules/.bin/vitest run --reporter=dot test/docs.test.ts

.PHONY: picture
picture: setup infra/node_modules/.package-lock.json ## Draw README's picture of a terminal, from what the program prints
	@tools/picture

.PHONY: clean
clean: ## Remove what was built; the tools and the record of a deployment stay
	@cargo clean --locked

include infra/infra.mk
include tools/pipeline/pipeline.mk
