//! Blocks of documents that a run fills in.

use std::{fs, path::Path};

use crate::BenchError;

/// The end of every block that a command makes.
pub(crate) const END: &str = "<!-- end -->";

/// The text of a document with this in the block that begins with the marker.
///
/// # Errors
///
/// When it has no such block.
pub(crate) fn with_block(
    path: &Path,
    document: &str,
    marker: &str,
    text: &str,
) -> Result<String, BenchError> {
    let parts = document.split_once(marker).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| BenchError::NoBlock {
        path: path.to_owned(),
        marker: marker.to_owned(),
    })?;
    Ok(format!("{before}{marker}\n{text}{END}{after}"))
}

/// Fills in the block of a file.
pub(crate) fn fill(path: &Path, marker: &str, text: &str) -> Result<(), BenchError> {
    let document = fs::read_to_string(path).map_err(BenchError::file(path))?;
    let document = with_block(path, &document, marker, text)?;
    fs::write(path, document).map_err(BenchError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_and_the_rest_is_left() {
        let document = "one\n<!-- x -->\nold\n<!-- end -->\ntwo\n";
        let filled = with_block(Path::new("a.md"), document, "<!-- x -->", "new\n").unwrap();
        assert_eq!(filled, "one\n<!-- x -->\nnew\n<!-- end -->\ntwo\n");
    }

    #[test]
    fn a_document_without_the_block_is_named() {
        let error = with_block(Path::new("a.md"), "text", "<!-- x -->", "").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.md has no block between <!-- x --> and <!-- end -->"
        );
    }
}
