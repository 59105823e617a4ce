//! Writes the words of a page beside its shape.
//!
//! Invariant: what is written stands escaped in the page, and only there: the shape gets its mark. It does not know the shapes.

use super::stencil::{Ink, Mark};
use super::templates::Set;
use crate::clock::{Moment, rfc3339};
use crate::error::Result;
use crate::shop::money::Money;
use serde::Serialize;
use std::io::Write as _;

/// Words of a row, in bytes; a longer one takes more.
const ROW: usize = 512;

/// Writes one page, or one row of it.
#[derive(Debug)]
pub struct Pen<'a> {
    set: &'a Set,
    csrf: &'a str,
    ink: Ink,
}

/// How many there are, and whether that is one.
#[derive(Debug, Serialize)]
pub struct Count<N> {
    /// The number.
    pub shown: N,
    /// Is it one?
    pub one: bool,
}

impl Count<i64> {
    /// So many; none for none.
    #[must_use]
    pub fn some(number: i64) -> Option<Self> {
        (number > 0).then_some(Self { shown: number, one: number == 1 })
    }
}

/// A time for programs, and as people write it.
#[derive(Debug, Serialize)]
pub struct When {
    at: Mark,
    said: Mark,
}

impl<'a> Pen<'a> {
    /// A pen for a page whose forms carry that value, with ink for so many bytes of words.
    #[must_use]
    pub fn new(set: &'a Set, csrf: &'a str, room: usize) -> Self {
        Self { set, csrf, ink: Ink::with_room(room) }
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> Mark {
        self.write(|html| tera::escape_html(text, html))
    }

    /// A text, where there is one.
    pub fn some(&mut self, text: &str) -> Option<Mark> {
        (!text.is_empty()).then(|| self.text(text))
    }

    /// A number.
    pub fn number(&mut self, number: i64) -> Mark {
        self.ours(&number.to_string())
    }

    /// How many.
    pub fn count(&mut self, number: i64) -> Count<Mark> {
        Count { shown: self.number(number), one: number == 1 }
    }

    /// An amount of money.
    pub fn money(&mut self, amount: Money) -> Mark {
        self.ours(&self.set.money(amount))
    }

    /// A day.
    pub fn day(&mut self, at: Moment) -> When {
        When { at: self.ours(&rfc3339(at)), said: self.ours(&self.set.day(at)) }
    }

    /// A day and its hour.
    pub fn moment(&mut self, at: Moment) -> When {
        When { at: self.ours(&rfc3339(at)), said: self.ours(&self.set.moment(at)) }
    }

    /// The value that proves that a form is ours.
    pub fn csrf(&mut self) -> Mark {
        self.ours(self.csrf)
    }

    /// Rows of a list, each drawn by itself; one word in all, so that how many there are makes no shape of its own. None of none.
    ///
    /// # Errors
    /// `Internal`, when the template and the shape do not fit.
    pub fn rows<T, S: Serialize>(
        &mut self,
        template: &'static str,
        rows: impl IntoIterator<Item = T>,
        mut shape: impl FnMut(&mut Self, T) -> S,
    ) -> Result<Option<Mark>> {
        let mut pen = Self::new(self.set, self.csrf, ROW);
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(None);
        }
        let draw = |html: &mut Vec<u8>| -> Result<()> {
            rows.try_for_each(|row| {
                pen.ink.clear();
                let shape = shape(&mut pen, row);
                pen.set.stencils.fill(pen.set, template, &shape, &pen.ink, html)
            })
        };
        self.ink.word(draw).map(Some)
    }

    /// What was written, for a page that Tera draws anew.
    #[must_use]
    pub fn value(&self, mark: Option<Mark>) -> Option<tera::Value> {
        mark.map(|mark| tera::Value::safe_string(&String::from_utf8_lossy(self.ink.said(mark))))
    }

    /// The page of that shape.
    ///
    /// # Errors
    /// `Internal`, when the template and the shape do not fit.
    pub fn page(&self, template: &'static str, shape: &impl Serialize) -> Result<Vec<u8>> {
        let mut page = Vec::with_capacity(self.set.room(template));
        self.set.stencils.fill(self.set, template, shape, &self.ink, &mut page)?;
        self.set.note_size(template, &page);
        Ok(page)
    }

    /// What is made of letters, digits and signs that HTML has no other use for.
    fn ours(&mut self, text: &str) -> Mark {
        self.write(|html| html.write_all(text.as_bytes()))
    }

    fn write(&mut self, write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Mark {
        self.ink.word(write).expect("memory takes all that is written")
    }
}
