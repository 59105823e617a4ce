//! Safety around everything: headers, hosts, other sites, stale forms, too much of anything.
//!
//! Invariant: what is refused did nothing, says so in plain words on a page of the shop, and never by its own address.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use reqwest::Method;

on_both! {
    every_answer_has_the_headers,
    what_is_made_for_a_person_is_stored_nowhere,
    static_files_neither_read_nor_set_cookies,
    a_form_from_another_site_is_refused,
    a_script_without_a_browser_says_where_it_comes_from,
    a_stale_form_comes_back_filled_in,
    a_stale_button_comes_back_as_one_button,
    a_form_is_good_for_its_own_session_only,
    unknown_and_repeated_fields_are_named,
}

async fn every_answer_has_the_headers(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for path in
        ["/", "/products", "/login", "/dashboard", "/no/such/page", "/healthz", "/api/products", "/api/profile", "/robots.txt"]
    {
        let page = ada.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("origin-agent-cluster", "?1"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(page.header(name), value, "{path} {name}");
        }
        assert!(page.header("permissions-policy").contains("camera=()"), "{path}: {}", page.header("permissions-policy"));
        assert_eq!(page.header("strict-transport-security"), "", "not without TLS");
        assert_eq!(page.header("access-control-allow-origin"), "", "{path}");
        let policy = page.header("content-security-policy");
        if page.header("content-type").starts_with("text/html") {
            policy_is_closed(&page, policy);
        } else {
            assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{path}");
        }
    }
}

fn policy_is_closed(page: &Page, policy: &str) {
    for part in [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ] {
        assert!(policy.split("; ").any(|found| found == part), "{}: {part} is not in {policy}", page.path);
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for nonce in page.attributes("script", "nonce") {
        assert!(policy.contains(&format!("script-src 'nonce-{nonce}'")), "{policy}");
    }
}

async fn what_is_made_for_a_person_is_stored_nowhere(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for path in ["/", "/products", "/dashboard", "/cart", "/orders", "/account", "/orders/NONE"] {
        assert_eq!(ada.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    let nonces: Vec<_> = [ada.get("/").await, ada.get("/").await].iter().map(|page| page.attributes("script", "nonce")).collect();
    assert_ne!(nonces[0], nonces[1], "a nonce is used once");
}

async fn static_files_neither_read_nor_set_cookies(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get("/").await.expect(200);
    let sheet = page.attributes("link[rel='stylesheet']", "href").remove(0);
    app.pass(std::time::Duration::from_secs(601));
    for path in [sheet.as_str(), "/healthz", "/readyz"] {
        let page = ada.get(path).await.expect(200);
        assert!(page.cookies_set().is_empty(), "{path}");
    }
    let style = ada.get(&sheet).await;
    assert!(style.header("cache-control").contains("immutable") && style.header("cache-control").contains("max-age=31536000"));
    for path in
        ["/static/", "/static/../Cargo.toml", "/static/%2e%2e/secret", "/static/css", "/static/.env", &format!("{sheet}/")]
    {
        let page = ada.get(path).await;
        assert!(matches!(page.status, 400 | 404), "{path}: {}", page.status);
    }
}

async fn a_form_from_another_site_is_refused(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let form = ada.get("/account").await.form("/account");
    let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    let cases: &[&[(&str, &str)]] = &[
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", "{own}")],
        &[("sec-fetch-site", "same-site"), ("origin", "{own}")],
        &[("sec-fetch-site", "none"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin"), ("origin", "{own}")],
        &[("referer", "https://evil.example/page")],
        &[("origin", "{own}"), ("origin", "{own}")],
        &[("origin", "{own}.evil.example")],
        &[("sec-fetch-site", "SAME-ORIGIN")],
    ];
    for headers in cases {
        let request =
            ada.request(Method::POST, "/account").header("content-type", "application/x-www-form-urlencoded").body(body.clone());
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, value.replace("{own}", &ada.origin())));
        let page = ada.send("/account", request).await;
        assert_eq!(page.status, 403, "{headers:?}");
    }
    assert!(ada.is_signed_in().await);
}

async fn a_script_without_a_browser_says_where_it_comes_from(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let form = ada.get("/account").await.form("/account");
    let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    let own = ada.origin();
    for (name, value) in [("origin", own.clone()), ("referer", format!("{own}/account")), ("sec-fetch-site", "none".to_owned())] {
        let request = ada.request(Method::POST, "/account").header("content-type", "application/x-www-form-urlencoded");
        ada.send("/account", request.header(name, value).body(body.clone())).await.expect_to("/account");
    }
}

async fn a_stale_form_comes_back_filled_in(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get("/account").await.expect(200);
    for stale in ["", "AAAA", &"A".repeat(64), "%00", &page.value("csrf")[1..]] {
        let back = ada.press(&page, "/account", &[("csrf", stale), ("name", "Countess")]).await.expect(403);
        assert_eq!(back.value("name"), "Countess", "what was typed is kept");
        let sent = ada.press(&back, "/account", &[]).await.expect_to("/account");
        assert_eq!(ada.follow(sent).await.value("name"), "Countess", "and the fresh value is good");
        ada.submit("/account", &[("name", "Ada")]).await.expect_to("/account");
    }
    let without = ada.post("/account", &[("name", "Countess")]).await.expect(403);
    assert_eq!(without.value("name"), "Countess");
    let in_query = format!("/account?csrf={}", page.value("csrf"));
    ada.post(&in_query, &[("name", "Countess")]).await.expect(403);

    let visitor = Visitor::new(app);
    let login = visitor.get("/login").await.expect(200);
    visitor.jar.borrow_mut().remove("__Host-pre");
    let back = visitor.press(&login, "/login", &[("email", &ada.email), ("password", PASSWORD)]).await.expect(403);
    assert_eq!(back.value("email"), ada.email);
    assert!(!back.body.contains(PASSWORD));
    visitor.press(&back, "/login", &[("password", PASSWORD)]).await.expect_to("/dashboard");
}

async fn a_stale_button_comes_back_as_one_button(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 5).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let remove = format!("/cart/items/{}/remove", bowl.id);
    let back = ada.post(&remove, &[("csrf", "stale")]).await.expect(403);
    assert_eq!(ada.get("/cart").await.texts(".line-name"), ["Oak Bowl"], "nothing was done");
    ada.press(&back, &remove, &[]).await.expect_to("/cart");
    assert!(ada.get("/cart").await.texts(".line-name").is_empty());
    let back = ada.post("/logout", &[("csrf", "stale")]).await.expect(403);
    assert!(ada.is_signed_in().await);
    ada.press(&back, "/logout", &[]).await.expect_to("/");
    assert!(!ada.is_signed_in().await);
}

async fn a_form_is_good_for_its_own_session_only(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let elsewhere = ada.elsewhere(app).await;
    let form = elsewhere.get("/account").await.form("/account");
    ada.post("/account", &form).await.expect(403);
    let visitor = Visitor::new(app);
    let before = visitor.get("/login").await.form("/login");
    let csrf = before.into_iter().find(|(name, _)| name == "csrf").expect("it has one");
    sign_in(&visitor, &ada.email, PASSWORD).await.expect_to("/dashboard");
    visitor.post("/account", &[csrf, ("name".to_owned(), "Eve".to_owned())]).await.expect(403);
}

async fn unknown_and_repeated_fields_are_named(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get("/account").await.expect(200);
    let odd = ada.press(&page, "/account", &[("role", "admin")]).await.expect(422);
    assert!(odd.words().contains("role"), "{}", odd.words());
    let twice = ada.press(&page, "/account", &[("name", "One"), ("name", "Two")]).await.expect(422);
    assert!(twice.words().contains("name"), "{}", twice.words());
    assert_eq!(ada.get("/account").await.value("name"), "Ada Lovelace");
}
