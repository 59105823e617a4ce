//! What a file would change, before it changes anything.
//!
//! Invariant: it only reads, some lines at a time, and asks the same question of a product as the run that follows. Of two lines for one
//! product both are counted: to know them, all would have to be kept. It does not know who asks.

use super::TOLD;
use super::import::{Count, patiently};
use super::line::{Line, Picture};
use super::reader::{Complaint, Reader};
use super::stand::{self, picture_id};
use crate::db::{Conn, Db};
use crate::error::Result;
use crate::ids::CategoryKey;
use crate::shop::{category, picture};
use std::collections::HashMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::time::Duration;

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
    let mut survey = Survey::default();
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
        let (count, missing) = patiently(|| db.read_here(|conn| compare(conn, &lines)))?;
        survey.count += count;
        for (nth, why) in missing {
            survey.complain(vec![Complaint::new(places[nth], &why)]);
        }
        if progress(file.position(), &survey).is_break() {
            return Ok(None);
        }
        // On a machine with few cores shoppers would else get half of it.
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What would become of these lines, and which of them name a picture that is not there.
fn compare(conn: &mut Conn, lines: &[Line]) -> Result<(Count, Vec<(usize, String)>)> {
    let keys = stand::keys(conn, lines)?;
    let stand = stand::standing(conn, &keys)?;
    let (mut count, mut missing) = (Count::default(), Vec::new());
    let mut shelves: HashMap<&str, Option<CategoryKey>> = HashMap::new();
    for (nth, line) in lines.iter().enumerate() {
        if let Some(Picture::Kept(id)) = line.picture
            && !picture::is_there(conn, id)?
        {
            missing.push((nth, format!("image: there is no picture /pictures/{id}")));
            continue;
        }
        let shelf = if let Some(shelf) = shelves.get(line.category.as_str()) {
            *shelf
        } else {
            let shelf = category::meant(conn, &line.category)?.map(|(key, _)| key);
            shelves.insert(&line.category, shelf);
            shelf
        };
        let picture = line.picture.map(picture_id).transpose()?;
        match (stand.get(&line.sku), shelf) {
            (None, _) => count.new += 1,
            (Some(it), Some(shelf)) if it.is_as(line, shelf, picture) => count.same += 1,
            (Some(_), _) => count.changed += 1,
        }
    }
    Ok((count, missing))
}
