"""Writes what the function is made of, as a CycloneDX bill of materials: the crates that `cargo lambda build` compiles into it.

From `cargo tree` and not from `cargo metadata`, which merges the features of the whole workspace and so names crates that the
function does not have. That is also why the list is beside the binary and not in it: cargo-auditable 0.7.7 takes 2,617 bytes for
it, but reads the metadata where the compiler is a stable one, and named five crates that are in no part of the function (errno,
getrandom 0.4, httpdate, rand_core, signal-hook-registry). The same commit gives the same file: it holds no time and no random number.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[2]
SBOM = ROOT / "target/sbom/bedrock-function.cdx.json"

# What is deployed: the same package and target as infra/commands/deploy/programs.ts.
TREE = ["cargo", "tree", "--locked", "--edges=normal", "--target=x86_64-unknown-linux-gnu", "--package=bedrock-function", "--prefix=depth", "--format={p}\t{l}"]
LINE = re.compile(r"(?P<depth>\d+)(?P<name>\S+) v(?P<version>\S+)(?: \([^)]*\))*\t(?P<licence>.*?)(?: \(\*\))?")


class SbomError(Exception):
    """Something that a person can put right, in one sentence."""


@dataclass
class Crate:
    """A crate of the tree, and those that it needs, by name and version."""

    name: str
    version: str
    licence: str
    needs: set[tuple[str, str]] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.version


def read_tree(text: str) -> list[Crate]:
    """The crates of `cargo tree`, the function first, each once."""
    crates: dict[tuple[str, str], Crate] = {}
    path: list[Crate] = []
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if not match:
            raise SbomError(f"cargo tree printed a line that is not understood: {line}")
        # Old manifests write `MIT/Apache-2.0` for what SPDX calls OR.
        licence = re.sub(r" ?/ ?", " OR ", match["licence"])
        crate = crates.setdefault((match["name"], match["version"]), Crate(match["name"], match["version"], licence))
        del path[int(match["depth"]) :]
        if path:
            path[-1].needs.add(crate.key)
        path.append(crate)
    return list(crates.values())


def read_checksums(lock: str) -> dict[tuple[str, str], str]:
    """SHA-256 of each crate that comes from a registry, from Cargo.lock."""
    return {(package["name"], package["version"]): package["checksum"] for package in tomllib.loads(lock)["package"] if "checksum" in package}


def component(crate: Crate, checksum: str | None) -> Component:
    purl = PackageURL("cargo", name=crate.name, version=crate.version) if checksum else None
    return Component(
        type=ComponentType.LIBRARY,
        name=crate.name,
        version=crate.version,
        bom_ref=f"{crate.name}@{crate.version}",
        purl=purl,
        licenses=[LicenseFactory().make_from_string(crate.licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def bill(crates: list[Crate], checksums: dict[tuple[str, str], str]) -> Bom:
    components = {crate.key: component(crate, checksums.get(crate.key)) for crate in crates}
    function, *libraries = components.values()
    function.type = ComponentType.APPLICATION
    content = sorted((crate.key, sorted(crate.needs), checksums.get(crate.key, "")) for crate in crates)
    bom = Bom(components=libraries, serial_number=uuid5(NAMESPACE_URL, repr(content)))
    bom.metadata.component = function
    for crate in crates:
        bom.register_dependency(components[crate.key], [components[key] for key in sorted(crate.needs)])
    return bom


def as_json(bom: Bom) -> str:
    """The bill as CycloneDX 1.6, checked against its schema."""
    bom.metadata.timestamp = None
    text = JsonV1Dot6(bom).output_as_string(indent=2) + "\n"
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        raise SbomError(f"the bill does not keep to the CycloneDX schema: {error}")
    return text


def cargo_tree() -> str:
    done = subprocess.run(TREE, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SbomError("cargo tree failed: see its message above")
    return done.stdout


def main() -> int:
    try:
        crates = read_tree(cargo_tree())
        text = as_json(bill(crates, read_checksums((ROOT / "Cargo.lock").read_text())))
    except SbomError as error:
        print(f"make sbom: {error}", file=sys.stderr)
        return 1
    SBOM.parent.mkdir(parents=True, exist_ok=True)
    SBOM.write_text(text)
    print(f"{SBOM.relative_to(ROOT)}: {len(crates) - 1} crates beside the function", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
