//! The size of a function's zip.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use anyhow::{Context, Result};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Zips a folder as the CDK does, with deflate at its strongest, and gives the number of bytes. Links are followed to files, and those
/// to folders are left out.
pub(crate) fn zipped_bytes(folder: &Path) -> Result<u64> {
    let mut archive = ZipWriter::new(tempfile::tempfile()?);
    add(&mut archive, folder, folder)
        .with_context(|| format!("Cannot zip {}", folder.display()))?;
    Ok(archive.finish()?.metadata()?.len())
}

fn add(archive: &mut ZipWriter<File>, root: &Path, folder: &Path) -> Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9));
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            add(archive, root, &path)?;
        } else if path.is_file() {
            archive.start_file(path.strip_prefix(root)?.to_string_lossy(), options)?;
            archive.write_all(&fs::read(&path)?)?;
        }
    }
    Ok(())
}
