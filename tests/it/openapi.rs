//! The description of the API is true: what it lists is there, and what is answered is as it says.
//!
//! Invariant: a member that an answer has and the description has not is found, and so is an address that only one of them knows.

mod description;

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use description::Description;
use latchkey::shop::discount::{self, NewDiscount, Off};
use latchkey::web::routes;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both! {
    the_description_lists_what_there_is,
    what_is_answered_is_as_described,
    what_is_refused_is_as_described,
    a_body_that_the_description_forbids_is_refused,
    the_description_is_for_everybody,
    an_account_that_is_confirmed_by_mail_is_described_too with { "LATCHKEY_REGISTRATION" = "confirm" },
}

async fn the_description_lists_what_there_is(app: &TestApp) {
    let description = Description::of(app).await;
    let mut told = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, methods) in description.0["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            told.insert((method.to_ascii_uppercase(), path.clone(), operation["security"].is_null()));
            assert!(names.insert(operation["operationId"].to_string()), "{path}: its name is another's");
        }
    }
    let mut there = BTreeSet::new();
    for route in routes::api(app.server()) {
        let (path, methods, open) = route.listed();
        there.extend(
            methods.iter().filter(|method| **method != "HEAD").map(|method| ((*method).to_owned(), format!("/api{path}"), open)),
        );
    }
    assert_eq!(told, there);
}

/// Calls operations and holds each answer against the description.
struct Caller {
    description: Description,
    client: ApiClient,
    called: BTreeSet<(String, String)>,
}

impl Caller {
    async fn call(&mut self, method: Method, path: &str, named: &[(&str, &str)], body: Option<Value>) -> Page {
        let address = named.iter().fold(path.to_owned(), |address, (name, value)| address.replace(&format!("{{{name}}}"), value));
        let request = self.client.request(method.clone(), &address);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let page = self.client.send(&address, request).await;
        self.description.holds(&method, path, &page);
        self.called.insert((method.to_string(), path.to_owned()));
        page
    }

    async fn get(&mut self, path: &str) -> Page {
        self.call(Method::GET, path, &[], None).await.expect(200)
    }

    async fn post(&mut self, path: &str, body: Value) -> Page {
        self.call(Method::POST, path, &[], Some(body)).await
    }
}

fn wish(cart: &Value) -> Value {
    json!({
        "name": "Ada Lovelace", "address1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB",
        "cart_version": cart["cart"]["version"], "expected_total": cart["cart"]["total"],
    })
}

async fn what_is_answered_is_as_described(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 50).await;
    let new = NewDiscount {
        code: "WELCOME10".parse().expect("a code"),
        off: Off::Percent(10),
        starts_at: None,
        ends_at: None,
        most_uses: None,
    };
    let now = app.clock.now();
    assert!(app.db().write(move |conn| discount::add(conn, now, &new)).await.expect("made"));
    let id = bowl.id.to_string();
    let of = [("product_id", id.as_str()), ("slug", bowl.slug.as_str())];
    let mut ada = Caller { description: Description::of(app).await, client: ApiClient::new(app), called: BTreeSet::new() };
    for (number, path) in ["/api/auth/register", "/api/register"].into_iter().enumerate() {
        let body =
            json!({"name": "Ada", "email": format!("ada{number}@example.com"), "password": PASSWORD, "refresh_in": "body"});
        ada.post(path, body).await.expect(201);
    }
    for path in ["/api/auth/login", "/api/login"] {
        let tokens =
            ada.post(path, json!({"email": "ada0@example.com", "password": PASSWORD, "refresh_in": "body"})).await.expect(200);
        let tokens = ada.post(&path.replace("login", "refresh"), json!({"refresh_token": tokens.json()["refresh_token"]})).await;
        ada.client.token = tokens.expect(200).json()["token"].as_str().map(str::to_owned);
    }
    for path in ["/api/profile", "/api/user", "/api/auth/profile"] {
        ada.get(path).await;
        ada.call(Method::PATCH, path, &[], Some(json!({"name": "Ada King"}))).await.expect(200);
    }
    for path in ["/api/products", "/api/cart", "/api/cart/saved", "/api/orders"] {
        ada.get(path).await;
    }
    ada.call(Method::GET, "/api/products/{slug}", &of, None).await.expect(200);
    ada.post("/api/cart/items", json!({"product_id": id, "quantity": 70})).await.expect(200);
    let (item, saved) = ("/api/cart/items/{product_id}", "/api/cart/saved/{product_id}");
    ada.call(Method::DELETE, item, &of, None).await.expect(200);
    ada.post("/api/cart/undo", json!({})).await.expect(200);
    ada.call(Method::PUT, item, &of, Some(json!({"quantity": 2}))).await.expect(200);
    ada.call(Method::POST, "/api/cart/items/{product_id}/save", &of, None).await.expect(200);
    assert_eq!(ada.get("/api/cart/saved").await.json()["saved"].as_array().map(Vec::len), Some(1));
    ada.call(Method::POST, "/api/cart/saved/{product_id}/restore", &of, None).await.expect(200);
    ada.call(Method::DELETE, saved, &of, None).await.expect(200);
    ada.post("/api/cart/discount", json!({"code": "WELCOME10"})).await.expect(200);
    ada.call(Method::DELETE, "/api/cart/discount", &[], None).await.expect(200);
    let cart = ada.post("/api/cart/discount", json!({"code": "WELCOME10"})).await.expect(200).json();
    let placed = ada.post("/api/orders", wish(&cart)).await.expect(201).json();
    ada.post("/api/orders", wish(&cart)).await.expect(200);
    let number = [("number", placed["order"]["number"].as_str().expect("a number"))];
    ada.call(Method::GET, "/api/orders/{number}", &number, None).await.expect(200);
    ada.get("/api/orders").await;
    ada.get("/api/dashboard").await;
    ada.call(Method::POST, "/api/orders/{number}/cancel", &number, None).await.expect(200);
    let sessions = ada.get("/api/sessions").await.json();
    let other =
        sessions["sessions"].as_array().expect("a list").iter().find(|session| session["current"] == false).expect("another");
    let other = [("id", other["id"].as_str().expect("an id"))];
    ada.call(Method::DELETE, "/api/sessions/{id}", &other, None).await.expect(204);
    ada.call(Method::POST, "/api/auth/logout", &[], None).await.expect(204);
    ada.call(Method::POST, "/api/logout", &[], None).await.expect(204);
    let paths = ada.description.0["paths"].as_object().expect("paths").iter();
    let all = paths.flat_map(|(path, methods)| {
        methods.as_object().expect("methods").keys().map(|method| (method.to_uppercase(), path.clone()))
    });
    assert_eq!(all.collect::<BTreeSet<_>>(), ada.called, "every operation was asked");
}

async fn what_is_refused_is_as_described(app: &TestApp) {
    let (bowl, gone) = (app.stocks("Oak Bowl", 2_405, 50).await, app.stocks("Gone", 100, 0).await);
    let person = Shopper::registered(app).await;
    let mut ada = Caller { description: Description::of(app).await, client: ApiClient::new(app), called: BTreeSet::new() };
    let all: Vec<(Method, String)> = ada.description.0["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(|method| (method.to_uppercase(), path.clone()))
        })
        .map(|(method, path)| (method.parse().expect("a method"), path))
        .collect();
    let nobody =
        [("product_id", "AAAAAAAAAAAAAAAAAAAAAA"), ("id", "AAAAAAAAAAAAAAAAAAAAAA"), ("slug", "none"), ("number", "none")];
    let signed_in = ApiClient::signed_in(app, &person.email, PASSWORD).await.token;
    // Nobody, a forged token, and somebody, with: nothing, an empty object, what no object is, a field too many.
    for token in [None, Some("forged".to_owned()), signed_in.clone()] {
        for (method, path) in &all {
            for body in [None, Some(json!({})), Some(json!([])), Some(json!({"no_such_field": 1}))] {
                if path.ends_with("logout") && token == signed_in {
                    continue;
                }
                ada.client.token.clone_from(&token);
                ada.call(method.clone(), path, &nobody, body).await;
            }
        }
    }
    ada.client.token = signed_in;
    for (path, body, status, code) in [
        ("/api/login", json!({"email": person.email, "password": "wrong-wagon"}), 401, "invalid_credentials"),
        ("/api/register", json!({"name": "Ada", "email": person.email, "password": PASSWORD}), 422, "invalid_fields"),
        ("/api/refresh", json!({"refresh_token": "x"}), 403, "unknown_token"),
        ("/api/cart/items", json!({"product_id": gone.id}), 422, "sold_out"),
        ("/api/cart/discount", json!({"code": "NO-SUCH"}), 422, "invalid_fields"),
    ] {
        let refused = ada.post(path, body).await.expect(status).json();
        assert_eq!(refused["code"], code, "{path}");
    }
    let empty = ada.get("/api/cart").await.json();
    assert_eq!(ada.post("/api/orders", wish(&empty)).await.expect(422).json()["code"], "cart_empty");
    ada.post("/api/cart/items", json!({"product_id": bowl.id})).await.expect(200);
    assert_eq!(ada.post("/api/orders", wish(&empty)).await.expect(409).json()["code"], "cart_changed");
}

async fn a_body_that_the_description_forbids_is_refused(app: &TestApp) {
    let person = Shopper::registered(app).await;
    let client = ApiClient::signed_in(app, &person.email, PASSWORD).await;
    let description = Description::of(app).await;
    let odd = [
        json!(null),
        json!(""),
        json!(7),
        json!(-1),
        json!(true),
        json!([]),
        json!({}),
        json!("a\u{0}b"),
        json!("x".repeat(600)),
    ];
    let mut tried = 0;
    for (path, methods) in description.0["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let first = schema["oneOf"].get(0).unwrap_or(schema);
            let Some(properties) = first["properties"].as_object() else { continue };
            let validator = description.validator(schema);
            let required: Vec<&str> = first["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let example = |name: &str| {
                let of = &properties[name];
                if of["$ref"].is_string() { json!("AAAAAAAAAAAAAAAAAAAAAA") } else { of["examples"][0].clone() }
            };
            for name in properties.keys() {
                for value in &odd {
                    let mut body: serde_json::Map<String, Value> =
                        required.iter().map(|name| ((*name).to_owned(), example(name))).collect();
                    body.insert(name.clone(), value.clone());
                    let body = Value::Object(body);
                    if validator.is_valid(&body) {
                        continue;
                    }
                    let answer = client.call(method.to_uppercase().parse().expect("a method"), path, body.clone()).await;
                    assert!(matches!(answer.status, 401 | 403 | 404 | 422), "{method} {path} {body}: {}", answer.status);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

async fn the_description_is_for_everybody(app: &TestApp) {
    let visitor = Visitor::new(app);
    let answer = visitor.get("/openapi.json").await.expect(200);
    assert_eq!((answer.header("content-type"), answer.json()["openapi"].as_str()), ("application/json", Some("3.1.0")));
    assert!(answer.cookies_set().is_empty());
    let printed = Place::new(&[]).run(&["openapi"], "");
    assert_eq!(printed.output.trim(), answer.body.trim(), "the command prints the same");
}

async fn an_account_that_is_confirmed_by_mail_is_described_too(app: &TestApp) {
    let mut ada = Caller { description: Description::of(app).await, client: ApiClient::new(app), called: BTreeSet::new() };
    ada.post("/api/auth/register", json!({"name": "Ada", "email": "ada@example.com", "password": PASSWORD})).await.expect(202);
}
