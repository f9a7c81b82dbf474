//! The size of what a person would upload.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::BenchError;

/// Zips a folder as the CDK does, with deflate at its strongest, and tells how many bytes that makes.
pub(crate) fn zipped_bytes(folder: &Path) -> Result<u64, BenchError> {
    let file = tempfile::tempfile().map_err(BenchError::file(std::env::temp_dir()))?;
    let mut archive = ZipWriter::new(file);
    for path in files(folder)? {
        add(&mut archive, folder, &path)?;
    }
    let file = archive.finish().map_err(|source| BenchError::Zip {
        path: folder.to_owned(),
        source,
    })?;
    let metadata = file.metadata().map_err(BenchError::file(folder))?;
    Ok(metadata.len())
}

fn add(archive: &mut ZipWriter<File>, folder: &Path, path: &Path) -> Result<(), BenchError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9));
    let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
    let bytes = fs::read(path).map_err(BenchError::file(path))?;
    archive
        .start_file(name, options)
        .map_err(|source| BenchError::Zip {
            path: path.to_owned(),
            source,
        })?;
    archive.write_all(&bytes).map_err(BenchError::file(path))
}

/// Every file below a folder; links are followed to files, and those to folders are left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
    let mut found = Vec::new();
    let entries: io::Result<Vec<_>> = fs::read_dir(folder)
        .map_err(BenchError::file(folder))?
        .collect();
    for entry in entries.map_err(BenchError::file(folder))? {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.map_err(BenchError::file(&path))?.is_dir() {
            found.extend(files(&path)?);
        } else if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}
