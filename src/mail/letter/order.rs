//! What letters about orders say.
//!
//! Invariant: amounts and times are those of the order, as they were when the letter was left. It does not know words.

use serde::{Deserialize, Serialize};

/// An order as it was placed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Receipt {
    /// Its number.
    pub number: String,
    /// When.
    pub placed_at: String,
    /// What was bought.
    pub lines: Vec<ReceiptLine>,
    /// The sum of the lines.
    pub subtotal: i64,
    /// What was taken off.
    pub discount: i64,
    /// What the delivery costs.
    pub delivery: i64,
    /// All together.
    pub total: i64,
    /// Where it goes, line by line.
    pub address: Vec<String>,
}

/// A line of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The product's name then.
    pub title: String,
    /// Pieces.
    pub quantity: i64,
    /// What they cost.
    pub line_total: i64,
}

/// An order that was called off.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cancelled {
    /// Its number.
    pub number: String,
    /// When it was placed.
    pub placed_at: String,
    /// When it was called off.
    pub at: String,
    /// What it would have cost.
    pub total: i64,
    /// What was paid for it and goes back. (Letters from before there were payments do not say.)
    #[serde(default)]
    pub owed: i64,
    /// Was it called off because its customer left the shop? Nobody can open it then. (Not in letters of before.)
    #[serde(default)]
    pub leaving: bool,
}

/// An order that is paid.
#[derive(Clone, Serialize, Deserialize)]
pub struct Paid {
    /// Its number.
    pub number: String,
    /// When it was placed.
    pub placed_at: String,
    /// When the money came.
    pub at: String,
    /// How much it was.
    pub total: i64,
}

/// An order on its way.
#[derive(Clone, Serialize, Deserialize)]
pub struct Shipped {
    /// Its number.
    pub number: String,
    /// When it was placed.
    pub placed_at: String,
    /// When it went.
    pub at: String,
}
