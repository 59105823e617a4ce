//! Every address of the site, on one page.
//!
//! Invariant: a page or an API route needs a signed-in person unless its line says `.open()`; what is not listed is not found.
//! Static files and the small addresses that programs look for stand in `mount`.

mod mount;

pub use mount::{Route, configure, page};

use crate::web::app::App;
use crate::web::{api, pages};

/// The pages.
#[must_use]
pub fn pages(app: &App) -> Vec<Route> {
    let limits = &app.limits;
    vec![
        page("/register").get(pages::register::show).post(pages::register::submit).limited(&limits.register).open(),
        page("/login").get(pages::login::show).post(pages::login::submit).limited(&limits.sign_in).open(),
        page("/logout").post(pages::logout::submit).open(),
        page("/account").get(pages::account::show).post(pages::account::submit),
        page("/account/password").get(pages::password::show).post(pages::password::submit).limited(&limits.sign_in),
    ]
}

/// The JSON API; the paths are below `/api`.
#[must_use]
pub fn api(app: &App) -> Vec<Route> {
    let limits = &app.limits;
    let twice =
        |paths: &[&'static str], route: &dyn Fn(Route) -> Route| paths.iter().map(|path| route(page(path))).collect::<Vec<_>>();
    [
        twice(&["/auth/register", "/register"], &|at| at.post(api::register::submit).limited(&limits.register).open()),
        twice(&["/auth/login", "/login"], &|at| at.post(api::login::submit).limited(&limits.sign_in).open()),
        twice(&["/auth/refresh", "/refresh"], &|at| at.post(api::refresh::submit).limited(&limits.refresh).open()),
        twice(&["/auth/logout", "/logout"], &|at| at.post(api::logout::submit).open()),
        twice(&["/profile", "/user", "/auth/profile"], &|at| at.get(api::profile::show).patch(api::profile::update)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
