//! What a program sends: the bodies.
//!
//! Invariant: a body names exactly the fields that its reader knows. What a schema cannot say (a password that is easy to guess, a code
//! that nobody gave out) is refused all the same, with 422.

use crate::shop::country::Country;
use serde_json::{Value, json};

/// Text on one line, of 1 to `most` characters, not blank.
fn line(most: usize, example: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "pattern": LINE, "examples": [example]})
}

/// The same, which may be left out.
fn optional(most: usize, example: &str) -> Value {
    json!({"type": ["string", "null"], "maxLength": most, "pattern": FREE, "examples": [example]})
}

/// Something that can be seen, and no character that cannot be printed.
const LINE: &str = r"^[^\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\uFEFF]*[^\s\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\uFEFF][^\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\uFEFF]*$";
const FREE: &str = r"^[^\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\uFEFF]*$";
/// No control characters.
const TEXT: &str = r"^[^\u0000-\u001F\u007F-\u009F]*$";
/// Six digits, or a recovery code; blanks and dashes mean nothing.
const CODE: &str = r"^$|^[ \u00A0-]*([0-9][ \u00A0-]*){6}$|^[ \u00A0-]*([2-9A-HJ-NP-Za-hj-np-z][ \u00A0-]*){25}$";

/// A number of pieces; text of digits will do as well.
fn pieces(least: u8) -> Value {
    let digits = if least == 0 { r"^0{0,4}[0-9]{1,2}$" } else { r"^(0{0,5}[1-9]|0{0,4}[1-9][0-9])$" };
    json!({"anyOf": [{"type": "integer", "minimum": least, "maximum": 99}, {"type": "string", "pattern": digits}], "examples": [2]})
}

fn body(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn refresh_in() -> Value {
    let about =
        "Where the refresh token goes: into the cookie `__Host-api-rt` (the default), or into the answer's `refresh_token`.";
    json!({"type": ["string", "null"], "enum": ["cookie", "body", "", null], "description": about, "examples": ["body"]})
}

fn password() -> Value {
    let about = "12 to 128 characters (a setting), and not easy to guess.";
    json!({"type": "string", "minLength": 8, "maxLength": 128, "pattern": TEXT, "description": about, "examples": ["three quiet lamps at dusk"]})
}

/// `POST /api/auth/register`.
pub(super) fn register() -> Value {
    let email = json!({"type": "string", "format": "email", "maxLength": 254, "examples": ["ada@example.com"]});
    let properties =
        json!({"name": line(100, "Ada Lovelace"), "email": email, "password": password(), "refresh_in": refresh_in()});
    body(&["name", "email", "password"], properties)
}

/// `POST /api/auth/login`.
pub(super) fn login() -> Value {
    let text = |example: &str| json!({"type": "string", "pattern": TEXT, "examples": [example]});
    let code = json!({"type": ["string", "null"], "pattern": CODE, "examples": ["123456"],
        "description": "The code of the app, or a recovery code, where the account has a second step."});
    let mut username = text("ada@example.com");
    username["description"] = json!("Taken for `email`, where that is not sent.");
    let with = |name: &str, value: Value| {
        let mut properties = json!({"password": text("three quiet lamps at dusk"), "code": code, "refresh_in": refresh_in()});
        properties[name] = value;
        body(&[name, "password"], properties)
    };
    json!({"oneOf": [with("email", text("ada@example.com")), with("username", username)]})
}

/// `POST /api/auth/refresh` and `POST /api/auth/logout`.
pub(super) fn shown() -> Value {
    let about = "43 characters; it wins over the cookie.";
    let token = json!({"type": ["string", "null"], "pattern": TEXT, "description": about,
        "examples": ["3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]});
    body(&[], json!({"refresh_token": token}))
}

/// `PATCH /api/profile`.
pub(super) fn profile() -> Value {
    body(&["name"], json!({"name": line(100, "Ada King")}))
}

/// `POST /api/cart/items`.
pub(super) fn add() -> Value {
    let mut quantity = pieces(1);
    quantity["description"] = json!("One, when it is left out.");
    body(&["product_id"], json!({"product_id": super::named("Id"), "quantity": quantity}))
}

/// `PUT /api/cart/items/{product_id}`.
pub(super) fn set() -> Value {
    let mut quantity = pieces(0);
    quantity["description"] = json!("0 takes it out.");
    body(&["quantity"], json!({"quantity": quantity}))
}

/// `POST /api/cart/discount`.
pub(super) fn discount() -> Value {
    body(&["code"], json!({"code": {"type": "string", "pattern": "^[A-Za-z0-9-]{3,32}$", "examples": ["WELCOME10"]}}))
}

/// `POST /api/orders`.
pub(super) fn order() -> Value {
    let total = json!({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_i64},
        {"type": "string", "pattern": "^[0-9]{1,15}$"}], "description": "The cart's `total`, as it was seen.", "examples": [5290]});
    let phone = json!({"type": ["string", "null"], "maxLength": 32, "pattern": r"^$|^[-+ ().\/]*([0-9][-+ ().\/]*){5,}$",
        "examples": ["+44 20 7946 0000"]});
    let countries: Vec<&str> = Country::all().map(Country::code).collect();
    let country =
        json!({"type": "string", "enum": countries, "description": "ISO 3166 alpha-2, in capitals.", "examples": ["GB"]});
    let code = json!({"type": "string", "minLength": 1, "maxLength": 16, "pattern": "^[A-Za-z0-9 -]*[A-Za-z0-9-][A-Za-z0-9 -]*$",
        "examples": ["SW1Y 4JH"]});
    let version = json!({"type": "string", "minLength": 1, "pattern": TEXT, "description": "The cart's `version`.", "examples": ["VERSION"]});
    let note = json!({"type": ["string", "null"], "maxLength": 500, "pattern": r"^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\uFEFF]*$",
        "description": "To the shop; it may have several lines.", "examples": ["Ring twice"]});
    let properties = json!({
        "name": line(100, "Ada Lovelace"), "address1": line(100, "12 St James Square"), "address2": optional(100, "Flat 2"),
        "city": line(100, "London"), "postal_code": code, "country": country, "phone": phone, "note": note,
        "cart_version": version, "expected_total": total,
    });
    body(&["name", "address1", "city", "postal_code", "country", "cart_version", "expected_total"], properties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::{login, profile, refresh, register};
    use crate::web::form::Fields;
    use crate::web::pages::{cart, checkout, discount};
    use std::collections::BTreeSet;

    #[test]
    fn a_body_has_the_fields_that_are_read() {
        fn same<T: Fields>(body: &Value) {
            let ways = body["oneOf"].as_array().map_or(std::slice::from_ref(body), Vec::as_slice);
            let names = ways.iter().flat_map(|way| way["properties"].as_object().expect("an object").keys());
            let told: BTreeSet<&str> = names.map(String::as_str).collect();
            assert_eq!(told, T::FIELDS.iter().copied().collect(), "{}", T::NAME);
        }
        same::<register::NewAccount>(&super::register());
        same::<login::SignIn>(&super::login());
        same::<refresh::Shown>(&shown());
        same::<profile::Change>(&super::profile());
        same::<cart::Add>(&add());
        same::<cart::Set>(&set());
        same::<discount::Apply>(&super::discount());
        same::<checkout::PlaceOrder>(&order());
    }
}
