"""`make supply-chain` where nothing beyond this machine can be reached: every proxy is a port at which nobody listens."""

import os
import subprocess

from tools.pipeline.workflows import ROOT

NOWHERE = {name: "http://127.0.0.1:9" for name in ["https_proxy", "HTTPS_PROXY", "http_proxy", "npm_config_proxy", "npm_config_https_proxy"]}


def supply_chain(github: bool) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **NOWHERE, "npm_config_fetch_retries": "0", "GITHUB_ACTIONS": "true" if github else ""}
    return subprocess.run(["make", "--silent", "supply-chain"], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_without_a_network_it_says_what_was_not_checked_and_checks_the_rest():
    done = supply_chain(github=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "crates: the advisories cannot be fetched from GitHub, and are not checked\n" in done.stderr
    assert "infra: the registry was not asked for advisories: " in done.stderr
    assert "Cargo.toml:\n" in done.stderr and "fuzz/Cargo.toml:\n" in done.stderr
    assert (done.stdout + done.stderr).count("bans ok, licenses ok, sources ok") >= 2


def test_on_a_runner_of_github_that_is_a_failure():
    done = supply_chain(github=True)
    assert done.returncode != 0
    assert "make supply-chain: the advisories cannot be fetched: " in done.stderr
