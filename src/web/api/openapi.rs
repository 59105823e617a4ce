//! The API, described for programs in `OpenAPI` 3.1.
//!
//! Invariant: it says what is so: every address and method of the API stands in it and no other, and a test holds real answers against
//! it. The page `/docs` is drawn from the same document. It does not know how anything is answered.

mod bodies;
mod operation;
mod operations;
mod problems;
pub(in crate::web) mod shapes;

use operation::Operation;
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::openapi::path::Paths;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, Schema};

/// What the operations are about, in reading order.
const NOUNS: [(&str, &str); 7] = [
    ("Signing in", "An access token for each request, and a refresh token for when that one is over."),
    ("Profile", "Who the token belongs to."),
    ("Sessions", "Where the person is signed in: browsers and programs."),
    ("Products", "What is for sale. Nobody needs to sign in for it."),
    ("Cart", "What the person is about to buy. Every change answers with the whole of it."),
    ("Saved for later", "What was put aside; it outlives the cart."),
    ("Orders", "Placing, looking at and cancelling orders."),
];

const ABOUT: &str = "The shop for programs. Money is an integer of minor units beside a currency code, times are RFC 3339 in UTC, \
    names are snake_case, an id is 22 characters of base64url. A field that an operation does not know, or that came twice, is \
    refused by name; query parameters that are not known are ignored, and one whose value is not legal is as absent. What was not \
    done is told as application/problem+json (RFC 9457) with a code.";

/// The document, built once.
#[must_use]
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_json::to_value(build(operations::all())).expect("the document is made of JSON"));
    &DOCUMENT
}

/// The document as `/openapi.json` and `latchkey openapi` give it.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));
    &TEXT
}

fn build(operations: Vec<Operation>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Latchkey")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("GPL-3.0-or-later").identifier(Some("GPL-3.0-or-later")).build()))
        .build();
    let tag = |(name, text): (&str, &str)| TagBuilder::new().name(name).description(Some(text)).build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The `access_token` that signing in answers, or a personal token, whose scopes open a part of this."))
        .build();
    let mut components = problems::responses(shapes::all(Components::new()));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let mut paths = Paths::new();
    for operation in operations {
        operation.stand_in(&mut paths);
    }
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).tags(Some(NOUNS.map(tag))).build()
}

/// A schema written as JSON.
fn shaped(value: Value) -> RefOr<Schema> {
    serde_json::from_value(value).expect("a schema of ours is one")
}

/// A schema of the components, by its name.
fn named(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
