//! The journal beside the output, to which each answer is appended when it comes.
//!
//! A line is written whole, by one call, before the next row is asked in its place: what the program's own end can
//! take (kill -9, Ctrl-C) is what was in flight. Every second the file is flushed to the disk, so that a power cut
//! takes no more than that second. A last line that is not whole is cut off at the next start.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::{
    Failure, LONGEST_TASK,
    reply::{Reply, id_key},
};

/// The longest line that is read: a task's reply and what is put around it.
const LONGEST_LINE: u64 = 2 * LONGEST_TASK as u64;

/// Where a row's line is, and whether it is an answer; or that there is none. Packed, because there is one for each
/// row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u64);

const IN_OUTPUT: u64 = 1 << 63;
const ANSWER: u64 = 1 << 62;

impl Place {
    /// The row has no line.
    pub const NONE: Self = Self(u64::MAX);

    fn new(source: Source, offset: u64, is_answer: bool) -> Self {
        let source = match source {
            Source::Output => IN_OUTPUT,
            Source::Journal => 0,
        };
        Self(source | if is_answer { ANSWER } else { 0 } | offset)
    }

    /// Whether the row has no line.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Whether the line is an answer.
    pub fn is_answer(self) -> bool {
        self != Self::NONE && self.0 & ANSWER != 0
    }

    fn source(self) -> Source {
        if self.0 & IN_OUTPUT != 0 {
            Source::Output
        } else {
            Source::Journal
        }
    }

    fn offset(self) -> u64 {
        self.0 & !(IN_OUTPUT | ANSWER)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Output,
    Journal,
}

/// What earlier runs have left.
#[derive(Debug, Default)]
pub struct Answers {
    by_id: HashMap<u64, (u64, Place)>,
    /// Lines of the journal that cannot be read, as a power cut may leave them.
    pub unreadable: u64,
    /// How many answers there are.
    pub count: u64,
    /// The sum of their tokens.
    pub output_tokens: u64,
    /// The sum of their milliseconds.
    pub latency_ms: u64,
}

impl Answers {
    /// Takes out the place of a row's line; [`Place::NONE`], where there is none for what the row is now.
    pub(crate) fn take(&mut self, id: u64, hash: u64) -> Place {
        match self.by_id.remove(&id) {
            Some((known, place)) if known == hash => place,
            _ => Place::NONE,
        }
    }

    /// Whether there is an answer for that.
    pub(crate) fn has(&self, id: u64, hash: u64) -> bool {
        let is_it = |(known, place): &(u64, Place)| *known == hash && place.is_answer();
        self.by_id.get(&id).is_some_and(is_it)
    }

    /// Those that no row has taken.
    pub(crate) fn left(&self) -> usize {
        self.by_id.len()
    }

    /// A line counts unless the same was answered before.
    fn note(&mut self, reply: &Reply<'_>, hash: u64, place: Place) {
        let is_worse =
            |(known, old): &(u64, Place)| *known == hash && old.is_answer() && !place.is_answer();
        let id = id_key(reply.id.get());
        if self.by_id.get(&id).is_some_and(is_worse) {
            return;
        }
        self.by_id.insert(id, (hash, place));
        if let (true, Some(usage)) = (reply.is_answer(), &reply.usage) {
            self.count += 1;
            self.output_tokens += usage.output_tokens;
            self.latency_ms += reply.latency_ms.unwrap_or_default();
        }
    }
}

/// The journal, and the output of an earlier run. No other run has them.
#[derive(Debug)]
pub struct Journal {
    output: PathBuf,
    path: PathBuf,
    file: File,
    earlier: Option<File>,
    end: u64,
}

impl Journal {
    /// Opens the journal of an output, and keeps other runs from it until this is dropped.
    ///
    /// # Errors
    ///
    /// When the output is no ordinary file, another run has the journal, or it cannot be opened.
    pub fn open(output: &Path) -> Result<Self, Failure> {
        // The end would replace a device, and a named pipe would wait for a writer.
        if fs::metadata(output).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Failure::NoOutputFile(output.to_owned()));
        }
        let path = beside(output, ".part");
        let file = locked(&path)?;
        let earlier = match File::open(output) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(failed(output, "read", source)),
        };
        Ok(Self {
            output: output.to_owned(),
            path,
            file,
            earlier,
            end: 0,
        })
    }

    /// Reads what earlier runs have left, and cuts a last line off that is not whole.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or the output has something else in it.
    pub fn answers(&mut self) -> Result<Answers, Failure> {
        let mut answers = Answers::default();
        if let Some(earlier) = &self.earlier {
            let scanned = scan(earlier, Source::Output, &mut answers);
            let scanned = scanned.map_err(|source| failed(&self.output, "read", source))?;
            if let Some(line) = scanned.foreign {
                let path = self.output.clone();
                return Err(Failure::Foreign { path, line });
            }
        }
        let scanned = scan(&self.file, Source::Journal, &mut answers);
        self.end = scanned
            .map_err(|source| failed(&self.path, "read", source))?
            .end;
        self.cut();
        Ok(answers)
    }

    /// Appends a line, and tells where it is.
    ///
    /// # Errors
    ///
    /// When it cannot be written, as on a full disk. What was written of it is cut off then.
    pub fn append(&mut self, line: &[u8], is_answer: bool) -> Result<Place, Failure> {
        if let Err(source) = self.file.write_all(line) {
            self.cut();
            return Err(failed(&self.path, "written", source));
        }
        let place = Place::new(Source::Journal, self.end, is_answer);
        self.end += line.len() as u64;
        Ok(place)
    }

    /// Cuts off what stands behind the last whole line. Where that fails, the next start does it.
    fn cut(&self) {
        let _ = self.file.set_len(self.end);
    }

    /// Flushes it to the disk.
    ///
    /// # Errors
    ///
    /// When the disk does not take it.
    pub fn flush(&self) -> Result<(), Failure> {
        let flushed = self.file.sync_data();
        flushed.map_err(|source| failed(&self.path, "flushed to the disk", source))
    }

    /// A handle by which the file is flushed while it is written to.
    ///
    /// # Errors
    ///
    /// When the system gives none.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Reads the line at a place into `line`, its end included.
    pub(crate) fn read(&self, place: Place, line: &mut Vec<u8>) -> io::Result<()> {
        let file = match (place.source(), &self.earlier) {
            (Source::Output, Some(earlier)) => earlier,
            _ => &self.file,
        };
        line.clear();
        let mut chunk = [0; 4096];
        loop {
            let at = place.offset() + line.len() as u64;
            let read = file.read_at(&mut chunk, at)?;
            let part = &chunk[..read];
            match part.iter().position(|byte| *byte == b'\n') {
                Some(end) => line.extend_from_slice(&part[..=end]),
                // The last line of an output that another program has written.
                None if read == 0 => line.push(b'\n'),
                None => {
                    line.extend_from_slice(part);
                    continue;
                }
            }
            return Ok(());
        }
    }

    /// The output that it is the journal of.
    pub fn output(&self) -> &Path {
        &self.output
    }

    /// Removes the journal, whose lines are all in the output now.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// A journal without a line is left behind by nobody.
impl Drop for Journal {
    fn drop(&mut self) {
        if self
            .file
            .metadata()
            .is_ok_and(|metadata| metadata.len() == 0 && metadata.nlink() > 0)
        {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A file beside another one.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(crate) fn failed(path: &Path, what: &'static str, source: io::Error) -> Failure {
    Failure::Output {
        path: path.to_owned(),
        what,
        source,
    }
}

/// Opens the file and locks it. The system unlocks it however this program ends.
fn locked(path: &Path) -> Result<File, Failure> {
    let error = |source| failed(path, "opened", source);
    loop {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Failure::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(error(source)),
        }
        // A run that has just ended may have removed the file between the two.
        let (ours, named) = (file.metadata().map_err(error)?, fs::metadata(path));
        if named.is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
}

struct Scanned {
    /// Behind the last whole line.
    end: u64,
    /// The first line that is none of a batch's.
    foreign: Option<u64>,
}

fn scan(file: &File, source: Source, answers: &mut Answers) -> io::Result<Scanned> {
    let length = file.metadata()?.len();
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(1 << 16, file.take(length));
    let mut line = Vec::new();
    let mut scanned = Scanned {
        end: 0,
        foreign: None,
    };
    for number in 1.. {
        line.clear();
        reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)?;
        let is_whole = line.ends_with(b"\n");
        if line.is_empty() || (!is_whole && source == Source::Journal) {
            break;
        }
        let reply = Reply::parse(&line);
        let is_blank = line.trim_ascii().is_empty();
        match &reply {
            Some(reply) => {
                let hash = reply.input_hash.as_deref();
                if let Some(hash) = hash.and_then(|hash| u64::from_str_radix(hash, 16).ok()) {
                    let place = Place::new(source, scanned.end, reply.is_answer());
                    answers.note(reply, hash, place);
                }
            }
            None if is_blank => {}
            None if source == Source::Output => {
                scanned.foreign = Some(number);
                break;
            }
            None => answers.unreadable += 1,
        }
        scanned.end += line.len() as u64;
    }
    Ok(scanned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u32, status: u16, hash: u64) -> String {
        format!("{{\"id\":{id},\"statusCode\":{status},\"inputHash\":\"{hash:016x}\"}}\n")
    }

    fn place(answers: &mut Answers, id: u32, hash: u64) -> Place {
        answers.take(id_key(&id.to_string()), hash)
    }

    fn read(journal: &Journal, place: Place) -> String {
        let mut line = Vec::new();
        journal.read(place, &mut line).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_last_line_that_is_not_whole_is_cut_off_and_the_next_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("answers.jsonl");
        let part = beside(&output, ".part");
        fs::write(&part, line(1, 200, 7) + r#"{"id":2,"statusCode":200,"te"#).unwrap();
        let mut journal = Journal::open(&output).unwrap();
        let mut answers = journal.answers().unwrap();
        assert!(place(&mut answers, 1, 7).is_answer());
        assert_eq!(place(&mut answers, 2, 7), Place::NONE);
        let second = journal.append(line(2, 200, 7).as_bytes(), true).unwrap();
        assert_eq!(read(&journal, second), line(2, 200, 7));
        assert_eq!(
            fs::read_to_string(&part).unwrap(),
            line(1, 200, 7) + &line(2, 200, 7)
        );
    }

    #[test]
    fn an_answer_stands_against_a_later_failure_of_the_same_and_not_against_another_prompt() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("answers.jsonl");
        fs::write(
            &output,
            line(1, 200, 7) + &line(2, 400, 7) + &line(3, 200, 7),
        )
        .unwrap();
        let lines = line(1, 429, 7) + &line(2, 200, 7) + "not JSON\n" + &line(3, 429, 8);
        fs::write(beside(&output, ".part"), lines).unwrap();
        let mut journal = Journal::open(&output).unwrap();
        let mut answers = journal.answers().unwrap();
        assert_eq!(answers.unreadable, 1);
        let first = place(&mut answers, 1, 7);
        assert!(first.is_answer());
        assert_eq!(read(&journal, first), line(1, 200, 7));
        assert!(place(&mut answers, 2, 7).is_answer());
        assert_eq!(place(&mut answers, 3, 7), Place::NONE);
    }

    #[test]
    fn an_output_of_another_program_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("notes.txt");
        fs::write(&output, "my notes\n").unwrap();
        let error = Journal::open(&output)
            .unwrap()
            .answers()
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("Line 1 of") && error.contains("notes.txt"),
            "{error}"
        );
        assert!(
            !beside(&output, ".part").exists(),
            "an empty journal is left"
        );
    }

    #[test]
    fn two_runs_at_once_are_refused_and_the_next_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("answers.jsonl");
        let first = Journal::open(&output).unwrap();
        assert!(matches!(Journal::open(&output), Err(Failure::Locked(_))));
        drop(first);
        Journal::open(&output).unwrap();
    }
}
