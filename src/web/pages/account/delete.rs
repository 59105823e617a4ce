//! `/account/delete`: leaving for good.
//!
//! Invariant: the page says what goes and what stays before anything does. It does not know how.

use crate::auth::{deletion, user};
use crate::db::Conn;
use crate::error::Result;
use crate::shop;
use crate::web::app::App;
use crate::web::cookies::{self, Name};
use crate::web::form::Press;
use crate::web::identity::{CurrentUser, Visit};
use crate::web::pages::logout;
use crate::web::view::{Kind, View};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// `GET /account/delete`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        cancelled: Vec<String>,
        packed: Vec<String>,
        orders: i64,
        keeps_orders: bool,
        last_admin: bool,
    }
    let keeps_orders = app.config.delete_keeps_orders;
    let load = move |conn: &mut Conn| {
        let outlook = shop::deletion::outlook(conn, user.key)?;
        let person = user::find(conn, user.key)?;
        let last_admin = deletion::is_last_admin(conn, &person)?;
        let words = |numbers: Vec<shop::order::Number>| numbers.iter().map(ToString::to_string).collect();
        let (cancelled, packed) = (words(outlook.cancelled), words(outlook.packed));
        Ok(Page { cancelled, packed, orders: outlook.orders, keeps_orders, last_admin })
    };
    view.show("account/delete.html", load).await
}

/// `POST /account/delete`: deletes the account, ends every session, and deletes this browser's cookies.
///
/// # Errors
/// `last_admin`, `order_packed`; `SignedOut`; `Unavailable`, and all is as before.
pub async fn submit(app: web::Data<App>, user: CurrentUser, visit: Visit, view: View, _: Press) -> Result<HttpResponse> {
    let (actor, post, keeps_orders) = (visit.actor(), app.latch.post.clone(), app.config.delete_keeps_orders);
    let by = actor.clone();
    let leave = move |conn: &mut Conn, now| shop::deletion::leave(conn, now, &by, &post, user.key, keeps_orders);
    deletion::delete(&app.latch, user, actor, leave).await?;
    view.flash(Kind::Success, "Your account is deleted, and you are signed out everywhere. Come back whenever you like.");
    visit.set_cookie(cookies::delete(Name::Device));
    Ok(logout::leave(&visit))
}
