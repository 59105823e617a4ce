//! Every address of the site, on one page.
//!
//! Invariant: a page or an API route needs a signed-in person unless its line says `.open()`; what is not listed is not found.

mod mount;

pub use mount::{Route, configure, page};

use crate::web::app::App;

/// The pages.
#[must_use]
pub fn pages(_app: &App) -> Vec<Route> {
    vec![]
}

/// The JSON API; the paths are below `/api`.
#[must_use]
pub fn api(_app: &App) -> Vec<Route> {
    vec![]
}
