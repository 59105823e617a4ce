//! What a file would change, before it changes anything.
//!
//! Invariant: it only reads, some lines at a time, and asks the same question of a product as the run that follows. Of two lines for one
//! product both are counted: to know them, all would have to be kept. It does not know who asks.

use super::import::{BREATH, Count, patiently};
use super::line::Line;
use super::reader::{Complaint, Reader};
use super::stand::{Fate, look};
use super::{NEW_CATEGORIES, TOLD};
use crate::db::Db;
use crate::error::Result;
use crate::shop::slug;
use std::collections::HashSet;
use std::io::Read;
use std::ops::ControlFlow;

/// Lines that are looked up at once.
const SOME: usize = 200;

/// What a file would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Lines behind the first.
    pub lines: u64,
    /// What would become of the products.
    pub count: Count,
    /// Lines that cannot be taken.
    pub wrong: u64,
    /// What is wrong with the first of them.
    pub told: Vec<Complaint>,
    /// How much more is wrong.
    pub untold: u64,
    /// The names of the categories that it would make, in the order of the file.
    pub categories: Vec<String>,
}

impl Survey {
    fn complain(&mut self, complaints: Vec<Complaint>) {
        self.wrong += 1;
        for complaint in complaints {
            if self.told.len() < TOLD {
                self.told.push(complaint);
            } else {
                self.untold += 1;
            }
        }
    }
}

/// Reads the whole file and looks up its products; none if `progress`, which is told the bytes that were read, wants no more of it.
/// Run it on a blocking thread.
///
/// # Errors
/// What the database says.
pub fn survey<R: Read>(
    db: &Db,
    mut file: Reader<R>,
    mut progress: impl FnMut(u64, &Survey) -> ControlFlow<()>,
) -> Result<Option<Survey>> {
    let (mut survey, mut shelves) = (Survey::default(), HashSet::new());
    loop {
        let mut lines = Vec::with_capacity(SOME);
        let mut read = 0;
        while read < SOME {
            let Some(line) = file.next_line() else { break };
            read += 1;
            match line {
                Ok(line) => lines.push((file.line(), line)),
                Err(complaints) => survey.complain(complaints),
            }
        }
        if read == 0 {
            return Ok(Some(survey));
        }
        survey.lines += read as u64;
        let (places, lines): (Vec<u64>, Vec<Line>) = lines.into_iter().unzip();
        let look = patiently(|| db.read_here(|conn| look(conn, &lines)))?;
        let mut strange = look.strange.iter().peekable();
        for (nth, fate) in look.fates.into_iter().enumerate() {
            let mut wrong = Vec::new();
            if strange.next_if_eq(&&nth).is_some() && !makes(&mut shelves, &mut survey.categories, &lines[nth].category) {
                wrong.push(Complaint::new(places[nth], &too_many(&lines[nth].category)));
            }
            match fate {
                _ if !wrong.is_empty() => {}
                Fate::New => survey.count.new += 1,
                Fate::Changed => survey.count.changed += 1,
                Fate::Same => survey.count.same += 1,
                Fate::Pictureless(id) => {
                    wrong.push(Complaint::new(places[nth], &format!("image: there is no picture /pictures/{id}")));
                }
            }
            if !wrong.is_empty() {
                survey.complain(wrong);
            }
        }
        if progress(file.position(), &survey).is_break() {
            return Ok(None);
        }
        std::thread::sleep(BREATH);
    }
}

/// Notes a category that is not there; `false` if that would be one too many. Names that make one address make one category.
fn makes(shelves: &mut HashSet<String>, names: &mut Vec<String>, name: &str) -> bool {
    let place = slug::of(name, "");
    let place = if place.is_empty() { name } else { &place };
    if shelves.contains(place) {
        return true;
    }
    let fits = names.len() < NEW_CATEGORIES;
    if fits {
        shelves.insert(place.to_owned());
        names.push(name.to_owned());
    }
    fits
}

fn too_many(name: &str) -> String {
    format!("category: `{name}` is not there, and a file makes at most {NEW_CATEGORIES} categories")
}
