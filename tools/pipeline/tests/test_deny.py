"""deny.toml, on small workspaces that break one of its rules each."""

import subprocess
from pathlib import Path

import pytest

from tools.pipeline.workflows import ROOT

CARGO_DENY = ROOT / ".tools/cargo/bin/cargo-deny"


def crate(folder: Path, name: str, version: str = "1.0.0", licence: str = "MIT", needs: str = "") -> None:
    (folder / "src").mkdir(parents=True)
    (folder / "src/lib.rs").touch()
    (folder / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2024"\nlicense = "{licence}"\npublish = false\n[dependencies]\n{needs}')


def verdict(folder: Path) -> "tuple[int, str]":
    subprocess.run(["cargo", "generate-lockfile", "--offline", "--quiet"], cwd=folder, check=True)
    command = [CARGO_DENY, "--color=never", "--offline", f"--manifest-path={folder}/Cargo.toml", f"--config={ROOT}/deny.toml", "check", "--allow", "license-not-encountered", "bans", "licenses", "sources"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_crates_that_break_no_rule_pass(tmp_path: Path):
    crate(tmp_path / "needed", "needed", licence="ISC")
    crate(tmp_path, "asking", needs='needed = { path = "needed" }')
    status, said = verdict(tmp_path)
    assert (status, "bans ok, licenses ok, sources ok" in said) == (0, True), said


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "MPL-2.0"])
def test_a_licence_that_is_not_allowed_is_found(tmp_path: Path, licence: str):
    crate(tmp_path / "needed", "needed", licence=licence)
    crate(tmp_path, "asking", needs='needed = { path = "needed" }')
    status, said = verdict(tmp_path)
    assert status != 0 and "licenses FAILED" in said and "error[rejected]" in said


def test_a_second_version_of_a_crate_is_found(tmp_path: Path):
    crate(tmp_path / "old", "needed", version="1.0.0")
    crate(tmp_path / "new", "needed", version="2.0.0")
    crate(tmp_path, "asking", needs='old = { package = "needed", path = "old" }\nnew = { package = "needed", path = "new" }')
    status, said = verdict(tmp_path)
    assert status != 0 and "found 2 duplicate entries for crate 'needed'" in said


@pytest.mark.parametrize("name", ["aws-lc-rs", "native-tls", "openssl-sys"])
def test_a_second_tls_stack_is_found(tmp_path: Path, name: str):
    crate(tmp_path / "needed", name)
    crate(tmp_path, "asking", needs=f'{name} = {{ path = "needed" }}')
    status, said = verdict(tmp_path)
    assert status != 0 and f"crate '{name} = 1.0.0' is explicitly banned" in said
