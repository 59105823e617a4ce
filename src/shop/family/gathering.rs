//! Families with all their options, on their way to how a file wants them.
//!
//! Invariant: the caller holds what is changed; nothing is written before `write`, and then each option once, of one family one after the
//! other. It does not know files.

mod circle;

use super::join::three;
use super::settle::offer;
use super::{SHARED, SharedRow, shared};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::families;
use crate::error::{Error, Result};
use crate::ids::FamilyKey;
use crate::on_either;
use crate::shop::product::{Standing, Written, rewrite_options};
use circle::{Circle, places};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// Where a product belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The family's name in files.
    pub code: String,
    /// What options differ in.
    pub names: Vec<String>,
    /// Its word for each name.
    pub words: Vec<String>,
}

/// A product that a line is about, as it shall be, but for what its family says.
#[derive(Debug)]
pub(in crate::shop) struct Guest<'a> {
    pub product: Written,
    pub sku: &'a str,
    pub category: &'a str,
    /// What it is called without the words of an option.
    pub title: &'a str,
    /// Where it shall be; none leaves it where it is.
    pub seat: Option<&'a Seat>,
    /// The family that it is of.
    pub before: Option<FamilyKey>,
}

/// The families that some lines are about.
#[derive(Debug, Default)]
pub(in crate::shop) struct Gathering(Vec<Circle>);

impl Gathering {
    /// Brings them together: those that the guests are of, and those where they shall be, which are made where there are none yet.
    pub fn of(conn: &mut Conn, now: Moment, guests: &[Guest]) -> Result<Self> {
        if guests.is_empty() {
            return Ok(Self::default());
        }
        let wanted: HashMap<&str, (&str, &Seat)> =
            guests.iter().rev().filter_map(|it| it.seat.map(|seat| (seat.code.as_str(), (it.title, seat)))).collect();
        let known = families::table.filter(families::code.eq_any(wanted.keys())).select(families::code);
        let known: HashSet<String> = if wanted.is_empty() { HashSet::new() } else { known.load(conn)?.into_iter().collect() };
        let row = |(code, (title, seat)): (&&str, &(&str, &Seat))| {
            let (one, two, three) = three(&seat.names);
            (
                (families::code.eq(code.to_string()), families::title.eq(title.to_string()), families::created_at.eq(now)),
                (families::name_1.eq(one.to_owned()), families::name_2.eq(two.to_owned()), families::name_3.eq(three.to_owned())),
            )
        };
        let new: Vec<_> = wanted.iter().filter(|(code, _)| !known.contains(**code)).map(row).collect();
        if !new.is_empty() {
            on_either!(conn, conn => diesel::insert_into(families::table).values(new).on_conflict_do_nothing().execute(conn))?;
        }
        let of_guests: HashSet<FamilyKey> = guests.iter().filter_map(|it| it.before).collect();
        let all = families::table.filter(families::code.eq_any(wanted.keys()).or(families::id.eq_any(of_guests)));
        let all: Vec<SharedRow> = all.order(families::id).select(SHARED).load(conn)?;
        let mut circles: Vec<Circle> = all.into_iter().map(|row| Circle::of(shared(row))).collect();
        for (family, place) in places(conn, circles.iter().map(|it| it.family.key))? {
            if let Some(circle) = circles.iter_mut().find(|it| it.family.key == family) {
                circle.places.push(place);
            }
        }
        Ok(Self(circles))
    }

    /// Gives a product its seat.
    ///
    /// # Errors
    /// `Refused` as `bad_file`, when the family differs in something else, is full, or has another option of these words.
    pub fn seat(&mut self, guest: Guest) -> Result<()> {
        let key = guest.product.key;
        let here = self.0.iter().position(|it| match guest.seat {
            Some(seat) => it.family.code == seat.code,
            None => Some(it.family.key) == guest.before,
        });
        let here = here.ok_or_else(|| Error::internal("a seat without its family"))?;
        let moved = guest.before.is_some_and(|before| before != self.0[here].family.key);
        if let Some(left) = self.0.iter_mut().find(|it| moved && Some(it.family.key) == guest.before) {
            left.places.retain(|place| place.member.key != key);
            left.touched = true;
        }
        self.0[here].seat(guest, moved)
    }

    /// Makes right what follows, and writes all of it. Of one family one option at a time; those that leave another by themselves.
    pub fn write(self, conn: &mut Conn) -> Result<()> {
        let (mut alone, mut rounds): (Vec<_>, Vec<Vec<(Written, Standing)>>) = (Vec::new(), Vec::new());
        let (mut over, mut told) = (Vec::new(), Vec::new());
        for mut circle in self.0.into_iter().filter(|it| it.touched) {
            let key = circle.family.key;
            if circle.places.is_empty() {
                over.push(key);
                continue;
            }
            let (shown, dearest) = offer(circle.places.iter().map(|it| &it.member));
            let (mut nth, raised) = (0, i64::from(circle.raised));
            for (row, moved) in circle.settled() {
                if moved {
                    alone.push(row);
                    continue;
                }
                if rounds.len() == nth {
                    rounds.push(Vec::new());
                }
                rounds[nth].push(row);
                nth += 1;
            }
            told.push((key, circle.family.title, shown, dearest, raised));
        }
        for row in alone {
            rewrite_options(conn, &[row])?;
        }
        for rows in rounds {
            rewrite_options(conn, &rows)?;
        }
        for (key, title, shown, dearest, raised) in told {
            diesel::update(families::table.filter(families::id.eq(key)))
                .set((
                    (families::title.eq(title), families::version.eq(families::version + raised)),
                    (families::shown.eq(shown), families::dearest.eq(dearest)),
                ))
                .execute(conn)?;
        }
        if !over.is_empty() {
            diesel::delete(families::table.filter(families::id.eq_any(over))).execute(conn)?;
        }
        Ok(())
    }
}
