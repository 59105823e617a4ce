//! `/admin/discounts`: discount codes, a new one, and the end of one.

use crate::clock::{Moment, rfc3339};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::shop::discount::{self, Code, Discount, NewDiscount, Off, days};
use crate::shop::money::Money;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Press, Reader, Typed};
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use jiff::civil::Date;
use serde::Serialize;

/// What the form asks; the amount is read where the currency is known.
#[derive(Debug)]
pub struct Wish {
    code: Code,
    percent: Option<i64>,
    amount: Option<String>,
    uses: Option<i64>,
    from: Option<Date>,
    until: Option<Date>,
}

impl Fields for Wish {
    const NAME: &'static str = "discount";
    const FIELDS: &'static [&'static str] = &["code", "percent", "amount", "uses", "from", "until"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let code = reader.required("code", str::parse);
        let percent = reader.optional("percent", |text| whole(text, 100));
        let amount = reader.optional_text("amount", 20);
        let uses = reader.optional("uses", |text| whole(text, 1_000_000_000));
        let from = reader.optional("from", day);
        let until = reader.optional("until", day);
        let (percent, amount) = (percent?, amount?);
        match (percent, &amount) {
            (None, None) => reader.refuse("percent", "Enter a percentage, or an amount below.".to_owned()),
            (Some(_), Some(_)) => reader.refuse("amount", "Enter a percentage or an amount, not both.".to_owned()),
            _ => Some(Self { code: code?, percent, amount, uses: uses?, from: from?, until: until? }),
        }
    }
}

fn whole(text: &str, most: i64) -> Result<i64, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| format!("Enter a whole number from 1 to {most}."))
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "Enter a day such as 2027-03-01.".to_owned())
}

#[derive(Serialize)]
struct Row {
    code: String,
    percent: Option<i64>,
    amount: Option<i64>,
    uses: i64,
    most_uses: Option<i64>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    over: bool,
}

impl Row {
    fn of(discount: Discount, now: Moment) -> Self {
        let NewDiscount { code, off, starts_at, ends_at, most_uses } = discount.what;
        let (percent, amount) = match off {
            Off::Percent(percent) => (Some(percent), None),
            Off::Amount(amount) => (None, Some(amount.minor())),
        };
        Self {
            code: code.to_string(),
            percent,
            amount,
            uses: discount.uses,
            most_uses,
            starts_at: starts_at.map(rfc3339),
            over: ends_at.is_some_and(|end| end <= now),
            ends_at: ends_at.map(rfc3339),
        }
    }
}

#[derive(Serialize)]
struct Page {
    discounts: Vec<Row>,
    form: Typed,
    currency: &'static str,
}

/// `GET /admin/discounts`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(view: View) -> Result<HttpResponse> {
    show_with(&view, Typed::blank(Wish::NAME)).await
}

/// `POST /admin/discounts`: a new code.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn create(app: web::Data<App>, view: View, form: Form<Wish>) -> Result<HttpResponse> {
    let wish = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, typed).await,
    };
    let amount = wish.amount.as_deref().map(|text| match Money::parse(text, &app.config.shop.currency) {
        Ok(Money::ZERO) => Err("A discount of nothing is none.".to_owned()),
        read => read,
    });
    let off = match (wish.percent, amount.transpose()) {
        (Some(percent), _) => Off::Percent(percent),
        (None, Ok(amount)) => Off::Amount(amount.unwrap_or_default()),
        (None, Err(why)) => return show_with(&view, form.refuse("amount", why)).await,
    };
    let (starts_at, ends_at) = match days(wish.from, wish.until, &app.config.shop.time_zone) {
        Ok(days) => days,
        Err(why) => return show_with(&view, form.refuse("until", why)).await,
    };
    let new = NewDiscount { code: wish.code, off, starts_at, ends_at, most_uses: wish.uses };
    let (now, actor) = (app.clock.now(), view.visit().actor());
    if !app.db.write(move |conn| discount::make(conn, now, &actor, &new)).await? {
        return show_with(&view, form.refuse("code", "There is a code of this name already.")).await;
    }
    view.flash(Kind::Success, "The code is made.");
    Ok(see_other("/admin/discounts"))
}

/// `POST /admin/discounts/{code}/stop`: nobody can use it from now on.
///
/// # Errors
/// `NotFound`; `StaleForm`; `Unavailable` from the database.
pub async fn stop(app: web::Data<App>, code: web::Path<String>, view: View, _press: Press) -> Result<HttpResponse> {
    let code: Code = code.parse().map_err(|_| Error::NotFound)?;
    let (now, actor) = (app.clock.now(), view.visit().actor());
    let stopped = app.db.write(move |conn| discount::stop(conn, now, &actor, &code)).await?;
    let said = if stopped { "The code is stopped." } else { "The code was over already." };
    view.flash(Kind::Success, said);
    Ok(see_other("/admin/discounts"))
}

async fn show_with(view: &View, form: Typed) -> Result<HttpResponse> {
    let (status, now, currency) = (form.status, view.app().clock.now(), view.app().config.shop.currency.code);
    let load = move |conn: &mut Conn| {
        let discounts = discount::list(conn)?.into_iter().map(|it| Row::of(it, now)).collect();
        Ok(Page { discounts, form, currency })
    };
    view.show_as(status, "admin/discounts/index.html", load).await
}
