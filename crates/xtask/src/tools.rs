//! The tools that `make setup` provides.

use std::{env, path::PathBuf, process::Command};

use crate::{failure::Failure, project};

/// `cargo lambda`, from the project's own tools or else from the PATH, without the caller's AWS settings.
pub(crate) fn cargo_lambda() -> Result<Command, Failure> {
    let own = project::root().join(".tools/venv/bin/cargo-lambda");
    let found = if own.is_file() {
        Some(own)
    } else {
        on_path("cargo-lambda")
    };
    let mut command = Command::new(found.ok_or(Failure::ToolMissing("cargo-lambda"))?);
    command.arg("lambda").current_dir(project::root());
    remove(&mut command, is_of_another_package);
    remove(&mut command, is_setting);
    Ok(command)
}

/// The cargo that runs this, or else the one on the PATH.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project::root());
    remove(&mut command, is_of_another_package);
    command
}

fn remove(command: &mut Command, is_unwanted: fn(&str) -> bool) {
    let names = env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| is_unwanted(&name.to_string_lossy())) {
        command.env_remove(name);
    }
}

/// Whether `cargo run` sets the variable for this program's own package. Build scripts read the same names: where the values differ
/// from one build to the next, ring and the crates that depend on it are compiled anew.
fn is_of_another_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// Whether the variable is a setting of AWS or of logs. The caller's own must not reach the local function.
fn is_setting(name: &str) -> bool {
    name.starts_with("AWS_")
        || name.starts_with("LAMBDA_")
        || name == "_HANDLER"
        || name == "RUST_LOG"
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_this_package_is_kept_from_builds_of_others() {
        for name in [
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_LINKS",
        ] {
            assert!(is_of_another_package(name), "{name}");
        }
        for name in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR"] {
            assert!(!is_of_another_package(name), "{name}");
        }
    }

    #[test]
    fn the_callers_aws_settings_are_kept_from_the_local_function() {
        for name in [
            "AWS_PROFILE",
            "AWS_CA_BUNDLE",
            "AWS_BEARER_TOKEN_BEDROCK",
            "RUST_LOG",
        ] {
            assert!(is_setting(name), "{name}");
        }
        for name in ["PATH", "BEDROCK_MODEL_IDS", "HOME", "CARGO_TARGET_DIR"] {
            assert!(!is_setting(name), "{name}");
        }
    }
}
