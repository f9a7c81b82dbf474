"""What tools/supply-chain does with npm packages, on small folders that break one rule each."""

import gzip
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.pipeline.workflows import ROOT

RULES = json.loads((ROOT / "infra/.licensee.json").read_text())
SIMULATOR = "@cloud-copilot/iam-simulate"


def check(what: str, folder: Path, **environment: str) -> "tuple[int, str]":
    """The exit code, and all that was said."""
    done = subprocess.run(["tools/supply-chain", what, str(folder)], cwd=ROOT, env={**os.environ, "GITHUB_ACTIONS": "", **environment}, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def folder_of(parent: Path, licence: "str | None" = "MIT", name: str = "left-pad", dev: bool = False) -> Path:
    """A folder with one npm package, its lock file, and the project's rules of licences."""
    asked = {"devDependencies" if dev else "dependencies": {name: "^1.0.0"}}
    locked = {"version": "1.0.0", "resolved": f"https://registry.invalid/{name}-1.0.0.tgz", "license": licence, **({"dev": True} if dev else {})}
    own = {"name": "folder", "version": "1.0.0", **asked}
    installed = parent / "node_modules" / name
    installed.mkdir(parents=True)
    (installed / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0", **({"license": licence} if licence else {})}))
    (parent / "package.json").write_text(json.dumps(own))
    (parent / "package-lock.json").write_text(json.dumps({"name": "folder", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": own, f"node_modules/{name}": locked}}))
    (parent / ".licensee.json").write_text(json.dumps(RULES))
    return parent


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [("MIT", True), ("(MIT OR GPL-3.0-or-later)", True), ("MIT AND (ISC OR GPL-3.0-only)", True), ("MIT AND GPL-3.0-or-later", False), ("GPL-3.0-only", False), (None, False), ("UNLICENSED", False), ("SEE LICENSE IN x", False), ("MIT WITH Classpath-exception-2.0", False)],
)
def test_a_licence_is_met_as_spdx_reads_it(tmp_path: Path, licence: "str | None", allowed: bool):
    status, said = check("licences", folder_of(tmp_path, licence))
    assert (status == 0) is allowed, said
    assert allowed or ("left-pad@1.0.0" in said and "make supply-chain: " in said)


def test_the_simulator_is_excepted_for_development(tmp_path: Path):
    assert check("licences", folder_of(tmp_path, "AGPL-3.0-or-later", SIMULATOR, dev=True))[0] == 0


def test_it_is_not_excepted_where_the_app_depends_on_it(tmp_path: Path):
    status, said = check("licences", folder_of(tmp_path, "AGPL-3.0-or-later", SIMULATOR))
    assert status != 0 and "is AGPL-3.0-or-later: its licence is excepted for development alone" in said


def test_no_other_package_is_excepted(tmp_path: Path):
    assert check("licences", folder_of(tmp_path, "AGPL-3.0-or-later", dev=True))[0] != 0


def test_a_lock_file_that_is_out_of_step_is_found(tmp_path: Path):
    folder = folder_of(tmp_path)
    package = json.loads((folder / "package.json").read_text())
    package["dependencies"]["left-pad"] = "^2.0.0"
    (folder / "package.json").write_text(json.dumps(package))
    status, said = check("npm", folder)
    assert status != 0 and "package-lock.json is not in step with package.json: run npm install there" in said


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
    status, said = check("npm", folder_of(tmp_path))
    assert status != 0 and "Pads on the wrong side" in said and ADVISORY["url"] in said


def test_packages_without_advisories_and_with_a_lock_file_in_step_pass(tmp_path: Path, registry: type):
    registry.answers = {"another": [ADVISORY]}
    assert check("npm", folder_of(tmp_path)) == (0, "")


def test_a_registry_that_does_not_answer_is_said_and_fails_only_on_github(tmp_path: Path, registry: type):
    folder = folder_of(tmp_path)
    status, said = check("npm", folder)
    assert status == 0 and "the registry was not asked for advisories: " in said
    status, said = check("npm", folder, GITHUB_ACTIONS="true")
    assert status != 0 and "the registry was not asked for the advisories of " in said and "405" in said
