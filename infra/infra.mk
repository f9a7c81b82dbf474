# The function on AWS: the targets of the CDK app in this folder. Every setting is a variable: make deploy MEMORY=256

INFRA := infra/node_modules/.package-lock.json
OPERATE := cd infra && node --import tsx

$(INFRA): infra/package-lock.json infra/install
	@infra/install

##@ Deploy it

.PHONY: build
build: setup $(INFRA) ## Build the function for AWS Lambda
	@$(OPERATE) commands/deploy/build.ts

.PHONY: synth
synth: $(INFRA) ## Print the CloudFormation template; touches no account
	@$(OPERATE) commands/deploy/synth.ts

.PHONY: diff
diff: $(INFRA) ## Show what a deploy would change
	@$(OPERATE) commands/deploy/diff.ts

.PHONY: estimate
estimate: $(INFRA) ## Tell what a month or a batch would cost: CALLS_PER_DAY=… or PROMPTS=…
	@$(OPERATE) commands/operate/estimate.ts

.PHONY: bootstrap
bootstrap: $(INFRA) ## Set up the CDK in an account and region (once): ADMINISTRATOR=0|1
	@$(OPERATE) commands/deploy/bootstrap.ts

.PHONY: deploy
deploy: setup $(INFRA) ## Build the function and deploy it: MODEL=…, MEMORY=…, REGION=…
	@$(OPERATE) commands/deploy/deploy.ts

.PHONY: outputs
outputs: $(INFRA) ## Print what the deployed stack is made of, as JSON
	@$(OPERATE) commands/deploy/outputs.ts

.PHONY: destroy
destroy: $(INFRA) ## Remove the stack, all of it
	@$(OPERATE) commands/deploy/destroy.ts

.PHONY: smoke
smoke: $(INFRA) ## Call what was deployed, and fail if it does not answer: ROLLBACK=1, EVENT=file
	@$(OPERATE) commands/deploy/smoke.ts

.PHONY: rollback
rollback: $(INFRA) ## Put back what was deployed before the last make deploy
	@$(OPERATE) commands/deploy/rollback.ts

.PHONY: ci-role
ci-role: $(INFRA) ## Let GitHub Actions deploy: REPO=owner/name, ENVIRONMENT=production, BRANCH=main
	@$(OPERATE) commands/deploy/ci-role.ts

.PHONY: ci-role-destroy
ci-role-destroy: $(INFRA) ## Take that role away again
	@$(OPERATE) commands/deploy/ci-role-destroy.ts

##@ Prove it

.PHONY: verify
verify: setup $(INFRA) ## Try every promise on AWS, on a stack of its own: YES=1, JSON=1, SUFFIX=ci01
	@$(OPERATE) commands/verify/verify.ts

.PHONY: verify-hello
verify-hello: setup ##- Build the hello world that make verify measures beside the function
	@crates/bench/subjects/build hello

.PHONY: verify-clean
verify-clean: $(INFRA) ## Remove what make verify left, if it is older than an hour: SUFFIX=ci01 alone
	@$(OPERATE) commands/verify/verify-clean.ts

##@ Look after it

.PHONY: doctor
doctor: $(INFRA) ## Tell whether a deploy and a call would work: CALL=1, DOCTOR_LANG=ja, JSON=1
	@$(OPERATE) commands/doctor/doctor.ts

.PHONY: logs
logs: $(INFRA) ## Follow the function's log: SINCE=1h, FOLLOW=0, JSON=1
	@$(OPERATE) commands/operate/logs.ts

.PHONY: cost
cost: $(INFRA) ## Print today's and this month's estimated cost by model
	@$(OPERATE) commands/operate/cost.ts

.PHONY: status
status: $(INFRA) ## Tell whether the function takes calls, and if not, why
	@$(OPERATE) commands/operate/status.ts

.PHONY: stop
stop: $(INFRA) ## Have the function refuse every call, and end its batches
	@$(OPERATE) commands/operate/stop.ts

.PHONY: resume
resume: $(INFRA) ## Have it take calls again
	@$(OPERATE) commands/operate/resume.ts

.PHONY: batch-status
batch-status: $(INFRA) ## List the batches on AWS, or that of OUTPUT=answers.jsonl: JSON=1
	@$(OPERATE) commands/operate/batch-status.ts

.PHONY: batch-stop
batch-stop: $(INFRA) ## End the batch on AWS of OUTPUT=answers.jsonl; make stop ends all
	@$(OPERATE) commands/operate/batch-stop.ts

.PHONY: models
models: $(INFRA) ## List the models: reach, residency, price, days to their end
	@$(OPERATE) commands/models/models.ts

.PHONY: models-check
models-check: $(INFRA) ## Fail when a granted model is legacy or near its end, or a row is stale
	@$(OPERATE) commands/models/models-check.ts

.PHONY: models-refresh
models-refresh: $(INFRA) ## Bring models.json up to date from AWS; git diff shows what changed
	@$(OPERATE) commands/models/models-refresh.ts

.PHONY: test-infra
test-infra: build ##- Test the CDK app, and a deploy from end to end against an emulator
	@tools/setup infra
	@infra/check
