//! What the shop does not take: other types, too much, other hosts, ways out, other methods.
//!
//! Invariant: a refusal is a page of the shop in plain words, or a problem under `/api`, and never tells how the program is made.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::audit_events;
use reqwest::Method;

on_both! {
    only_forms_are_taken_for_forms,
    too_much_is_refused,
    another_host_is_not_served,
    next_leads_nowhere_else,
    errors_are_pages_with_a_way_on,
    a_page_for_another_site_is_a_page_only,
    a_link_from_elsewhere_finds_its_person_signed_in,
    what_was_never_meant_to_be_called_so_is_refused,
    too_many_sign_ins_are_told_to_wait with { "LATCHKEY_LIMIT_SIGN_IN" = "2/1m" },
    a_limit_counts_each_client_behind_a_trusted_proxy with {
        "LATCHKEY_LIMIT_SIGN_IN" = "1/1h", "LATCHKEY_TRUSTED_PROXIES" = "127.0.0.0/8, ::1",
    },
    a_forwarded_address_is_believed_from_nobody_else with { "LATCHKEY_LIMIT_SIGN_IN" = "1/1h" },
}

async fn only_forms_are_taken_for_forms(app: &TestApp) {
    let visitor = Visitor::new(app);
    let csrf = visitor.get("/login").await.value("csrf");
    for kind in
        ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=utf-16"]
    {
        let request = visitor.request(Method::POST, "/login").header("origin", visitor.origin()).header("content-type", kind);
        let page = visitor.send("/login", request.body(format!("csrf={csrf}&email=a&password=b"))).await;
        assert_eq!(page.status, 415, "{kind}");
    }
    let request = visitor.form_request("/login").body(b"csrf=\xff\xfe&email=%FF&password=x".to_vec());
    let page = visitor.send("/login", request).await;
    assert!((400..500).contains(&page.status), "{}", page.status);
}

async fn too_much_is_refused(app: &TestApp) {
    let visitor = Visitor::new(app);
    let big = "x".repeat(17 * 1024);
    let page = visitor.submit("/login", &[("email", &big), ("password", "x")]).await;
    assert_eq!(page.status, 413, "a form of 17 KiB");
    let api = ApiClient::new(app);
    let page = api.post("/api/login", serde_json::json!({"email": "x".repeat(65 * 1024), "password": "x"})).await;
    assert_eq!((page.status, page.json()["code"].as_str()), (413, Some("too_large")), "JSON of 65 KiB");
    let page = visitor.get(&format!("/products?q={}", "x".repeat(2_100))).await;
    assert_eq!(page.status, 414, "an address of 2 KiB");
    let request = visitor.request(Method::GET, "/").header("x-much", "x".repeat(17 * 1024));
    assert_eq!(visitor.send("/", request).await.status, 431, "headers of 17 KiB");
    let request = visitor.request(Method::GET, "/").header("cookie", "a=b; ".repeat(60));
    assert_eq!(visitor.send("/", request).await.status, 431, "sixty cookies");
}

async fn another_host_is_not_served(app: &TestApp) {
    let visitor = Visitor::new(app);
    for host in ["evil.example", "localhost", "localhost:1", "localhost.evil.example"] {
        let request = visitor.request(Method::GET, "/login").header("host", host);
        let page = visitor.send("/login", request).await;
        assert_eq!(page.status, 421, "{host}: {}", page.location());
        assert!(!page.body.contains("evil.example"), "what was claimed is not repeated");
    }
    let port = app.origin.port().expect("a port of its own");
    let request = visitor.request(Method::GET, "/login?next=/cart").header("host", format!("127.0.0.1:{port}"));
    let page = visitor.send("/login", request).await.expect(307);
    assert_eq!(page.location(), format!("{}/login?next=/cart", visitor.origin()));
    for (name, value) in [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example;proto=https")] {
        let page = visitor.send("/dashboard", visitor.request(Method::GET, "/dashboard").header(name, value)).await;
        page.expect_to("/login?next=/dashboard");
    }
    let request = visitor.request(Method::GET, "/healthz").header("host", "10.1.2.3");
    visitor.send("/healthz", request).await.expect(200);
}

async fn next_leads_nowhere_else(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for bad in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "dashboard",
        "/login",
        "/logout",
        "/api/profile",
        "/static/x",
        "/%0d%0aSet-Cookie:x=1",
        "/orders\r\nX: y",
        "http:evil.example",
        "",
        "/ä",
        "/login?next=/cart",
    ] {
        let visitor = Visitor::new(app);
        let mut address = url::form_urlencoded::Serializer::new("/login?".to_owned());
        address.append_pair("next", bad);
        let page = visitor.get(&address.finish()).await.expect(200);
        let page = visitor.press(&page, "/login", &[("email", &ada.email), ("password", PASSWORD), ("next", bad)]).await;
        match page.status {
            303 => assert!(["/dashboard", "/%0d%0aSet-Cookie:x=1"].contains(&page.location()), "{bad:?} -> {}", page.location()),
            status => assert!(status == 422 && bad.contains(char::is_control), "{bad:?}: {status}"),
        }
    }
    let visitor = Visitor::new(app);
    let page = visitor.get("/login?next=/products%3Fq%3Dtea%26page%3D2").await.expect(200);
    visitor.press(&page, "/login", &[("email", &ada.email), ("password", PASSWORD)]).await.expect_to("/products?q=tea&page=2");
}

async fn errors_are_pages_with_a_way_on(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let missing = ada.get("/no/such/page").await.expect(404);
    assert!(!missing.heading().is_empty() && missing.has("main a"), "{}", missing.words());
    assert!(!missing.body.contains("/no/such/page"), "the address is not repeated");
    for (method, path) in
        [(Method::DELETE, "/account"), (Method::PUT, "/cart"), (Method::GET, "/logout"), (Method::GET, "/cart/items")]
    {
        let request = ada.request(method.clone(), path).header("origin", ada.origin()).header("sec-fetch-site", "same-origin");
        let page = ada.send(path, request.header("content-type", "application/x-www-form-urlencoded")).await;
        assert_eq!(page.status, 405, "{method} {path}");
        assert!(!page.heading().is_empty());
    }
    let api = ApiClient::new(app);
    for (path, status, code) in [("/api/no/such/thing", 404, "not_found"), ("/api/profile", 401, "no_token")] {
        let problem = api.get(path).await.expect(status);
        assert!(problem.header("content-type").starts_with("application/problem+json"), "{path}");
        assert_eq!(problem.json()["code"], code, "{path}");
        assert_eq!(problem.json()["status"], status, "{path}");
        assert_eq!(problem.json()["type"], "about:blank", "{path}");
    }
}

async fn a_page_for_another_site_is_a_page_only(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let ask = |mode: &'static str, dest: &'static str| {
        let request = ada.request(Method::GET, "/dashboard").header("sec-fetch-site", "cross-site");
        ada.send("/dashboard", request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest))
    };
    ask("navigate", "document").await.expect(200);
    for (mode, dest) in
        [("navigate", "iframe"), ("no-cors", "image"), ("cors", "empty"), ("no-cors", "script"), ("navigate", "object")]
    {
        ask(mode, dest).await.expect(403);
    }
}

/// A link in a mail: the Strict cookies stay at home, and a page that loads itself again fetches them.
async fn a_link_from_elsewhere_finds_its_person_signed_in(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let hint = ada.jar.borrow().value("__Host-hint");
    let link = app.http.get(app.origin.join("/orders?page=1").expect("a path")).header("cookie", format!("__Host-hint={hint}"));
    let link = ["cross-site", "navigate", "document"]
        .iter()
        .zip(["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"])
        .fold(link, |link, (value, name)| link.header(name, *value));
    let bounce = ada.copy().send("/orders", link).await.expect(200);
    assert!(
        bounce.attributes("meta[http-equiv='refresh']", "content").iter().any(|to| to.contains("/orders?page=1")),
        "{}",
        bounce.body
    );
    let plain = app.http.get(app.origin.join("/orders").expect("a path")).header("sec-fetch-site", "cross-site");
    let plain = plain.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
    Visitor::new(app).send("/orders", plain).await.expect_to("/login?next=/orders");
}

async fn what_was_never_meant_to_be_called_so_is_refused(app: &TestApp) {
    let visitor = Visitor::new(app);
    for path in
        ["/admin", "/admin/users", "/.env", "/.git/config", "/wp-login.php", "/static/%2e%2e%2f%2e%2e%2fetc/passwd", "/login/"]
    {
        let page = visitor.get(path).await;
        assert!(matches!(page.status, 303 | 400 | 404), "{path}: {}", page.status);
        assert!(!page.body.contains("root:"), "{path}");
    }
}

async fn sign_in_from(visitor: &Visitor, forwarded: Option<&str>) -> u16 {
    let form = visitor.get("/login").await.form("/login");
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(form.iter().filter(|(name, _)| name == "csrf" || name == "next"));
    body.append_pair("email", "nobody@example.com").append_pair("password", PASSWORD);
    let request = visitor.form_request("/login").body(body.finish());
    let request = match forwarded {
        Some(address) => request.header("x-forwarded-for", address),
        None => request,
    };
    let page = visitor.send("/login", request).await;
    if page.status == 429 {
        assert!(page.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0), "{}", page.header("retry-after"));
        assert!(!page.heading().is_empty(), "it is a page of the shop");
    }
    page.status
}

async fn too_many_sign_ins_are_told_to_wait(app: &TestApp) {
    let visitor = Visitor::new(app);
    let statuses = [sign_in_from(&visitor, None).await, sign_in_from(&visitor, None).await, sign_in_from(&visitor, None).await];
    assert_eq!(statuses, [401, 401, 429]);
    visitor.get("/login").await.expect(200);
    let api = ApiClient::new(app);
    let problem = api.post("/api/login", serde_json::json!({"email": "a@example.com", "password": PASSWORD})).await.expect(429);
    assert_eq!(problem.json()["code"], "too_many_requests", "page and API share one bucket");
    let told = audit_events::table.filter(audit_events::kind.eq("sign_in_throttled")).count();
    let told: i64 = told.get_result(&mut app.storage.second_connection()).expect("the audit can be read");
    assert_eq!(told, 2, "both are in the audit");
}

async fn a_limit_counts_each_client_behind_a_trusted_proxy(app: &TestApp) {
    let visitor = Visitor::new(app);
    assert_eq!(sign_in_from(&visitor, Some("203.0.113.7")).await, 401);
    assert_eq!(sign_in_from(&visitor, Some("203.0.113.7")).await, 429);
    assert_eq!(sign_in_from(&visitor, Some("203.0.113.8")).await, 401);
    assert_eq!(
        sign_in_from(&visitor, Some("198.51.100.1, 203.0.113.7")).await,
        429,
        "what the client claims on the left counts for nothing"
    );
    assert_eq!(sign_in_from(&visitor, Some("2001:db8:1:2::1")).await, 401);
    assert_eq!(sign_in_from(&visitor, Some("2001:db8:1:2:ffff::9")).await, 429, "a /64 is one client");
    assert_eq!(sign_in_from(&visitor, Some("2001:db8:1:3::1")).await, 401);
}

async fn a_forwarded_address_is_believed_from_nobody_else(app: &TestApp) {
    let visitor = Visitor::new(app);
    assert_eq!(sign_in_from(&visitor, Some("203.0.113.7")).await, 401);
    assert_eq!(sign_in_from(&visitor, Some("203.0.113.8")).await, 429);
}
