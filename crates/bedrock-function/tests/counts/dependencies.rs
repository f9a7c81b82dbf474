//! What is compiled into the function: each crate is size, start-up time and trust.

use std::{collections::BTreeSet, process::Command, sync::LazyLock};

/// The most crates in what is deployed, proc-macros included. They were 161 in November 2026; the
/// rest is what an update of the SDK may bring. A second HTTP stack alone is some thirty.
const MOST_CRATES: usize = 170;

static CRATES: LazyLock<BTreeSet<(String, String)>> = LazyLock::new(crates);

/// Name and version of every crate of the deployed function.
fn crates() -> BTreeSet<(String, String)> {
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--package=bedrock-function"])
        .args(["--edges=normal", "--target=x86_64-unknown-linux-gnu"])
        .args(["--prefix=none", "--format={p}"])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {complaint}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(name_and_version).collect()
}

/// Of a line such as `serde v1.0.229 (proc-macro)`.
fn name_and_version(line: &str) -> (String, String) {
    let mut words = line.split(' ').map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}

fn versions(name: &str) -> Vec<String> {
    let of_the_name = CRATES.iter().filter(|(other, _)| other == name);
    of_the_name.map(|(_, version)| version.clone()).collect()
}

#[test]
fn the_function_is_made_of_few_crates() {
    let count = CRATES.len();
    assert!(
        count <= MOST_CRATES,
        "{count} crates, {MOST_CRATES} at the most: `cargo tree -p bedrock-function -e normal -d` and `-i CRATE` say why"
    );
}

/// Its jitter entropy takes 0.6 s of a first invocation at 128 MB.
#[test]
fn aws_lc_is_not_in_the_function() {
    let found: Vec<_> = CRATES
        .iter()
        .filter(|(name, _)| name.starts_with("aws-lc") || name.starts_with("s2n-tls"))
        .collect();
    assert!(found.is_empty(), "{found:?}: `cargo tree -i` says why");
}

/// The SDK's legacy client is a second one of each. Of `http`, too, there is one alone: the SDK
/// brings 0.2 for its types only with features that are off here.
#[test]
fn there_is_one_http_stack() {
    for (name, version) in [
        ("h2", "v0.4."),
        ("http", "v1."),
        ("http-body", "v1."),
        ("hyper", "v1."),
        ("hyper-rustls", "v0.27."),
        ("hyper-util", "v0.1."),
        ("rustls", "v0.23."),
        ("tokio-rustls", "v0.26."),
    ] {
        let versions = versions(name);
        let is_it = |found: &String| found.starts_with(version);
        assert!(
            versions.len() == 1 && versions.iter().all(is_it),
            "{name} should be {version}* alone: {versions:?}"
        );
    }
}

#[test]
fn there_is_one_tls_library_on_one_of_cryptography() {
    const TLS: [&str; 6] = [
        "boring",
        "native-tls",
        "openssl",
        "openssl-sys",
        "rustls",
        "s2n-tls",
    ];
    const CRYPTOGRAPHY: [&str; 4] = ["aws-lc-rs", "aws-lc-sys", "boring-sys", "ring"];
    let found = |names: &[&'static str]| -> Vec<String> {
        let of_them = CRATES
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()));
        of_them.map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(found(&TLS), ["rustls"]);
    assert_eq!(found(&CRYPTOGRAPHY), ["ring"]);
}
