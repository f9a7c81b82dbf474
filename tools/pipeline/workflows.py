"""Checks of .github/workflows for which zizmor has no rule: make targets alone, one runner, a time limit, no stored secret."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

RUNNER = "ubuntu-24.04"

# Each target that a workflow may run, and the place where `make test` runs it too: a file, and words of it.
TESTED = {
    "build": ("infra/infra.mk", "test-infra: build"),
    "deploy": ("infra/test/end-to-end.test.ts", "make('deploy'"),
    "diff": ("infra/test/end-to-end.test.ts", "make('diff'"),
    "models-refresh": ("infra/test/models-commands.test.ts", "'models-refresh'"),
    "models-issue": ("infra/test/models-issue.test.ts", "'models-issue'"),
    "sbom": ("tools/pipeline/tests/test_sbom.py", '"sbom"'),
    "smoke": ("infra/test/pipeline.test.ts", "'smoke', 'ROLLBACK=1'"),
    "summary": ("tools/pipeline/tests/test_summary.py", '"summary"'),
    "test": ("tools/test", "all=("),
    "verify": ("infra/test/verify.test.ts", "'verify', 'YES=1'"),
    "verify-clean": ("infra/test/verify.test.ts", "'verify-clean'"),
    "verify-issue": ("infra/test/verify-issue.test.ts", "'verify-issue'"),
}

# Targets that no test runs: bench-short takes minutes to compile the other functions, and a person reads its numbers; verify-hello
# compiles one of those functions; fuzz needs a nightly compiler, and its inputs are random.
MEASURES = {"bench-short", "fuzz", "verify-hello"}

MAKE = re.compile(r"make((?: [a-z][a-z-]*)+)(?: [A-Z][A-Z_]*=[\w./-]+)*")
SUMMARIZED = re.compile(r" OF=(\S+)")
KEY = re.compile(r"secrets\.|secrets:|aws-secret-access-key|aws-access-key-id")


def problems(root: Path = ROOT) -> list[str]:
    """What is wrong with the workflows of a repository, one sentence each; empty when nothing is."""
    files = sorted((root / ".github/workflows").iterdir())
    if not files:
        return [".github/workflows is empty."]
    return [problem for file in files for problem in of_file(root, file)]


def of_file(root: Path, file: Path) -> Iterator[str]:
    text = file.read_text()
    workflow = yaml.safe_load(text)
    for job, content in workflow["jobs"].items():
        yield from (f"{file.name}: job {job} {problem}" for problem in of_job(content))
    for use in values_of("uses", workflow):
        yield from (f"{file.name}: {problem}" for problem in of_use(use, text))
    for line in shell_lines(workflow):
        yield from (f"{file.name}: {problem}" for problem in of_shell_line(root, line))
    if KEY.search(text):
        yield f"{file.name}: names a stored secret; sign in by OIDC, and take the token from github.token."


def of_job(content: dict[str, Any]) -> Iterator[str]:
    if "uses" in content:
        return
    if "timeout-minutes" not in content:
        yield "has no `timeout-minutes`."
    if content.get("runs-on") != RUNNER:
        yield f"runs on {content.get('runs-on')}; the one runner is {RUNNER}."


def of_use(use: str, text: str) -> Iterator[str]:
    """Dependabot brings the comment up to date with the commit; zizmor compares the two, but only when it may ask GitHub."""
    if not use.startswith("$/") and not re.search(re.escape(use) + r" # v\d+\.\d+\.\d+$", text, re.MULTILINE):
        yield f"`uses: {use}` does not name the commit's version in a comment, as `# v1.2.3`."


def of_shell_line(root: Path, line: str) -> Iterator[str]:
    match = MAKE.fullmatch(line)
    if not match:
        yield f"`{line}` is no make target; what CI runs, a person must be able to run by the same name."
        return
    for target in [*match[1].split(), *SUMMARIZED.findall(line)]:
        yield from of_target(root, target)


def of_target(root: Path, target: str) -> Iterator[str]:
    if target not in targets(root):
        yield f"`make {target}` is no target of the Makefile."
    elif target in MEASURES:
        return
    elif target not in TESTED:
        yield f"`make {target}` is run by no test that tools/pipeline/workflows.py knows of."
    else:
        file, words = TESTED[target]
        if not (root / file).is_file() or words not in (root / file).read_text():
            yield f"`make {target}` should be tested by {file}, which has no `{words}`."


def targets(root: Path) -> set[str]:
    makefiles = [root / "Makefile", *(root / name for name in re.findall(r"^include (\S+)$", (root / "Makefile").read_text(), re.MULTILINE))]
    return {name for file in makefiles for name in re.findall(r"^([a-z][a-z-]*):", file.read_text(), re.MULTILINE)}


def shell_lines(node: Any) -> Iterator[str]:
    """Every line that a shell gets, blank ones aside."""
    for script in values_of("run", node):
        yield from filter(None, (line.strip() for line in script.splitlines()))


def values_of(key: str, node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from values_of(key, item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from values_of(key, value)


def main() -> int:
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
