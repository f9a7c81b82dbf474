//! The language in which the commands of the workspace speak.

use std::env;

/// Whether it is Japanese: by `DOCTOR_LANG`, which names that of every command, or else by the locale's variables in
/// POSIX's order of precedence, as in infra/lib/text.ts.
pub fn is_japanese() -> bool {
    ["DOCTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty())
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("ja"))
}

/// The text in the language of whoever runs the command.
pub fn localized<T>(english: T, japanese: T) -> T {
    if is_japanese() { japanese } else { english }
}
