//! A kept form in words: what it would do, and everything that was typed.
//!
//! Invariant: whatever a person typed is shown as they typed it, also in a form that these words do not know yet; row numbers, versions
//! and ids are not shown. It does not know whether the act will succeed.

use super::Deed;
use crate::auth::roll;
use crate::auth::stewardship::Act;
use crate::config::Currency;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{ProductId, UserKey};
use crate::shop::cart;
use crate::shop::checkout::expected_total;
use crate::shop::country::Country;
use crate::shop::product;
use crate::web::pages::admin::person::asked;
use serde::Serialize;

/// One thing that was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What the field is called on its page.
    label: String,
    /// What stood in it.
    value: String,
}

/// A kept form in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Words {
    /// What it would do, to stand after "Sign in to".
    pub act: String,
    /// The same as a heading.
    title: String,
    /// What its button says.
    button: String,
    /// What was typed.
    facts: Vec<Fact>,
}

/// Fields that are of no use to a person.
const SILENT: [&str; 3] = ["product_id", "cart_version", "act"];

/// Says what a kept form would do; to its person also what an order would be of.
///
/// # Errors
/// What the database says.
pub fn words(conn: &mut Conn, currency: &Currency, deed: &Deed, person: Option<UserKey>) -> Result<Words> {
    let sent = deed.texts()?;
    let field = |name: &str| sent.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let named = |name: &str| deed.named.get(name).map(String::as_str).unwrap_or_default();
    let (act, button) = match deed.route.as_str() {
        "/cart/items" => {
            let title = title(conn, field("product_id").unwrap_or_default())?;
            let act = match field("quantity").map(str::trim) {
                None | Some("" | "1") => format!("add {title} to your cart"),
                Some(quantity) => format!("add {quantity} × {title} to your cart"),
            };
            (act, "Add to cart".to_owned())
        }
        "/cart/items/{product_id}" => {
            let (title, quantity) = (title(conn, named("product_id"))?, field("quantity").unwrap_or_default());
            (format!("change the quantity of {title} in your cart to {quantity}"), "Update the cart".to_owned())
        }
        "/cart/items/{product_id}/remove" => {
            let title = title(conn, named("product_id"))?;
            (format!("take {title} out of your cart"), "Remove it".to_owned())
        }
        "/cart/items/{product_id}/save" => {
            (format!("save {} for later", title(conn, named("product_id"))?), "Save it".to_owned())
        }
        "/cart/saved/{product_id}/restore" => {
            (format!("move {} back into your cart", title(conn, named("product_id"))?), "Move to cart".to_owned())
        }
        "/cart/saved/{product_id}/remove" => {
            (format!("forget {}, which you saved for later", title(conn, named("product_id"))?), "Remove it".to_owned())
        }
        "/cart/undo" => ("put back what you took out of your cart".to_owned(), "Put it back".to_owned()),
        "/cart/discount/remove" => ("take the discount code off your cart".to_owned(), "Take it off".to_owned()),
        "/checkout" => ("place your order".to_owned(), "Place order".to_owned()),
        "/account" => (format!("change your name to {}", field("name").unwrap_or_default()), "Save name".to_owned()),
        "/account/email" => {
            (format!("change your address to {}", field("email").unwrap_or_default()), "Send the link".to_owned())
        }
        "/orders/{number}/cancel" => (format!("cancel order {}", named("number")), format!("Cancel order {}", named("number"))),
        "/orders/{number}/pay" => (format!("go to pay for order {}", named("number")), "Go to pay".to_owned()),
        "/orders/{number}/reorder" => {
            (format!("put everything of order {} into your cart again", named("number")), "Buy again".to_owned())
        }
        "/account/two-factor/disable" => ("turn two-step sign-in off".to_owned(), "Turn it off".to_owned()),
        "/account/two-factor/recovery-codes" => ("make new recovery codes".to_owned(), "Make new codes".to_owned()),
        "/account/tokens" => (format!("make the API token {}", field("name").unwrap_or_default()), "Make the token".to_owned()),
        "/account/tokens/{id}/revoke" => ("revoke an API token".to_owned(), "Revoke it".to_owned()),
        "/account/export" => ("download everything we keep about you".to_owned(), "Download it".to_owned()),
        "/account/delete" => ("delete your account, for good".to_owned(), "Delete my account".to_owned()),
        "/admin/people/{id}" => {
            let who = match named("id").parse() {
                Ok(id) => roll::by_id(conn, id)?.map_or_else(|| "somebody".to_owned(), |person| person.name),
                Err(_) => "somebody".to_owned(),
            };
            let act = Act::ALL.into_iter().find(|act| Some(act.word()) == field("act")).map_or("change something", asked);
            (format!("do this to the account of {who}: {}", act.to_lowercase()), act.to_owned())
        }
        _ => (format!("send the form of {}", deed.page()), "Send it".to_owned()),
    };
    let shown = |(name, _): &&(String, String)| !SILENT.contains(&name.as_str());
    let typed = sent.iter().filter(shown).filter(|(_, value)| !value.is_empty()).map(|(name, value)| fact(currency, name, value));
    let mut facts = Vec::new();
    if let Some(person) = person.filter(|_| deed.route == "/checkout") {
        facts.extend(order(conn, person)?);
    }
    facts.extend(typed);
    Ok(Words { title: capital(&act), act, button, facts })
}

/// What is in the cart now. If that is not what the form was about, the checkout shows both before anything is ordered.
fn order(conn: &mut Conn, person: UserKey) -> Result<Option<Fact>> {
    let wanted = cart::wanted(conn, person)?;
    let lines: Vec<String> = wanted.into_iter().map(|(title, quantity)| format!("{quantity} × {title}")).collect();
    Ok((!lines.is_empty()).then(|| Fact { label: "In your cart".to_owned(), value: lines.join("\n") }))
}

/// What the product is called; a thing that never was has no name.
fn title(conn: &mut Conn, id: &str) -> Result<String> {
    let unknown = || Ok("something".to_owned());
    let Ok(id) = id.parse::<ProductId>() else { return unknown() };
    match product::title(conn, id) {
        Err(Error::NotFound) => unknown(),
        found => found,
    }
}

fn fact(currency: &Currency, name: &str, value: &str) -> Fact {
    let value = match (name, expected_total(value), value.parse::<Country>()) {
        ("expected_total", Ok(total), _) => total.show(currency),
        ("country", _, Ok(country)) => country.name().to_owned(),
        _ => value.to_owned(),
    };
    let label = match name {
        "name" => "Name",
        "address1" => "Street and number",
        "address2" => "Flat, floor or company",
        "city" => "Town or city",
        "postal_code" => "Postal code",
        "country" => "Country",
        "phone" => "Phone",
        "note" => "Your note to us",
        "expected_total" => "Total you saw",
        "email" => "E-mail address",
        "quantity" => "Quantity",
        other => return Fact { label: capital(&other.replace('_', " ")), value },
    };
    Fact { label: label.to_owned(), value }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_shown_as_it_was_typed() {
        let euro = "EUR".parse::<Currency>().expect("a currency");
        let shown = |name: &str, value: &str| {
            let fact = fact(&euro, name, value);
            (fact.label, fact.value)
        };
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        assert_eq!(shown("expected_total", "4800"), pair("Total you saw", "€48.00"));
        assert_eq!(shown("expected_total", "much"), pair("Total you saw", "much"));
        assert_eq!(shown("country", "GB"), pair("Country", "United Kingdom"));
        assert_eq!(shown("country", "Atlantis"), pair("Country", "Atlantis"));
        assert_eq!(shown("gift_note", " <b> "), pair("Gift note", " <b> "));
    }
}
