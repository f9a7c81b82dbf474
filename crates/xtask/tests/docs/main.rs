//! The documentation, compared with the code and the data that it describes.
//!
//! With `UPDATE_DOCS=1` (`make docs`) the parts between `made by make docs` and `end` are rewritten instead.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod architecture;
mod commands;
mod languages;
mod page;
mod picture;
mod settings;
mod tables;
mod walkthrough;
