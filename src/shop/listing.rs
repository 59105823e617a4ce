//! The catalogue as a CSV file: out of the shop, and in again.
//!
//! Invariant: what is exported can be imported and changes nothing; a file with a line that cannot be taken is not begun; what is
//! imported goes in some lines at a time, each batch whole or not at all, so that shoppers go on ordering and a run that broke off is
//! finished by running it again. It does not know where files are.

mod export;
mod import;
mod line;
mod reader;
mod stand;
mod survey;

pub use export::{COLUMNS, Exported, export};
pub use import::{Count, Taken, check, import};
pub use line::Line;
pub use reader::{Complaint, Reader};
pub use survey::{Survey, survey};

/// Most complaints that are told of one file.
pub const TOLD: usize = 100;

/// Most categories that one file makes: each stands in the shop's lists, and more of them mean that a column is another's.
pub const NEW_CATEGORIES: usize = 100;

#[cfg(test)]
mod tests;
