//! Reads the file line by line.
//!
//! Invariant: it holds one line at a time, and no line is longer than a bound, so the memory it takes does not depend on the file. Each
//! complaint names the line as an editor counts it. It does not know products.

use super::line::Line;
use crate::config::Currency;
use csv::StringRecord;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most bytes of a line, with what is read ahead of it.
const LONGEST: usize = 256 * 1024;

/// Most characters of what is said of a line.
const MOST_TOLD: usize = 200;

/// Columns that must be there, and those that may.
const NEEDED: [&str; 5] = ["sku", "title", "description", "category", "price"];
const POSSIBLE: [&str; 6] = ["slug", "stock", "image", "status", "family", "options"];

/// What is wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Which line, from 1.
    pub line: u64,
    /// What is wrong, and in which column.
    pub why: String,
}

impl Complaint {
    /// About a line. What it repeats of the file is cut, and shown without what could not be shown.
    #[must_use]
    pub fn new(line: u64, why: &str) -> Self {
        let mut signs = why.chars().map(|sign| if sign.is_control() { char::REPLACEMENT_CHARACTER } else { sign });
        let mut why: String = signs.by_ref().take(MOST_TOLD).collect();
        if signs.next().is_some() {
            why.push('…');
        }
        Self { line, why }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Where each column stands.
#[derive(Debug)]
pub struct Columns(Vec<&'static str>);

impl Columns {
    /// Reads the first line.
    fn read(first: &StringRecord) -> Result<Self, String> {
        let names: Vec<&str> = first.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).collect();
        if let [only] = names[..]
            && let Some((sign, word)) = [(';', "semicolons"), ('\t', "tabs")].into_iter().find(|(sign, _)| only.contains(*sign))
        {
            return Err(format!("the columns are parted by {word} (`{sign}`). Save the file with commas"));
        }
        let mut columns = Vec::new();
        for name in names {
            let known = NEEDED.into_iter().chain(POSSIBLE).find(|known| name.eq_ignore_ascii_case(known));
            let known = known.ok_or_else(|| format!("there is no column `{}`", name.chars().take(40).collect::<String>()))?;
            if columns.contains(&known) {
                return Err(format!("the column `{known}` is there twice"));
            }
            columns.push(known);
        }
        match NEEDED.into_iter().find(|needed| !columns.contains(needed)) {
            Some(missing) => Err(format!("the column `{missing}` is missing")),
            None => Ok(Self(columns)),
        }
    }

    /// The cell of this column; empty if the file has no such column.
    pub(super) fn cell<'a>(&self, cells: &'a StringRecord, name: &str) -> &'a str {
        self.0.iter().position(|column| *column == name).and_then(|at| cells.get(at)).unwrap_or_default()
    }
}

/// A file on its way in.
#[derive(Debug)]
pub struct Reader<R> {
    csv: csv::Reader<Metered<R>>,
    left: Arc<AtomicUsize>,
    columns: Columns,
    currency: Currency,
    cells: StringRecord,
    over: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the first line, which names the columns.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(file: R, currency: Currency) -> Result<Self, Complaint> {
        let left = Arc::new(AtomicUsize::new(LONGEST));
        let metered = Metered { file, left: Arc::clone(&left) };
        let mut csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(metered);
        let mut cells = StringRecord::new();
        let read = csv.read_record(&mut cells).map_err(|cause| Complaint::new(1, &said(&cause)))?;
        let columns = if read { Columns::read(&cells) } else { Err("the file is empty".to_owned()) };
        let columns = columns.map_err(|why| Complaint::new(1, &why))?;
        Ok(Self { csv, left, columns, currency, cells, over: false })
    }

    /// Bytes that were read.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.csv.position().byte()
    }

    /// Where the line that was read last begins, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.cells.position().map_or(0, csv::Position::line)
    }

    /// The next line, or what is wrong with it; none behind the last.
    pub fn next_line(&mut self) -> Option<Result<Line, Vec<Complaint>>> {
        if self.over {
            return None;
        }
        self.left.store(LONGEST, Ordering::Relaxed);
        let before = self.csv.position().line();
        match self.csv.read_record(&mut self.cells) {
            Ok(false) => None,
            Ok(true) => Some(self.read_cells()),
            Err(cause) => {
                // Behind bytes that are not text the next line can be read; behind a broken file it cannot.
                self.over = !matches!(cause.kind(), csv::ErrorKind::Utf8 { .. });
                let line = cause.position().map_or(before, csv::Position::line);
                Some(Err(vec![Complaint::new(line, &said(&cause))]))
            }
        }
    }

    fn read_cells(&self) -> Result<Line, Vec<Complaint>> {
        let line = self.line();
        let (found, wanted) = (self.cells.len(), self.columns.0.len());
        if found != wanted {
            return Err(vec![Complaint::new(line, &format!("this line has {found} cells, the first line has {wanted}"))]);
        }
        let told = |wrong: Vec<String>| wrong.iter().map(|why| Complaint::new(line, why)).collect();
        Line::read(&self.columns, &self.cells, &self.currency).map_err(told)
    }
}

fn said(cause: &csv::Error) -> String {
    match cause.kind() {
        csv::ErrorKind::Utf8 { .. } => "this has characters that are not UTF-8. Save the file as UTF-8".to_owned(),
        csv::ErrorKind::Io(cause) => cause.to_string(),
        _ => cause.to_string(),
    }
}

/// A file of which only so much is read at a time.
#[derive(Debug)]
struct Metered<R> {
    file: R,
    left: Arc<AtomicUsize>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("a line has no end: perhaps a quote that is opened is not closed"));
        }
        let most = left.min(buffer.len());
        let read = self.file.read(&mut buffer[..most])?;
        self.left.store(left - read, Ordering::Relaxed);
        Ok(read)
    }
}
