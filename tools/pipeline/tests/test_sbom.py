"""The bill of materials, made by make, against what cargo says by another way."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.pipeline import sbom
from tools.pipeline.sbom import ROOT, SBOM, SbomError


def make_sbom() -> str:
    done = subprocess.run(["make", "--no-print-directory", "sbom"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("crates beside the function\n")
    return SBOM.read_text()


@pytest.fixture(scope="module")
def bill() -> dict:
    return json.loads(make_sbom())


def named(bill: dict) -> set[str]:
    return {f"{each['name']} v{each['version']}" for each in [bill["metadata"]["component"], *bill["components"]]}


@pytest.fixture(scope="module")
def tree() -> set[str]:
    """`name vVERSION` of the tree, without the options that the bill is made with where they make no difference."""
    command = "cargo tree --locked -e normal --target x86_64-unknown-linux-gnu -p bedrock-function --prefix none --no-dedupe"
    done = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=True)
    return {" ".join(line.split()[:2]) for line in done.stdout.splitlines()}


def test_its_components_are_the_functions_crates_and_no_others(bill: dict, tree: set[str]):
    assert named(bill) == tree
    assert len(bill["components"]) == len(tree) - 1


def test_it_names_no_crate_of_the_tests(bill: dict):
    names = {each["name"] for each in bill["components"]}
    assert {"aws-sdk-bedrockruntime", "rustls", "tokio"} <= names
    assert names.isdisjoint({"axum", "proptest", "clap", "bedrock-local", "aws-lc-rs"})


def test_each_component_has_the_checksum_of_the_lock_file(bill: dict):
    lock = (ROOT / "Cargo.lock").read_text()
    own = [each for each in bill["components"] if "hashes" not in each]
    # A crate of this workspace is in no registry.
    assert [(each["name"], each.get("purl")) for each in own] == [("json-schema", None)]
    for each in bill["components"]:
        if each in own:
            continue
        [checksum] = each["hashes"]
        assert f'name = "{each["name"]}"\nversion = "{each["version"]}"\n' in lock
        assert f'checksum = "{checksum["content"]}"' in lock
        assert each["purl"] == f"pkg:cargo/{each['name']}@{each['version']}"


def test_each_component_has_a_licence_in_spdx(bill: dict):
    for each in bill["components"]:
        [licence] = each["licenses"]
        assert "expression" in licence or "id" in licence["license"], each["name"]


def test_each_dependency_leads_to_a_component(bill: dict):
    refs = {each["bom-ref"] for each in [bill["metadata"]["component"], *bill["components"]]}
    assert {each["ref"] for each in bill["dependencies"]} == refs
    assert {need for each in bill["dependencies"] for need in each.get("dependsOn", [])} == refs - {bill["metadata"]["component"]["bom-ref"]}


def test_the_same_commit_gives_the_same_file():
    assert make_sbom() == make_sbom()


@pytest.fixture
def small() -> Iterator[list[sbom.Crate]]:
    yield sbom.read_tree("0a v1.0.0 (/work/a)\tMIT\n1b v2.0.0 (proc-macro)\tMIT/Apache-2.0\n2c v3.0.0\tMIT\n1c v3.0.0\tMIT (*)\n")


def test_a_tree_is_read_with_its_edges(small: list[sbom.Crate]):
    assert [(crate.key, crate.licence, crate.needs) for crate in small] == [
        (("a", "1.0.0"), "MIT", {("b", "2.0.0"), ("c", "3.0.0")}),
        (("b", "2.0.0"), "MIT OR Apache-2.0", {("c", "3.0.0")}),
        (("c", "3.0.0"), "MIT", set()),
    ]


def test_a_line_that_is_not_understood_is_no_bill():
    with pytest.raises(SbomError, match="not understood: what"):
        sbom.read_tree("what is this\n")


def test_a_bill_that_breaks_the_schema_is_refused(small: list[sbom.Crate], monkeypatch: pytest.MonkeyPatch):
    bom = sbom.bill(small, {})
    next(iter(bom.components)).hashes = [sbom.HashType(alg=sbom.HashAlgorithm.SHA_256, content="not a hash")]
    with pytest.raises(SbomError, match="CycloneDX schema"):
        sbom.as_json(bom)


def test_the_bill_is_where_the_workflow_takes_it_from():
    assert f"path: {SBOM.relative_to(ROOT)}\n" in Path(ROOT / ".github/workflows/ci.yml").read_text()
