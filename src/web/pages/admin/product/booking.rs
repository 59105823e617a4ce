//! `/admin/products/{slug}/stock`: pieces came, went, or were counted.

use super::{show_with, told, whole};
use crate::error::Result;
use crate::shop::stock::{self, Booked, Booking, MOST, Why};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader};
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

impl Fields for Booking {
    const NAME: &'static str = "stock";
    const FIELDS: &'static [&'static str] = &["reason", "count", "seen", "note"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let why = |word: &str| Why::ALL.into_iter().find(|why| why.reason().code() == word);
        let why = reader.required("reason", |word| why(word).ok_or_else(|| "Choose one of these.".to_owned()));
        let count = reader.required("count", |text| whole(text, MOST));
        let seen = reader.required("seen", |text| whole(text, MOST));
        let note = reader.optional_text("note", 200);
        let (why, count) = (why?, count?);
        if count == 0 && why != Why::Counted {
            return reader.refuse("count", "Enter how many: 1 or more.".to_owned());
        }
        Some(Self { why, count, seen: seen?, note: note?.unwrap_or_default() })
    }
}

/// `POST /admin/products/{slug}/stock`: pieces came, went, or were counted.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn book(app: web::Data<App>, slug: web::Path<String>, view: View, form: Form<Booking>) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let booking = match form.parse() {
        Ok(booking) => booking,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let (now, actor, of) = (app.clock.now(), view.visit().actor(), slug.clone());
    match app.db.write(move |conn| stock::book(conn, now, &actor, &of, &booking)).await? {
        Booked::Done(stock) => {
            view.flash(Kind::Success, format!("It is booked: {stock} in stock."));
            Ok(see_other(&format!("/admin/products/{slug}")))
        }
        Booked::Impossible(stock) => {
            let why = format!("There are {stock}, and that cannot be booked on top. Nothing was done.");
            show_with(&view, slug, Some(form.refuse("count", why))).await
        }
        Booked::Overtaken(stock) => {
            let why = format!(
                "The stock changed while you counted: it is {stock} now. Nothing was done. Look at the movements, then count again."
            );
            show_with(&view, slug, Some(told(form.as_typed(StatusCode::CONFLICT), &why))).await
        }
    }
}

/// What the form calls it.
pub(super) const fn asked(why: Why) -> &'static str {
    match why {
        Why::Received => "New pieces came",
        Why::Returned => "A customer sent pieces back",
        Why::Damaged => "Pieces broke, were lost or given away",
        Why::Counted => "I counted the shelf: so many there are",
    }
}
