//! One line of the file: a product as it shall be.
//!
//! Invariant: a line that exists can be taken by itself; whether its picture is there is the database's to say. It does not know
//! files.

use super::reader::Columns;
use crate::config::Currency;
use crate::ids::PictureId;
use crate::sheet;
use crate::shop::demo;
use crate::shop::family::{self, Seat};
use crate::shop::money::Money;
use crate::shop::product::Status;
use crate::shop::slug;
use crate::shop::stock::MOST;

/// The dearest thing there can be, in minor units.
const DEAREST: i64 = 1_000_000_000_000;

/// A product as it shall be; what a line leaves empty stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The stock-keeping code, which says which product it is.
    pub sku: String,
    /// The name in URLs of a new one.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// The name of its category.
    pub category: String,
    /// The price.
    pub price: Money,
    /// Pieces in stock.
    pub stock: Option<i64>,
    /// Is it for sale?
    pub status: Option<Status>,
    /// Its picture.
    pub picture: Option<Picture>,
    /// The family that it is an option of, and its words; its name is without them.
    pub seat: Option<Seat>,
}

/// The picture that a line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// One of the shop's own.
    Kept(PictureId),
    /// One of the demo shop's.
    Art(&'static [u8]),
}

impl Line {
    /// Reads the cells of a line.
    ///
    /// # Errors
    /// A sentence for each cell that cannot be taken.
    pub fn read(columns: &Columns, cells: &csv::StringRecord, currency: &Currency) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let mut taken = |name: &str, taken: Result<(), String>| {
            wrong.extend(taken.err().map(|why| format!("{name}: {why}")));
        };
        let cell = |name| sheet::open(columns.cell(cells, name).trim());
        let texts = ["sku", "title", "description", "category"].map(cell);
        let [sku, title, description, category] = texts.each_ref().map(AsRef::as_ref);
        taken("sku", text(sku, 1, 64, false));
        taken("title", text(title, 1, 100, false));
        taken("description", text(description, 0, 2_000, true));
        taken("category", text(category, 1, 60, false));
        let price = Money::parse(&cell("price"), currency).and_then(|price| match price.minor() {
            ..=DEAREST => Ok(price),
            _ => Err("that is more than anything here can cost".to_owned()),
        });
        let stock = optional(&cell("stock"), count);
        let status = optional(&cell("status"), |word| {
            Status::read(word).ok_or_else(|| format!("`{word}` is neither active, draft nor archived"))
        });
        let picture = optional(&cell("image"), picture);
        let slug = optional(&cell("slug"), |word| {
            let plain = slug::of(word, "") == word;
            if plain { Ok(word.to_owned()) } else { Err(format!("`{word}` is not small letters, digits and dashes")) }
        });
        let seat = seat(&cell("family"), &cell("options"));
        taken("options", seat.clone().map(drop));
        taken("price", price.clone().map(drop));
        taken("stock", stock.clone().map(drop));
        taken("status", status.clone().map(drop));
        taken("image", picture.clone().map(drop));
        taken("slug", slug.clone().map(drop));
        match (price, stock, status, picture, slug, seat) {
            (Ok(price), Ok(stock), Ok(status), Ok(picture), Ok(slug), Ok(seat)) if wrong.is_empty() => Ok(Self {
                sku: sku.to_owned(),
                slug: slug.unwrap_or_else(|| slug::of(&full_title(title, seat.as_ref()), "product")),
                title: title.to_owned(),
                description: description.to_owned(),
                category: category.to_owned(),
                price,
                stock,
                status,
                picture,
                seat,
            }),
            _ => Err(wrong),
        }
    }
}

/// What a product is called that has this name in the file.
pub fn full_title(title: &str, seat: Option<&Seat>) -> String {
    seat.map_or_else(|| title.to_owned(), |seat| family::titled(title, &seat.words))
}

/// The family and what the options say of it: both, or neither.
fn seat(code: &str, options: &str) -> Result<Option<Seat>, String> {
    if code.is_empty() && options.is_empty() {
        return Ok(None);
    }
    if code.is_empty() {
        return Err("these are options of nothing: name the family, too".to_owned());
    }
    if slug::of(code, "") != code {
        return Err(format!("the family `{code}` is not small letters, digits and dashes"));
    }
    let (names, words) = family::parted(options)?;
    Ok(Some(Seat { code: code.to_owned(), names, words }))
}

fn optional<T>(cell: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if cell.is_empty() { Ok(None) } else { read(cell).map(Some) }
}

fn text(cell: &str, least: usize, most: usize, lines: bool) -> Result<(), String> {
    let length = cell.chars().count();
    if length < least {
        Err("this is empty".to_owned())
    } else if length > most {
        Err(format!("this has {length} characters; {most} is the most"))
    } else if cell.chars().any(|sign| sign.is_control() && !(lines && matches!(sign, '\n' | '\r' | '\t'))) {
        Err("this has invisible control characters in it".to_owned())
    } else {
        Ok(())
    }
}

fn count(cell: &str) -> Result<i64, String> {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { cell.parse().ok() } else { None };
    number.filter(|number| *number <= MOST).ok_or_else(|| format!("`{cell}` is not a whole number such as 12"))
}

fn picture(cell: &str) -> Result<Picture, String> {
    let kept = cell.strip_prefix("/pictures/").and_then(|id| id.parse().ok()).map(Picture::Kept);
    kept.or_else(|| demo::art(cell).map(Picture::Art)).ok_or_else(|| format!("there is no picture `{cell}`"))
}
