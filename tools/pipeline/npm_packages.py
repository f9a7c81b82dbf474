"""Checks the npm packages of every package-lock.json: licences, advisories, and that the lock is in step with package.json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from license_expression import ExpressionError, LicenseSymbol, get_spdx_licensing

ROOT = Path(__file__).resolve().parents[2]
EXCEPTIONS = Path(__file__).parent / "npm-exceptions.yml"

# An error of npm's own is no finding, but where GitHub runs this, nothing may keep it from looking.
MUST_REACH = os.environ.get("GITHUB_ACTIONS") == "true"

Json = dict[str, Any]
SPDX = get_spdx_licensing()


def folders(root: Path) -> list[Path]:
    """Where the project has npm packages."""
    listed = subprocess.run(["git", "ls-files", "*package-lock.json"], cwd=root, capture_output=True, text=True, check=True)
    return [(root / name).parent for name in listed.stdout.split()]


def allows(allowed: set[str], expression: str) -> bool:
    """Whether the licence, an SPDX expression, can be met by those allowed. What is no SPDX cannot."""
    try:
        return meets(allowed, SPDX.parse(expression, validate=True))
    except ExpressionError:
        return False


def meets(allowed: set[str], licence: Any) -> bool:
    if isinstance(licence, SPDX.OR):
        return any(meets(allowed, part) for part in licence.args)
    if isinstance(licence, SPDX.AND):
        return all(meets(allowed, part) for part in licence.args)
    return isinstance(licence, LicenseSymbol) and licence.key in allowed


def packages(folder: Path) -> Iterator[tuple[str, Json]]:
    """Name and entry of each package that the lock file installs."""
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    for path, entry in locked.items():
        if path and not entry.get("link"):
            yield path.rpartition("node_modules/")[2], entry


def excuses(exception: Json, name: str, entry: Json) -> bool:
    for_development = entry.get("dev") or entry.get("devOptional")
    return bool(for_development) and exception["licence"] == entry.get("license") and any(fnmatchcase(name, pattern) for pattern in exception["packages"])


def licence_problems(where: list[Path], exceptions: Json) -> Iterator[str]:
    allowed, used = set(exceptions["allowed"]), set()
    for folder in where:
        for name, entry in packages(folder):
            if allows(allowed, entry.get("license") or ""):
                continue
            excuse = next((each["licence"] for each in exceptions["licences"] if excuses(each, name, entry)), None)
            used.add(excuse)
            if excuse is None:
                kind = "a development dependency" if entry.get("dev") else "a dependency"
                yield f"{folder.name}: {name} {entry.get('version')} is {entry.get('license') or 'of no licence'}, and {kind}; neither the licences nor the exceptions of {EXCEPTIONS.name} allow that."
    for each in exceptions["licences"]:
        if each["licence"] not in used:
            yield f"{EXCEPTIONS.name}: no package needs the exception for {each['licence']} any more; remove it."


def lock_problems(folder: Path) -> Iterator[str]:
    """npm's own check that a lock file is what package.json asks for. One that is needs no network to be told so."""
    done = npm(folder, "ci", "--dry-run", "--ignore-scripts", "--no-audit", "--no-fund", "--offline")
    if done.returncode != 0:
        yield f"{folder.name}: package-lock.json is not in step with package.json; run npm install there."


def advisory_problems(folder: Path, accepted: list[str]) -> Iterator[str]:
    done = npm(folder, "audit", "--json")
    report = json.loads(done.stdout or "{}")
    if "vulnerabilities" not in report:
        said = f"{folder.name}: the registry was not asked for advisories: {report.get('message') or done.stderr.strip()}"
        if MUST_REACH:
            yield said
        else:
            print(said, file=sys.stderr)
        return
    for advisory in {each["url"]: each for found in report["vulnerabilities"].values() for each in found["via"] if isinstance(each, dict)}.values():
        if advisory["url"].rpartition("/")[2] not in accepted:
            yield f"{folder.name}: {advisory['name']} {advisory['range']}: {advisory['title']} ({advisory['severity']}, {advisory['url']})"


def npm(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["npm", *words], cwd=folder, capture_output=True, text=True)


def problems(root: Path) -> Iterator[str]:
    where, exceptions = folders(root), yaml.safe_load(EXCEPTIONS.read_text())
    yield from licence_problems(where, exceptions)
    for folder in where:
        yield from lock_problems(folder)
        yield from advisory_problems(folder, exceptions["advisories"])


def main() -> int:
    found = list(problems(ROOT))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
