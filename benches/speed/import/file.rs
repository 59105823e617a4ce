//! Files of products, and the same products without an import.
//!
//! Invariant: what is in a file is made by its numbers alone. It does not know who reads it.

use crate::Open;
use crate::shop::Home;
use anyhow::Result;
use diesel::connection::SimpleConnection as _;
use latchkey::db::Conn;
use std::fmt::Write as _;

const HEAD: &str = "sku,title,description,category,price,stock\n";
const TEXT: &str = "Thrown by hand and glazed twice.";

/// So many products whose codes begin so; the price follows from `price`.
pub fn products(prefix: &str, lines: usize, price: usize) -> Result<String> {
    let mut text = HEAD.to_owned();
    for nth in 0..lines {
        writeln!(text, "{prefix}-{nth},Mug {nth} {prefix},\"{TEXT}\",Mugs {},1{price}.50,{}", nth % 8, nth % 90)?;
    }
    Ok(text)
}

/// Products that are called alike, so that each looks for a name in URLs that is free.
pub fn alike(lines: usize) -> Result<String> {
    let mut text = HEAD.to_owned();
    for nth in 0..lines {
        writeln!(text, "A-{nth},Mug,{TEXT},Mugs,12.50,5")?;
    }
    Ok(text)
}

/// Products with as much text as there can be, in many words.
pub fn wordy(lines: usize) -> Result<String> {
    let mut text = HEAD.to_owned();
    for nth in 0..lines {
        let mut words = String::new();
        for word in 0.. {
            let next = format!("{:x} ", (nth * 331 + word).wrapping_mul(0x9e37_79b9) & 0xff_ffff);
            if words.len() + next.len() > 2_000 {
                break;
            }
            words.push_str(&next);
        }
        writeln!(text, "W-{nth},Mug {nth} W,{words},Mugs,12.50,5")?;
    }
    Ok(text)
}

/// Options, ten of a family.
pub fn options(lines: usize) -> Result<String> {
    let mut text = "sku,title,description,category,price,stock,family,options\n".to_owned();
    for nth in 0..lines {
        let (family, word) = (nth / 10, nth % 10);
        writeln!(text, "O-{nth},Towel {family},{TEXT},Towels,12.50,5,towel-{family},Colour: shade {word}")?;
    }
    Ok(text)
}

/// As many products, with the movements of their stock, in transactions of 500, by statements that say everything.
///
/// # Errors
/// What the database says.
pub fn insert(open: &Open, home: Home, lines: usize) -> Result<()> {
    let mut conn = Conn::open(&open.shop.config()?.database)?;
    let begin = if home == Home::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
    let numbers: Vec<usize> = (0..lines).collect();
    for some in numbers.chunks(500) {
        let rows: Vec<String> = some
            .iter()
            .map(|nth| {
                let words = format!("mug {nth} p thrown by hand and glazed twice. mugs p-{nth}");
                format!(
                    "('Q{nth:020}A', 'P-{nth}', 'mug-{nth}-p', 'Mug {nth} P', '{words}', 'mug {nth} p', '{TEXT}', (SELECT id FROM \
                     categories WHERE slug = 'mugs-{}'), 1250, {}, 'active', '2026-11-01 00:00:00.000000')",
                    nth % 8,
                    nth % 90
                )
            })
            .collect();
        let (first, last) = (format!("Q{:020}A", some[0]), format!("Q{:020}A", some[some.len() - 1]));
        conn.batch_execute(&format!(
            "{begin}; INSERT INTO products (public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, \
             status, created_at) VALUES {}; INSERT INTO stock_movements (product_id, pieces, reason, note, at) SELECT id, stock, \
             'opening', '', created_at FROM products WHERE public_id BETWEEN '{first}' AND '{last}' AND stock > 0; COMMIT",
            rows.join(", ")
        ))?;
    }
    Ok(())
}
