//! The output of a process.

use std::{
    fs::File,
    io,
    os::{fd::AsFd, unix::fs::FileExt},
    process::Stdio,
};

/// Where the output of a process goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Kept, to be read by the caller.
    Kept,
    /// To the caller's own stderr, as it comes.
    CallersStderr,
}

/// One output stream of a process.
///
/// It is a nameless file and not a pipe. All that the process has written can be read at once, and a process that writes much never
/// blocks.
#[derive(Debug)]
pub(crate) struct Captured(Option<File>);

impl Captured {
    pub(crate) fn open(output: Destination) -> io::Result<Self> {
        match output {
            Destination::Kept => tempfile::tempfile().map(|file| Self(Some(file))),
            Destination::CallersStderr => Ok(Self(None)),
        }
    }

    /// The end for the process.
    pub(crate) fn writer(&self) -> io::Result<Stdio> {
        match &self.0 {
            Some(file) => file.try_clone().map(Stdio::from),
            None => io::stderr().as_fd().try_clone_to_owned().map(Stdio::from),
        }
    }

    /// All that has been written; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self) -> String {
        let bytes = self
            .0
            .as_ref()
            .map_or(Ok(Vec::new()), read_all)
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Reads by position, because the process shares the file's own position and writes there.
fn read_all(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}
