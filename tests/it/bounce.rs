//! Links from other sites: the first request carries no Strict cookie, and the right page comes all the same.
//!
//! Invariant: the page that loads itself again appears once, only to somebody who has signed in here, and leads nowhere but to the
//! address that was asked for.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use reqwest::Method;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;
use url::Url;

on_both! {
    a_link_in_chromium_shows_the_right_page_at_once,
    a_link_in_chromium_without_javascript_shows_the_right_page_at_once,
    a_link_whose_session_is_over_leads_to_the_sign_in_and_not_in_circles,
    a_link_renews_a_dead_token_on_its_way,
    only_a_link_that_somebody_followed_bounces,
    a_bounce_leads_to_no_other_site,
}

/// Another site, with one link.
fn another_site(link: &Url) -> Url {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let body = format!("<!doctype html><title>Elsewhere</title><body><a id=\"link\" href=\"{link}\">to the shop</a>");
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // It lives as long as the tests do, waiting for the next visitor.
    std::thread::spawn(move || {
        for visitor in listener.incoming() {
            let served = visitor.and_then(|mut stream| {
                let mut request = [0; 4096];
                let read = stream.read(&mut request)?;
                if read > 0 { stream.write_all(answer.as_bytes()) } else { Ok(()) }
            });
            if let Err(cause) = served {
                eprintln!("the other site lost a visitor: {cause}");
            }
        }
    });
    format!("http://127.0.0.1:{port}/").parse().expect("an address")
}

async fn signs_in(browser: &Browser, ada: &Shopper) {
    browser.goto("/login").await;
    browser.fill("email", &ada.email).await;
    browser.fill("password", PASSWORD).await;
    browser.press("/login").await;
    browser.arrives_at("/dashboard").await;
}

async fn follows_a_link(app: &TestApp, scripts: Scripts) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, scripts).await;
    let elsewhere = another_site(&app.origin.join("/account?from=elsewhere").expect("a path"));
    // Who never signed in is led to the sign-in, as from anywhere.
    browser.goes_to(elsewhere.as_str()).await;
    browser.click("#link").await;
    browser.arrives_at("/login?next=/account%3Ffrom%3Delsewhere").await;
    signs_in(&browser, &ada).await;
    for _ in 0..2 {
        browser.goes_to(elsewhere.as_str()).await;
        browser.click("#link").await;
        browser.arrives_at("/account?from=elsewhere").await;
        assert_eq!(browser.text("h1").await, "Your account");
        // Loaded again, it is simply itself.
        browser.reload().await;
        assert_eq!(browser.text("h1").await, "Your account");
    }
    // Back is the other site: the page between leaves no step of its own.
    browser.back().await;
    assert_eq!(browser.text("#link").await, "to the shop");
    browser.close().await;
}

async fn a_link_in_chromium_shows_the_right_page_at_once(app: &TestApp) {
    follows_a_link(app, Scripts::On).await;
}

async fn a_link_in_chromium_without_javascript_shows_the_right_page_at_once(app: &TestApp) {
    follows_a_link(app, Scripts::Off).await;
}

async fn a_link_renews_a_dead_token_on_its_way(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::Off).await;
    let elsewhere = another_site(&app.origin.join("/account").expect("a path"));
    signs_in(&browser, &ada).await;
    app.pass(Duration::from_mins(11));
    browser.goes_to(elsewhere.as_str()).await;
    browser.click("#link").await;
    browser.arrives_at("/account").await;
    assert_eq!(browser.text("h1").await, "Your account");
    browser.close().await;
}

async fn a_link_whose_session_is_over_leads_to_the_sign_in_and_not_in_circles(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::On).await;
    let elsewhere = another_site(&app.origin.join("/account").expect("a path"));
    signs_in(&browser, &ada).await;
    app.pass(Duration::from_hours(25));
    browser.goes_to(elsewhere.as_str()).await;
    browser.click("#link").await;
    browser.arrives_at("/login?next=/account").await;
    browser.close().await;
}

/// A request as another site's link makes it, with these cookies.
async fn link(app: &TestApp, path: &str, cookies: &str, changed: &[(&'static str, &'static str)]) -> Page {
    let visitor = Visitor::new(app);
    let mut headers = vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    headers.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
    headers.extend(changed);
    let request = visitor.request(Method::GET, path).header("cookie", cookies);
    let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    visitor.send(path, request).await
}

fn bounces(page: &Page) -> bool {
    page.has("meta[http-equiv='refresh']")
}

async fn only_a_link_that_somebody_followed_bounces(app: &TestApp) {
    let hint = "__Host-hint=1";
    let page = link(app, "/orders?page=2", hint, &[]).await.expect(200);
    assert!(bounces(&page) && page.cookies_set().is_empty(), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(bounces(&link(app, "/orders", hint, &[("sec-fetch-site", "same-site")]).await));
    for (why, cookies, changed) in [
        ("nobody ever signed in", "theme=dark", ("sec-fetch-mode", "navigate")),
        ("its own reload", hint, ("sec-fetch-site", "same-origin")),
        ("a typed address", hint, ("sec-fetch-site", "none")),
        ("a guess", hint, ("sec-purpose", "prefetch")),
        ("the cookies came along", "__Host-hint=1; __Host-rt=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ("x-a", "b")),
        ("half of them came along", "__Host-hint=1; __Host-at=stale", ("x-a", "b")),
    ] {
        let page = link(app, "/orders", cookies, &[changed]).await;
        assert!(!bounces(&page), "{why}: {}", page.body);
        assert!(page.location().is_empty() || page.location() == "/login?next=/orders", "{why}: {}", page.location());
    }
    for (mode, dest) in [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")] {
        let page = link(app, "/orders", hint, &[("sec-fetch-mode", mode), ("sec-fetch-dest", dest)]).await.expect(403);
        assert!(!bounces(&page), "{mode} {dest}");
    }
}

async fn a_bounce_leads_to_no_other_site(app: &TestApp) {
    for path in ["//evil.example/x", "///evil.example", "/.//evil.example", "/login?next=//evil.example", "/%09/evil.example"] {
        let answer = raw(app, path).await;
        for target in answer.split("url=").skip(1).filter_map(|rest| rest.split('"').next()) {
            let target = target.replace("&amp;", "&").replace("&#x2F;", "/").replace("&#47;", "/");
            let leads_to = app.origin.join(&target).expect("an address");
            assert_eq!(leads_to.origin(), app.origin.origin(), "{path} leads to {leads_to}");
        }
        assert!(!answer.to_ascii_lowercase().contains("\r\nlocation: //"), "{path}: {answer}");
    }
    for sent in ["/\\evil.example/x", "/\\/evil.example", "\\\\evil.example"] {
        let answer = raw(app, sent).await;
        assert!(!answer.contains("url=/\\") && !answer.contains("url=\\"), "{sent}: {answer}");
    }
}

/// Asks for a path as it stands, which no HTTP library would send, as a followed link of somebody with the hint.
async fn raw(app: &TestApp, path: &str) -> String {
    let (address, host) = (app.address(), app.origin.authority());
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: __Host-hint=1\r\nsec-fetch-site: cross-site\r\n\
         sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nconnection: close\r\n\r\n"
    );
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    });
    let answer = answer.await.expect("no panic").expect("it is answered");
    String::from_utf8_lossy(&answer).into_owned()
}
