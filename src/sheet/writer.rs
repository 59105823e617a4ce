//! Writes lines of a CSV file (RFC 4180).
//!
//! Invariant: every cell is guarded, so that no spreadsheet runs what somebody typed into a title. It does not know what the cells mean.

use super::guard;
use crate::error::{Error, Result};

/// Lines in memory.
#[derive(Debug)]
pub struct Writer(csv::Writer<Vec<u8>>);

impl Default for Writer {
    fn default() -> Self {
        Self(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new()))
    }
}

impl Writer {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    ///
    /// # Errors
    /// `Internal`, if it has fewer or more cells than the one before.
    pub fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>) -> Result<()> {
        let guarded = cells.into_iter().map(|cell| guard(cell.as_ref()).into_owned());
        self.0.write_record(guarded).map_err(Error::internal)
    }

    /// All of them.
    ///
    /// # Errors
    /// `Internal`, which memory does not have.
    pub fn done(self) -> Result<Vec<u8>> {
        self.0.into_inner().map_err(Error::internal)
    }
}
