//! The access matrix: who may call what.
//!
//! Invariant: every route of the server stands here with what a visitor, its own shopper, another shopper and an admin are answered, and
//! no other route does. A form is sent whole and with a good `csrf`, so that only the question who it is decides.

mod matrix;

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{ADDRESS, Admin, PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::users;
use latchkey::ids::UserId;
use latchkey::web::routes;
use matrix::{API, PAGES, Row};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

on_both! { every_route_answers_each_person_as_it_should, every_api_route_answers_each_person_as_it_should }

/// The things that the paths name: a product, and an order and a device of the first shopper.
struct Things {
    slug: String,
    product_id: String,
    number: String,
    session: String,
    token: String,
    passkey: String,
    person: String,
}

impl Things {
    async fn new(app: &TestApp, owner: &Shopper) -> Self {
        let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
        owner.adds(&bowl.slug, 1).await.expect_to("/cart");
        let placed = owner.orders().await.expect(303);
        let number = placed.location().trim_start_matches("/orders/").split('?').next().unwrap_or_default().to_owned();
        let devices = owner.elsewhere(app).await.get("/account/devices").await.expect(200);
        let action = devices.attributes(".device form", "action").remove(0);
        let session = action.split('/').nth(3).unwrap_or_default().to_owned();
        let wish = [("name", "Sheet"), ("scope", "read"), ("expires_in_days", "1")];
        owner.submit("/account/tokens", &wish).await.expect_to("/account/tokens");
        let tokens = owner.get("/account/tokens").await.expect(200);
        let action = tokens.attributes(".device form", "action").remove(0);
        let token = action.split('/').nth(3).unwrap_or_default().to_owned();
        let person: UserId = users::table
            .filter(users::email.eq(&owner.email))
            .select(users::public_id)
            .first(&mut app.storage.second_connection())
            .expect("the owner is there");
        Self {
            slug: bowl.slug,
            product_id: bowl.id.to_string(),
            number,
            session,
            token,
            passkey: String::new(),
            person: person.to_string(),
        }
    }

    fn named(&self, path: &str) -> String {
        let id = match path {
            path if path.starts_with("/admin/people") => &self.person,
            path if path.starts_with("/account/tokens") => &self.token,
            path if path.starts_with("/account/passkeys") => &self.passkey,
            _ => &self.session,
        };
        let slug = if path.starts_with("/admin/categories") { "tableware" } else { self.slug.as_str() };
        [("slug", slug), ("product_id", &self.product_id), ("number", &self.number), ("id", id)]
            .into_iter()
            .fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
    }

    /// A form of the route that would do something.
    fn fields(&self, path: &str) -> Vec<(&str, &str)> {
        match path {
            "/cart/items" => vec![("product_id", &self.product_id), ("quantity", "1")],
            "/cart/items/{product_id}" => vec![("quantity", "2")],
            "/checkout" => ADDRESS.into_iter().chain([("cart_version", "old"), ("expected_total", "1")]).collect(),
            "/admin/people/{id}" => vec![("act", "unlock")],
            "/admin/products/new" => {
                vec![("title", "Ash Bowl"), ("sku", "BOW-9"), ("price", "24"), ("status", "draft"), ("category", "tableware")]
            }
            "/admin/discounts" => vec![("code", "SPRING"), ("percent", "10")],
            "/admin/categories" => vec![("name", "Lamps")],
            "/admin/categories/{slug}" => vec![("name", "Tableware"), ("position", "1"), ("version", "0")],
            "/admin/products/{slug}" => vec![("title", "Oak Bowl"), ("price", "24"), ("status", "active"), ("version", "0")],
            "/admin/products/{slug}/options" => {
                vec![("title", "Oak Bowl"), ("name_1", "Size"), ("word_1", "small"), ("version", "1")]
            }
            "/admin/products/{slug}/options/add" => {
                vec![("new_1", "large"), ("sku", "BOW-8"), ("price", "30"), ("status", "draft"), ("version", "0")]
            }
            "/admin/products/{slug}/options/move" => vec![("to", "later"), ("version", "1")],
            "/admin/products/{slug}/options/leave" => vec![("version", "2")],
            "/admin/products/{slug}/stock" => vec![("reason", "received"), ("count", "1"), ("seen", "0")],
            "/admin/orders/{number}/move" => vec![("to", "paid")],
            "/admin/orders/{number}/payment" => vec![("payment", "AAAAAAAAAAAAAAAAAAAAAA"), ("act", "paid")],
            "/cart/discount" => vec![("code", "NO-SUCH-CODE")],
            "/account/two-factor/enable" => vec![("code", "000000")],
            "/confirm-identity" => vec![("password", "wrong-wagon")],
            "/account" => vec![("name", "Ada")],
            "/account/passkeys/{id}" => vec![("name", "My phone")],
            "/account/email" => vec![("email", "no address")],
            "/account/password" => vec![("current_password", "wrong-wagon"), ("new_password", PASSWORD)],
            _ => Vec::new(),
        }
    }
}

async fn every_route_answers_each_person_as_it_should(app: &TestApp) {
    let (ada, eve, admin) = (Shopper::registered(app).await, Shopper::registered(app).await, Admin::registered(app).await);
    let mut things = Things::new(app, &ada).await;
    things.passkey = crate::passkeys::planted(app, &ada.email);
    for &(method, path, expected) in PAGES {
        if path == "/checkout" {
            ada.adds(&things.slug, 1).await.expect_to("/cart");
        }
        let visitor = Visitor::new(app);
        let people: [&Visitor; 4] = [&visitor, &ada, &eve, &admin];
        for (person, (browser, status)) in
            ["visitor", "owner", "another", "admin"].into_iter().zip(people.into_iter().zip(expected))
        {
            let page = if method == "GET" { browser.get(&things.named(path)).await } else { send(browser, &things, path).await };
            assert_eq!(page.status, status, "{method} {path} as {person} -> {}: {}", page.location(), page.words());
            let open = ["/logout", "/login/code"].contains(&path) || path.ends_with("/{token}");
            if person == "visitor" && status == 303 && !open {
                assert!(page.location().starts_with("/login?next=/"), "{method} {path}: {}", page.location());
            }
        }
    }
    let listed = routes::pages(app.server()).into_iter().flat_map(|route| list(&route, ""));
    assert_eq!(listed.collect::<BTreeSet<_>>(), written(PAGES), "every route stands in the matrix, and nothing else");
}

async fn send(browser: &Visitor, things: &Things, path: &str) -> Page {
    let open = browser.get("/products").await;
    let mut fields = things.fields(path);
    let csrf = match open.attributes("main form input[name='csrf']", "value").into_iter().next() {
        Some(csrf) => csrf,
        None => browser.get("/login").await.value("csrf"),
    };
    fields.push(("csrf", &csrf));
    browser.post(&things.named(path), &fields).await
}

async fn every_api_route_answers_each_person_as_it_should(app: &TestApp) {
    let (ada, eve, admin) = (Shopper::registered(app).await, Shopper::registered(app).await, Admin::registered(app).await);
    let things = Things::new(app, &ada).await;
    for (method, path, expected) in API {
        let mut clients = vec![ApiClient::new(app)];
        for person in [&ada, &eve, &*admin] {
            clients.push(ApiClient::signed_in(app, &person.email, PASSWORD).await);
        }
        for (person, (client, status)) in
            ["visitor", "owner", "another", "admin"].into_iter().zip(clients.into_iter().zip(expected))
        {
            let method: Method = method.parse().expect("a method");
            let request = client.request(method.clone(), &things.named(path));
            let request = if [Method::GET, Method::DELETE].contains(&method) { request } else { request.json(&json!({})) };
            let page = client.send(path, request).await;
            assert_eq!(page.status, status, "{method} {path} as {person}: {}", page.body);
        }
    }
    let listed = routes::api(app.server()).into_iter().flat_map(|route| list(&route, "/api"));
    assert_eq!(listed.collect::<BTreeSet<_>>(), written(&API), "every route stands in the matrix, and nothing else");
}

fn list(route: &routes::Route, scope: &str) -> Vec<(String, String)> {
    let (path, methods, _) = route.listed();
    methods.iter().filter(|method| **method != "HEAD").map(|method| ((*method).to_owned(), format!("{scope}{path}"))).collect()
}

fn written(rows: &[Row]) -> BTreeSet<(String, String)> {
    let allowed = rows.iter().filter(|(.., answers)| *answers != [405; 4]);
    allowed.map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect()
}
