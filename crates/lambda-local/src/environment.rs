//! The environment that Lambda gives a function on `provided.al2023`.

use std::{collections::BTreeMap, ffi::OsString, net::SocketAddr, path::Path};

/// The values that differ from function to function.
pub(crate) struct Settings<'a> {
    pub(crate) name: &'a str,
    pub(crate) memory_mb: u32,
    pub(crate) region: &'a str,
    pub(crate) runtime_api: SocketAddr,
    pub(crate) task_root: &'a Path,
}

/// Lambda's reserved variables, and those of the operating system that it sets.
///
/// `AWS_EXECUTION_ENV` is not among them: Lambda leaves it out on OS-only runtimes. `LD_LIBRARY_PATH` is left out because the libraries
/// are this machine's and not Amazon Linux's.
pub(crate) fn variables(settings: &Settings<'_>) -> BTreeMap<OsString, OsString> {
    let reserved = [
        ("AWS_LAMBDA_RUNTIME_API", settings.runtime_api.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", settings.name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            settings.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{}", settings.name),
        ),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            format!("local/[$LATEST]{}", uuid::Uuid::new_v4().simple()),
        ),
        ("AWS_REGION", settings.region.to_owned()),
        ("AWS_DEFAULT_REGION", settings.region.to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
    ];
    let mut variables: BTreeMap<OsString, OsString> = reserved
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    variables.insert("LAMBDA_TASK_ROOT".into(), settings.task_root.into());
    variables
}
