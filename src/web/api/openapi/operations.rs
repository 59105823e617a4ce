//! Every operation of the API, on one page; the paths are below `/api`.
//!
//! Invariant: the same addresses and methods as `api` in web/routes.rs, each told once with its other names.

use super::operation::{Operation, operation};
use super::{bodies, named};
use serde_json::{Value, json};
use utoipa::openapi::HttpMethod::{Delete, Get, Patch, Post, Put};

/// All of them, in reading order.
pub(super) fn all() -> Vec<Operation> {
    [signing_in(), people(), goods(), cart(), saved(), orders()].into_iter().flatten().collect()
}

fn signing_in() -> Vec<Operation> {
    let of = |path, id, title| operation("Signing in", Post, path, id, title).open();
    let tokens = "The tokens; the refresh token in the cookie, or as `refresh_token`.";
    let signed_up = json!({"allOf": [answer(&[("user", "Profile")]), named("Tokens")]});
    vec![
        of("/auth/register", "register", "Make an account")
            .also(&["/register"])
            .says("The person is signed in. An address that has an account is refused on `email`, a weak password on `password`.")
            .takes(bodies::register())
            .gives(201, "The account and its first tokens.", signed_up)
            .gives(202, "Where addresses are confirmed first: the answer for any address, and a mail.", json!({"type": "object"}))
            .refuses(&["registration_closed"]),
        of("/auth/login", "login", "Sign in")
            .also(&["/login"])
            .says("After too many failures for the address the answer is 429, with the right password too.")
            .takes(bodies::login())
            .gives(200, tokens, named("Tokens"))
            .refuses(&["invalid_credentials", "code_required"]),
        of("/auth/refresh", "refresh", "Exchange a refresh token")
            .also(&["/refresh"])
            .says("The new one goes where the old one came from. An answer that got lost is simply asked for again.")
            .may_take(bodies::shown())
            .gives(200, tokens, named("Tokens"))
            .refuses(&["no_token", "session_ended", "unknown_token", "already_refreshed"]),
        of("/auth/logout", "logout", "Sign out")
            .also(&["/logout"])
            .says("The first of the access token, `refresh_token` and the cookie names the session. It may have ended already.")
            .may_take(bodies::shown())
            .gives(204, "The session has ended.", Value::Null)
            .refuses(&["no_token", "unknown_token"])
            .forged(),
    ]
}

fn people() -> Vec<Operation> {
    vec![
        operation("Profile", Get, "/profile", "profile", "Who the token belongs to").also(&["/user", "/auth/profile"]).gives(
            200,
            "The person.",
            answer(&[("user", "Profile")]),
        ),
        operation("Profile", Patch, "/profile", "rename", "Change the name")
            .also(&["/user", "/auth/profile"])
            .takes(bodies::profile())
            .gives(200, "The person.", answer(&[("user", "Profile")])),
        operation("Profile", Get, "/dashboard", "dashboard", "The person, their cart, their last five orders").gives(
            200,
            "All three.",
            answer(&[("user", "Profile"), ("cart", "Cart"), ("orders", "[OrderSummary]")]),
        ),
        operation("Sessions", Get, "/sessions", "sessions", "Where one is signed in").gives(
            200,
            "All that live, the one seen last first.",
            answer(&[("sessions", "[Session]")]),
        ),
        operation("Sessions", Delete, "/sessions/{id}", "end_session", "End a session")
            .says("It is over at once, this one too.")
            .gives(204, "It has ended.", Value::Null),
    ]
}

fn goods() -> Vec<Operation> {
    vec![
        operation("Products", Get, "/products", "products", "The catalogue")
            .open()
            .says("24 a page; a page past the end is empty. Of several options of one thing one stands for all; `options` has them.")
            .query("q", "Words to look for.", "bowl")
            .query("category", "A category's slug.", "kitchen")
            .query("sort", "`name`, `newest`, `price` or `-price`.", "-price")
            .query("in_stock", "`1`, `on` or `true`: only what there is.", "1")
            .query("page", "A whole number from 1.", "2")
            .gives(200, "One page of it.", answer(&[("products", "[Product]"), ("meta", "Meta")])),
        operation("Products", Get, "/products/{slug}", "product", "One product").open().gives(
            200,
            "The product.",
            answer(&[("product", "Product")]),
        ),
    ]
}

fn cart() -> Vec<Operation> {
    let of = |method, path, id, title| {
        operation("Cart", method, path, id, title).gives(200, "The whole cart.", answer(&[("cart", "Cart")]))
    };
    vec![
        of(Get, "/cart", "cart", "The cart"),
        of(Post, "/cart/items", "add_item", "Put more of a product in")
            .says("What the stock or the line's limit of 99 does not allow is lowered, and said in the line's `notices`.")
            .takes(bodies::add())
            .refuses(&["not_found", "sold_out"]),
        of(Put, "/cart/items/{product_id}", "set_item", "Set a quantity")
            .says("A product that is not in the cart is added.")
            .takes(bodies::set())
            .refuses(&["sold_out"]),
        of(Delete, "/cart/items/{product_id}", "remove_item", "Take a product out"),
        of(Post, "/cart/undo", "undo", "Put back what was taken out last")
            .says("Once; without such a thing the cart stays as it is.")
            .refuses(&["not_found", "sold_out"]),
        of(Post, "/cart/discount", "apply_discount", "Put a discount code on the cart")
            .says("One that is not known, or may not be used, is refused on `code`.")
            .takes(bodies::discount()),
        of(Delete, "/cart/discount", "remove_discount", "Take the discount code off"),
    ]
}

fn saved() -> Vec<Operation> {
    let of = |method, path, id, title| operation("Saved for later", method, path, id, title);
    let (whole, list) = (answer(&[("cart", "Cart")]), answer(&[("saved", "[Saved]")]));
    vec![
        of(Post, "/cart/items/{product_id}/save", "save_item", "Save a line for later")
            .gives(200, "The whole cart.", whole.clone())
            .refuses(&["invalid_fields"]),
        of(Get, "/cart/saved", "saved", "What is saved").gives(200, "All of it.", list.clone()),
        of(Delete, "/cart/saved/{product_id}", "forget_item", "Forget it").gives(200, "What is left.", list),
        of(Post, "/cart/saved/{product_id}/restore", "restore_item", "Put it back into the cart")
            .gives(200, "The whole cart.", whole)
            .refuses(&["sold_out"]),
    ]
}

fn orders() -> Vec<Operation> {
    let of = |method, path, id, title| operation("Orders", method, path, id, title);
    let order = answer(&[("order", "Order")]);
    let key = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$", "examples": ["5f0c-basket-17"]});
    vec![
        of(Get, "/orders", "orders", "All orders, the newest first")
            .says("20 a page; a page past the end is empty.")
            .query("page", "A whole number from 1.", "2")
            .gives(200, "One page of them.", answer(&[("orders", "[OrderSummary]"), ("meta", "Meta")])),
        of(Post, "/orders", "place_order", "Order what is in the cart")
            .says("The cart must be as it was seen. A key makes it safe to send again: for 24 hours it stands for the order it made.")
            .header("Idempotency-Key", "1 to 255 visible ASCII characters, made up for this order.", key)
            .takes(bodies::order())
            .gives(200, "This cart was ordered before; the order that it became.", order.clone())
            .gives(201, "The order.", order.clone())
            .with_header("Idempotent-Replayed", "`true`: the key was sent before, and nothing was done.")
            .refuses(&["cart_empty", "cart_changed", "idempotency_mismatch", "sold_out"]),
        of(Get, "/orders/{number}", "order", "One order").gives(200, "The order.", order.clone()),
        of(Post, "/orders/{number}/cancel", "cancel_order", "Cancel an order")
            .says("While it is placed or paid. One that was cancelled before is answered as if it were now.")
            .gives(200, "The order.", order)
            .refuses(&["not_cancellable"]),
    ]
}

/// An object of these members; a name in brackets is a list of such.
fn answer(members: &[(&str, &str)]) -> Value {
    let shape = |name: &str| match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(item) => json!({"type": "array", "items": named(item)}),
        None => named(name),
    };
    let properties: serde_json::Map<String, Value> =
        members.iter().map(|(member, name)| ((*member).to_owned(), shape(name))).collect();
    let required: Vec<&str> = members.iter().map(|(member, _)| *member).collect();
    json!({"type": "object", "required": required, "properties": properties})
}
