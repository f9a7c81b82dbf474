# What the workflows of .github run beside the project's other targets, and what checks them.

# For `make summary OF=diff`. As in the Makefile: by the environment, and only there.
export SUMMARY_OF := $(value OF)
unexport OF

##@ Check what it is made of, and serve a pipeline

.PHONY: supply-chain
supply-chain: $(INFRA) ##- Check dependencies: advisories, licences, duplicates, sources, locks
	@tools/supply-chain

.PHONY: workflows
workflows: ##- Check the workflows: make targets alone, pinned actions, least permissions
	@tools/workflows

.PHONY: sbom
sbom: ##- List what the function is made of: target/sbom/bedrock-function.cdx.json
	@tools/setup checks
	@.tools/venv/bin/python -m tools.pipeline.sbom

.PHONY: models-issue
models-issue: $(INFRA) ##- Keep one GitHub issue about models that need care (needs gh)
	@$(OPERATE) commands/models/models-issue.ts

.PHONY: verify-issue
verify-issue: $(INFRA) ##- Keep one GitHub issue about what make verify saw fail (needs gh)
	@$(OPERATE) commands/verify/verify-issue.ts

.PHONY: summary
summary: ##- Run a target and add its output to the job summary: OF=diff
	@tools/summary
