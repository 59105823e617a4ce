//! `/parked`: what the person was about to do when their session was gone, to be confirmed or thrown away.
//!
//! Invariant: nothing is carried out here: a good confirmation never arrives, because `parking::carry_out` has made it the request
//! it stands for. Only the forms of this browser that are the person's, or nobody's, are shown.

use crate::auth::parking::{self, Standing};
use crate::error::Result;
use crate::ids::ParkedId;
use crate::web::app::App;
use crate::web::form::{Fields as _, Form, Typed};
use crate::web::identity::CurrentUser;
use crate::web::parking::{Confirm, Deed, Words, words};
use crate::web::view::{Kind, Layout, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

const GONE: &str = "That is not kept any more, so nothing was done just now. It may have been sent already: your cart and your orders \
                    show what was.";

/// `GET /parked`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(&app, user, &view, Typed::blank(Confirm::NAME)).await
}

/// `POST /parked`: throws a form away; 404 for one that is not there, 403 for a page that was too old.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn submit(app: web::Data<App>, user: CurrentUser, view: View, form: Form<Confirm>) -> Result<HttpResponse> {
    let asked = match form.parse() {
        Ok(asked) => asked,
        Err(typed) => return show_with(&app, user, &view, typed).await,
    };
    let named = asked.form.as_deref().map(str::parse::<ParkedId>);
    let (Some(Ok(id)), true, Some(ticket)) = (named, asked.discard, view.visit().ticket()) else {
        let gone = Typed { status: StatusCode::NOT_FOUND, ..form.refuse("", GONE) };
        return show_with(&app, user, &view, gone).await;
    };
    let now = app.clock.now();
    let more = app.db.write(move |conn| parking::discard(conn, now, &ticket, user.key, id)).await?;
    view.flash(Kind::Success, "It is thrown away, and nothing was done.");
    if more {
        return Ok(see_other("/parked"));
    }
    view.visit().forget_ticket();
    Ok(see_other("/dashboard"))
}

#[derive(Serialize)]
struct Item {
    id: ParkedId,
    standing: &'static str,
    page: String,
    #[serde(flatten)]
    words: Words,
}

async fn show_with(app: &App, user: CurrentUser, view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        forms: Vec<Item>,
        others: usize,
        underway: bool,
    }
    let (status, ticket) = (form.status, view.visit().ticket());
    let (now, secrets, currency) = (app.clock.now(), app.latch.secrets.clone(), app.config.shop.currency);
    let load = move |conn: &mut crate::db::Conn| {
        let layout = Layout::load(conn, Some(user))?;
        let waiting = match &ticket {
            Some(ticket) => parking::waiting(conn, &secrets, now, ticket, user.key)?,
            None => parking::Waiting::default(),
        };
        let mut forms = Vec::new();
        for kept in waiting.forms {
            let Some(deed) = Deed::read(&kept.content) else { continue };
            let words = words(conn, &currency, &deed, Some(user.key))?;
            forms.push(Item { id: kept.id, standing: word(kept.standing), page: deed.page(), words });
        }
        Ok((layout, Page { form, forms, others: waiting.others, underway: waiting.underway }))
    };
    let (layout, page) = app.db.read(load).await?;
    if page.forms.is_empty() && page.others == 0 && !page.underway && view.visit().ticket().is_some() {
        view.visit().forget_ticket();
    }
    view.draw(status, "parked/show.html", view.told(layout).await, &page)
}

const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::Overtaken => "overtaken",
        Standing::Interrupted => "interrupted",
    }
}
