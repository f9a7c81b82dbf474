"""The checkers of the workflows, ours and zizmor, on the real ones and on copies that are broken in one place each."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tools.pipeline.workflows import ROOT, problems

ZIZMOR = ROOT / ".tools/venv/bin/zizmor"

PIN = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the checker reads, where it may be broken."""
    for name in ["Makefile", "infra/infra.mk", "infra/test", "tools", ".github"]:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return tmp_path


def break_(root: Path, name: str, old: str, new: str) -> list[str]:
    file = root / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return problems(root)


def test_nothing_is_wrong_with_the_workflows():
    assert problems() == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("run: make test\n", "run: cargo test\n", "`cargo test` is no make target"),
        ("run: make test\n", "run: make test && curl https://example.com\n", "is no make target"),
        ("run: make test\n", "run: make test; true\n", "is no make target"),
        ("run: make test\n", "run: make -f other.mk test\n", "is no make target"),
        ("run: make test\n", "run: make test OF=${{ github.head_ref }}\n", "is no make target"),
        ("run: make test\n", "run: |\n          make test\n          echo done\n", "`echo done` is no make target"),
        ("run: make test\n", "run: make tests\n", "`make tests` is no target of the Makefile"),
        ("run: make test\n", "run: make clean\n", "`make clean` is run by no test"),
        ("OF=bench-short", "OF=nothing", "`make nothing` is no target of the Makefile"),
        (f"{PIN} # v7.0.1", PIN, "does not name the commit's version"),
        (f"{PIN} # v7.0.1", f"{PIN} # v7", "does not name the commit's version"),
        ("    timeout-minutes: 60\n", "", "job test has no `timeout-minutes`"),
        ("runs-on: ubuntu-24.04", "runs-on: ubuntu-latest", "the one runner is ubuntu-24.04"),
        ("vars.AWS_DIFF_ROLE_ARN }}", "secrets.AWS_DIFF_ROLE_ARN }}", "names a stored secret"),
    ],
)
def test_a_broken_copy_is_found(copy: Path, old: str, new: str, said: str):
    found = break_(copy, ".github/workflows/ci.yml", old, new)
    assert any(said in problem for problem in found), found


def test_a_target_whose_test_is_gone_is_found(copy: Path):
    (copy / "tools/pipeline/tests/test_sbom.py").unlink()
    assert any("`make sbom` should be tested by" in problem for problem in problems(copy))


def test_the_variables_are_those_that_ci_role_prints():
    named = {name for file in (ROOT / ".github/workflows").iterdir() for name in re.findall(r"vars\.(\w+)", file.read_text())}
    printed = set(re.findall(r"\['variable', '(\w+)'", (ROOT / "infra/commands/deploy/ci-role.ts").read_text()))
    assert named == printed


@pytest.mark.parametrize(("ecosystem", "file"), [("cargo", "*Cargo.lock"), ("npm", "*package-lock.json"), ("pip", "*requirements*.in"), ("github-actions", ".github/workflows/*.yml")])
def test_dependabot_looks_after_every_lock_file(ecosystem: str, file: str):
    listed = subprocess.run(["git", "ls-files", file], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    # The actions are looked after from the root, wherever they are named.
    kept = {"/"} if ecosystem == "github-actions" else {"/" + str(Path(name).parent).lstrip(".") for name in listed}
    updates = [update for update in yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"] if update["package-ecosystem"] == ecosystem]
    assert listed
    assert {folder for update in updates for folder in update.get("directories", [update.get("directory")])} == kept


def test_a_new_workflow_is_read_too(copy: Path):
    (copy / ".github/workflows/new.yaml").write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: whoami\n")
    assert any(problem.startswith("new.yaml: `whoami`") for problem in problems(copy))


@pytest.mark.parametrize(
    ("name", "old", "new", "audit"),
    [
        ("workflows/ci.yml", "          persist-credentials: false", "          persist-credentials: true", "artipacked"),
        ("workflows/ci.yml", "  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
        ("workflows/ci.yml", f"{PIN} # v7.0.1", "actions/checkout@v7", "unpinned-uses"),
        ("workflows/ci.yml", f"{PIN} # v7.0.1", "actions/checkout@3d3c42e # v7.0.1", "unpinned-uses"),
        ("workflows/ci.yml", f"{PIN} # v7.0.1", "docker://alpine", "unpinned-images"),
        ("workflows/ci.yml", "$/.github/workflows/deploy.yml", "someone/else/.github/workflows/deploy.yml@main", "unpinned-uses"),
        ("workflows/ci.yml", "  contents: read # to check the commit out\n\n#", "  contents: write\n\n#", "excessive-permissions"),
        ("workflows/ci.yml", "permissions:\n  contents: read # to check the commit out\n\n", "", "excessive-permissions"),
        ("workflows/ci.yml", "      id-token: write # to assume the role that may only read", "      packages: write", "undocumented-permissions"),
        ("workflows/ci.yml", "    permissions:\n      contents: read # to check the commit out\n      id-token: write # to assume the role that may only read", "    permissions: write-all", "excessive-permissions"),
        ("workflows/ci.yml", "    timeout-minutes: 60\n", "    timeout-minutes: 60\n    permissions: { id-token: write }\n", "undocumented-permissions"),
        ("workflows/ci.yml", "concurrency:", "x-concurrency:", "concurrency-limits"),
        ("dependabot.yml", "    cooldown: { default-days: 7 }\n", "", "dependabot-cooldown"),
    ],
)
def test_zizmor_finds_a_broken_copy(copy: Path, name: str, old: str, new: str, audit: str):
    break_(copy, f".github/{name}", old, new)
    done = subprocess.run([ZIZMOR, "--quiet", "--offline", "--strict-collection", "--persona=auditor", ".github"], cwd=copy, capture_output=True, text=True)
    assert done.returncode != 0
    assert audit in done.stdout + done.stderr
