//! The shapes that the API speaks in: the schemas beside the operations.
//!
//! Invariant: what the API writes is described by the very types that are written; only what is common to many is spelt here.

use super::shaped;
use crate::web::api::profile::Profile;
use crate::web::api::sessions::WireSession;
use crate::web::api::tokens::Given;
use crate::web::api::wire::{Meta, WireCart, WireOrder, WireProduct, WireSaved, WireSummary};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::{Components, ComponentsBuilder, RefOr, Schema};

/// All of them.
pub(super) fn all(components: Components) -> Components {
    let id = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$", "examples": ["Zk3v9QpLx2TqWm8RbY5nHg"]});
    let problem = json!({
        "type": "object",
        "description": "What was not done, and why (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "enum": ["about:blank"]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence for people."},
            "code": {"type": "string", "description": "The word for programs."},
            "errors": {"type": "array", "description": "With `invalid_fields`: each field that is wrong.", "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            }},
        },
    });
    let mut components = components;
    components.schemas.extend([("Id".to_owned(), shaped(id)), ("Problem".to_owned(), shaped(problem))]);
    add::<Profile>(&mut components);
    add::<Given>(&mut components);
    add::<WireSession>(&mut components);
    add::<WireProduct>(&mut components);
    add::<Meta>(&mut components);
    add::<WireCart>(&mut components);
    add::<WireSaved>(&mut components);
    add::<WireSummary>(&mut components);
    add::<WireOrder>(&mut components);
    components
}

/// Adds what a type looks like, and the types in it.
fn add<T: ToSchema>(components: &mut Components) {
    let mut all = Vec::new();
    T::schemas(&mut all);
    let grown = ComponentsBuilder::from(std::mem::take(components)).schemas_from_iter(all).schema_from::<T>();
    *components = grown.build();
}

/// An id.
pub fn id() -> RefOr<Schema> {
    shaped(super::named("Id"))
}

/// A time.
pub fn time() -> RefOr<Schema> {
    shaped(json!({"type": "string", "format": "date-time", "examples": ["2026-11-22T08:00:00Z"]}))
}

/// A currency.
pub fn currency() -> RefOr<Schema> {
    shaped(json!({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]}))
}

/// What an order has come to.
pub fn status() -> RefOr<Schema> {
    words(&["placed", "paid", "packed", "shipped", "delivered", "cancelled", "refunded"])
}

/// What a session is used by.
pub fn kind() -> RefOr<Schema> {
    words(&["web", "api"])
}

/// What a person may do.
pub fn role() -> RefOr<Schema> {
    words(&["shopper", "admin"])
}

/// How the access token is shown.
pub fn bearer() -> RefOr<Schema> {
    words(&["Bearer"])
}

/// What is said of a line, or of a discount code.
pub fn notice() -> RefOr<Schema> {
    words(&[
        "price_changed",
        "stock_fell",
        "sold_out",
        "no_longer_sold",
        "lowered_to_stock",
        "lowered_to_limit",
        "discount_not_yet",
        "discount_over",
        "discount_used_up",
        "discount_used_before",
    ])
}

fn words(words: &[&str]) -> RefOr<Schema> {
    shaped(json!({"type": "string", "enum": words}))
}
