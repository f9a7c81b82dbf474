"""The check of the npm packages, on the project's own lock files and on small ones that break one rule each."""

import gzip
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.pipeline import npm_packages
from tools.pipeline.npm_packages import ROOT, advisory_problems, allows, folders, licence_problems, lock_problems

AGPL = {"licence": "AGPL-3.0-or-later", "packages": ["@simulator/*"], "reason": "tests"}


def folder_of(parent: Path, entry: dict, name: str = "left-pad") -> Path:
    """A folder with one npm package, and a lock file that says so."""
    asked = {"dependencies": {name: "^1.0.0"}}
    locked = {"version": "1.0.0", "resolved": f"https://registry.invalid/{name}-1.0.0.tgz", "license": "MIT", **entry}
    (parent / "package.json").write_text(json.dumps({"name": "folder", "version": "1.0.0", **asked}))
    lock = {"name": "folder", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "folder", "version": "1.0.0", **asked}, f"node_modules/{name}": locked}}
    (parent / "package-lock.json").write_text(json.dumps(lock))
    return parent


def licences(folder: Path, allowed: tuple = ("MIT",), exceptions: tuple = ()) -> list:
    return list(licence_problems([folder], {"allowed": list(allowed), "licences": list(exceptions)}))


def test_the_folder_of_the_cdk_app_is_among_those_checked():
    assert ROOT / "infra" in folders(ROOT)


def test_the_simulator_under_the_agpl_is_excused_by_name_and_by_nothing_else():
    [entry] = [entry for name, entry in npm_packages.packages(ROOT / "infra") if name == "@cloud-copilot/iam-simulate"]
    assert entry["license"] == "AGPL-3.0-or-later" and entry["dev"] is True


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [("MIT", True), ("ISC", False), ("(MIT OR GPL-3.0-or-later)", True), ("MIT AND GPL-3.0-or-later", False), ("MIT AND (ISC OR MIT)", True), ("", False), ("SEE LICENSE IN x", False), ("MIT WITH Classpath-exception-2.0", False)],
)
def test_a_licence_is_met_as_spdx_reads_it(expression: str, allowed: bool):
    assert allows({"MIT"}, expression) is allowed


@pytest.mark.parametrize("licence", ["GPL-3.0-only", None, "UNLICENSED"])
def test_a_licence_that_is_not_allowed_is_found(tmp_path: Path, licence: "str | None"):
    [problem] = licences(folder_of(tmp_path, {"license": licence}))
    assert "left-pad 1.0.0 is" in problem and "neither the licences nor the exceptions" in problem


def test_an_exception_holds_for_a_development_dependency(tmp_path: Path):
    assert licences(folder_of(tmp_path, {"license": "AGPL-3.0-or-later", "dev": True}, "@simulator/core"), exceptions=(AGPL,)) == []


def test_an_exception_does_not_hold_for_what_the_app_depends_on(tmp_path: Path):
    [problem, unused] = licences(folder_of(tmp_path, {"license": "AGPL-3.0-or-later"}, "@simulator/core"), exceptions=(AGPL,))
    assert "@simulator/core 1.0.0 is AGPL-3.0-or-later, and a dependency" in problem
    assert "no package needs the exception for AGPL-3.0-or-later" in unused


def test_an_exception_holds_for_no_other_package(tmp_path: Path):
    problems = licences(folder_of(tmp_path, {"license": "AGPL-3.0-or-later", "dev": True}), exceptions=(AGPL,))
    assert any("left-pad 1.0.0 is AGPL-3.0-or-later, and a development dependency" in problem for problem in problems)


def test_a_lock_file_in_step_passes(tmp_path: Path):
    assert list(lock_problems(folder_of(tmp_path, {}))) == []


def test_a_lock_file_that_is_out_of_step_is_found(tmp_path: Path):
    folder = folder_of(tmp_path, {})
    package = json.loads((folder / "package.json").read_text())
    package["dependencies"]["left-pad"] = "^2.0.0"
    (folder / "package.json").write_text(json.dumps(package))
    assert list(lock_problems(folder)) == [f"{tmp_path.name}: package-lock.json is not in step with package.json; run npm install there."]


ADVISORY = {"id": 1, "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc", "title": "Pads on the wrong side", "severity": "high", "vulnerable_versions": "<2.0.0", "cwe": [], "cvss": {"score": 0}}


class Registry(BaseHTTPRequestHandler):
    """What npm asks a registry about advisories."""

    answers: dict = {}

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["content-length"]))
        text = gzip.decompress(asked) if self.headers.get("content-encoding") == "gzip" else asked
        if not self.answers:
            return self.reply(405, {})
        self.reply(200, {name: found for name, found in self.answers.items() if name in json.loads(text)})

    def do_GET(self):
        self.reply(404, {})

    def reply(self, status: int, body: dict):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object):
        pass


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type]:
    class Own(Registry):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
        yield Own
        server.shutdown()


def test_an_advisory_is_found(tmp_path: Path, registry: type):
    registry.answers = {"left-pad": [ADVISORY]}
    assert list(advisory_problems(folder_of(tmp_path, {}), [])) == [f"{tmp_path.name}: left-pad <2.0.0: Pads on the wrong side (high, {ADVISORY['url']})"]


def test_an_accepted_advisory_passes(tmp_path: Path, registry: type):
    registry.answers = {"left-pad": [ADVISORY]}
    assert list(advisory_problems(folder_of(tmp_path, {}), ["GHSA-aaaa-bbbb-cccc"])) == []


def test_packages_without_advisories_pass(tmp_path: Path, registry: type):
    registry.answers = {"another": [ADVISORY]}
    assert list(advisory_problems(folder_of(tmp_path, {}), [])) == []


def test_a_registry_that_does_not_answer_is_said_and_fails_only_on_github(tmp_path: Path, registry: type, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    folder = folder_of(tmp_path, {})
    monkeypatch.setattr(npm_packages, "MUST_REACH", False)
    assert list(advisory_problems(folder, [])) == []
    assert "the registry was not asked for advisories: 405 Method Not Allowed" in capsys.readouterr().err
    monkeypatch.setattr(npm_packages, "MUST_REACH", True)
    [problem] = advisory_problems(folder, [])
    assert "the registry was not asked for advisories: 405 Method Not Allowed" in problem


def test_the_folders_are_those_whose_lock_file_git_knows(tmp_path: Path):
    folder_of(tmp_path, {})
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert folders(tmp_path) == []
    subprocess.run(["git", "add", "package-lock.json"], cwd=tmp_path, check=True)
    assert folders(tmp_path) == [tmp_path]
