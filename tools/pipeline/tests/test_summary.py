"""`make summary`, in a folder whose Makefile makes the reports."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.pipeline.workflows import ROOT

MAKEFILE = """
INFRA :=
setup:
diff:
\t@echo "[+] a bucket, MEMORY=$$MEMORY, MAKEFLAGS=$(findstring OF,$(MAKEFLAGS))"; echo progress >&2; exit $$STATUS
include tools/pipeline/pipeline.mk
export MEMORY
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "tools/pipeline").mkdir(parents=True)
    for name in ["tools/summary", "tools/pipeline/pipeline.mk"]:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def summary(folder: Path, of: str, status: str = "0", on_github: bool = True) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "STATUS": status}
    if on_github:
        environment["GITHUB_STEP_SUMMARY"] = str(folder / "summary.md")
    return subprocess.run(["make", "--silent", "summary", f"OF={of}", "MEMORY=256"], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_report_goes_to_the_summary_and_to_the_log(folder: Path):
    done = summary(folder, "diff")
    report = "[+] a bucket, MEMORY=256, MAKEFLAGS=\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, report, "progress\n")
    assert (folder / "summary.md").read_text() == f"### make diff\n\n~~~~~~text\n{report}~~~~~~\n"


def test_a_report_that_fails_fails_the_job_and_is_shown(folder: Path):
    assert summary(folder, "diff", status="3").returncode == 2
    assert "a bucket" in (folder / "summary.md").read_text()


def test_no_account_number_reaches_the_summary(folder: Path):
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text().replace("a bucket", "aws://123456789012/ap-northeast-1 of 1234567890123"))
    summary(folder, "diff")
    assert "aws://************/ap-northeast-1 of 1234567890123" in (folder / "summary.md").read_text()


def test_without_a_job_it_is_the_target_alone(folder: Path):
    done = summary(folder, "diff", on_github=False)
    assert (done.returncode, done.stdout.startswith("[+] a bucket")) == (0, True)


@pytest.mark.parametrize("of", ["", "deploy", "diff bench-short", "$(touch hacked)"])
def test_what_is_no_report_is_refused(folder: Path, of: str):
    done = summary(folder, of)
    assert (done.returncode, done.stdout) == (2, "")
    assert f'make summary: OF is "{of}": give one of bench-short diff verify' in done.stderr
    assert not (folder / "hacked").exists()
