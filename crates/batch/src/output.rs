//! The output: the lines of all rows, in the order of the input.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{
    Failure, Journal, Place,
    journal::{beside, failed},
};

/// Writes the line of each row beside the output, takes the output's place with that, and removes the journal. Whoever
/// reads the output sees the old one or the new one, whole.
///
/// # Errors
///
/// When a file cannot be read or written. The journal is left then.
pub fn write(journal: Journal, places: &[Place]) -> Result<(), Failure> {
    let output = journal.output().to_owned();
    let unfinished = beside(&output, ".unfinished");
    let written =
        ordered(&journal, places, &unfinished).and_then(|()| fs::rename(&unfinished, &output));
    if let Err(source) = written {
        let _ = fs::remove_file(&unfinished);
        return Err(failed(&output, "written", source));
    }
    journal
        .remove()
        .map_err(|source| failed(&beside(&output, ".part"), "removed", source))
}

fn ordered(journal: &Journal, places: &[Place], path: &Path) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
    let mut line = Vec::new();
    for place in places {
        journal.read(*place, &mut line)?;
        file.write_all(&line)?;
    }
    file.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()
}
