//! Pages and rows of which only words change: Tera draws each shape of them once, and words are laid into a copy.
//!
//! Invariant: nothing is drawn that Tera did not draw. What is kept is a template's text for one shape (which parts it has) with holes in
//! it: nobody's words, and no price. The shape is made and looked up anew for each drawing, so nothing kept can be out of date. A debug
//! build holds each new stencil against Tera's own drawing with the same words, which are escaped already. It does not know what the
//! shapes mean.

use super::templates::Set;
use crate::error::{Error, Result};
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::sync::{PoisonError, RwLock};
use tera::Context;

/// Where a word goes: in a shape it stands for the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u16);

/// Unicode's first plane for private use: its signs are nowhere in our templates, and no escape touches them.
const PLANE: u32 = 0xF_0000;

/// The stencils of a template together, in bytes. Beyond that the oldest is forgotten, and cut anew when it is wanted.
const ROOM: usize = 96 * 1024;

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(char::from_u32(PLANE + u32::from(self.0)).unwrap_or_default())
    }
}

/// The words of one drawing, as HTML, in the order of their marks.
#[derive(Debug, Default)]
pub struct Ink {
    html: Vec<u8>,
    ends: Vec<usize>,
}

impl Ink {
    /// Ink for so many bytes of words; there is more.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { html: Vec::with_capacity(room), ends: Vec::with_capacity(64) }
    }

    /// One more word, as `write` writes it.
    pub fn word<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Mark, E> {
        write(&mut self.html)?;
        self.ends.push(self.html.len());
        Ok(Mark(u16::try_from(self.ends.len() - 1).expect("no page has sixty thousand words")))
    }

    /// Forgets all words.
    pub fn clear(&mut self) {
        self.html.clear();
        self.ends.clear();
    }

    /// The word of a mark; nothing of one that stands for none.
    #[must_use]
    pub fn said(&self, Mark(at): Mark) -> &[u8] {
        let at = usize::from(at);
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        start.zip(self.ends.get(at)).and_then(|(start, end)| self.html.get(start..*end)).unwrap_or_default()
    }
}

/// A text with holes.
#[derive(Debug)]
struct Stencil {
    text: Box<[u8]>,
    /// Up to where the text goes before each hole, and whose hole it is.
    holes: Box<[(usize, Mark)]>,
}

impl Stencil {
    fn cut(drawn: &str) -> Self {
        let (mut text, mut holes) = (Vec::with_capacity(drawn.len()), Vec::new());
        let mut rest = drawn;
        while let Some((at, sign)) = rest.char_indices().find(|(_, sign)| u32::from(*sign) & !0xFFFF == PLANE) {
            text.extend_from_slice(&rest.as_bytes()[..at]);
            #[allow(clippy::cast_possible_truncation, reason = "the sixteen bits of a sign within its plane")]
            holes.push((text.len(), Mark(u32::from(sign) as u16)));
            rest = &rest[at + sign.len_utf8()..];
        }
        text.extend_from_slice(rest.as_bytes());
        Self { text: text.into(), holes: holes.into() }
    }

    fn fill(&self, ink: &Ink, page: &mut Vec<u8>) {
        let mut start = 0;
        for (end, mark) in &self.holes {
            page.extend_from_slice(&self.text[start..*end]);
            page.extend_from_slice(ink.said(*mark));
            start = *end;
        }
        page.extend_from_slice(&self.text[start..]);
    }

    fn size(&self) -> usize {
        self.text.len() + size_of_val(&*self.holes)
    }
}

/// The stencils of one set of templates: a few for each.
#[derive(Debug, Default)]
pub struct Stencils(RwLock<HashMap<&'static str, Shelf>>);

/// Those of one template, the oldest first.
#[derive(Debug, Default)]
struct Shelf {
    known: VecDeque<Known>,
    size: usize,
}

#[derive(Debug)]
struct Known {
    shape: Box<[u8]>,
    stencil: Stencil,
}

impl Known {
    fn size(&self) -> usize {
        self.shape.len() + self.stencil.size()
    }
}

impl Shelf {
    /// A handful of shapes is looked through faster than it is hashed.
    fn find(&self, shape: &[u8]) -> Option<&Stencil> {
        self.known.iter().find(|known| *known.shape == *shape).map(|known| &known.stencil)
    }

    fn keep(&mut self, known: Known) {
        if known.size() > ROOM || self.find(&known.shape).is_some() {
            return;
        }
        self.size += known.size();
        self.known.push_back(known);
        while self.size > ROOM {
            self.size -= self.known.pop_front().map_or(0, |known| known.size());
        }
    }
}

impl Stencils {
    /// Draws a template of that shape with these words onto a page.
    ///
    /// # Errors
    /// `Internal`, when the template and the shape do not fit.
    pub fn fill(&self, set: &Set, template: &'static str, shape: &impl Serialize, ink: &Ink, page: &mut Vec<u8>) -> Result<()> {
        let mut key = Vec::with_capacity(512);
        serde_json::to_writer(&mut key, shape).map_err(Error::internal)?;
        // What stands on a shelf is whole, whoever panicked with the lock: it was drawn before.
        if let Some(stencil) =
            self.0.read().unwrap_or_else(PoisonError::into_inner).get(template).and_then(|shelf| shelf.find(&key))
        {
            stencil.fill(ink, page);
            return Ok(());
        }
        let mut context = Context::from_serialize(shape).map_err(Error::internal)?;
        context.insert_value("shop", set.shop().clone());
        let drawn = String::from_utf8(set.render(template, &context)?).map_err(Error::internal)?;
        let stencil = Stencil::cut(&drawn);
        stencil.fill(ink, page);
        #[cfg(debug_assertions)]
        proof::hold(&stencil, set, template, &key, ink)?;
        let mut shelves = self.0.write().unwrap_or_else(PoisonError::into_inner);
        shelves.entry(template).or_default().keep(Known { shape: key.into(), stencil });
        Ok(())
    }
}

/// Tera's own drawing of the words, which a stencil of them must say byte for byte.
#[cfg(debug_assertions)]
mod proof {
    use super::{Ink, Mark, PLANE, Stencil};
    use crate::error::{Error, Result};
    use crate::web::view::templates::Set;
    use serde_json::Value;
    use tera::Context;

    pub(super) fn hold(stencil: &Stencil, set: &Set, template: &str, shape: &[u8], ink: &Ink) -> Result<()> {
        let shape = serde_json::from_slice(shape).map_err(Error::internal)?;
        let mut context = Context::new();
        if let Value::Object(fields) = shape {
            fields.into_iter().for_each(|(name, value)| context.insert_value(name, worded(value, ink)));
        }
        context.insert_value("shop", set.shop().clone());
        let (drawn, mut filled) = (set.render(template, &context)?, Vec::new());
        stencil.fill(ink, &mut filled);
        assert_eq!(String::from_utf8_lossy(&filled), String::from_utf8_lossy(&drawn), "{template}");
        Ok(())
    }

    fn worded(value: Value, ink: &Ink) -> tera::Value {
        match value {
            Value::String(text) => match text.chars().next().map(u32::from) {
                Some(sign) if sign & !0xFFFF == PLANE => {
                    let mark = Mark(u16::try_from(sign - PLANE).unwrap_or_default());
                    tera::Value::safe_string(&String::from_utf8_lossy(ink.said(mark)))
                }
                _ => text.into(),
            },
            Value::Array(list) => list.into_iter().map(|value| worded(value, ink)).collect::<Vec<_>>().into(),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name.into(), worded(value, ink)));
                fields.collect::<tera::Map>().into()
            }
            plain => tera::Value::from_serializable(&plain),
        }
    }
}

#[cfg(test)]
mod tests;
