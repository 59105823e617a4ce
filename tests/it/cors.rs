//! Scripts of other origins: nothing for strangers, the API without cookies for those that a setting names.
//!
//! Invariant: what is allowed is said by the setting byte for byte; no answer ever allows credentials.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::soon;
use latchkey::web::server::Running;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

on_both! {
    without_the_setting_nobody_is_told_anything,
    a_listed_origin_is_told_what_it_may_do with { "LATCHKEY_CORS_ORIGINS" = "https://app.example,https://other.example" },
    a_stranger_is_told_nothing with { "LATCHKEY_CORS_ORIGINS" = "https://app.example" },
    only_the_api_is_shared with { "LATCHKEY_CORS_ORIGINS" = "https://app.example" },
    a_listed_origin_gets_tokens_in_the_body_alone with { "LATCHKEY_CORS_ORIGINS" = "https://app.example" },
    a_cookie_says_nothing_for_a_listed_origin with { "LATCHKEY_CORS_ORIGINS" = "https://app.example" },
    a_refusal_can_be_read with { "LATCHKEY_CORS_ORIGINS" = "https://app.example", "LATCHKEY_LIMIT_API" = "2/1h" },
    a_real_page_of_a_listed_origin_uses_the_api,
}

const LISTED: [(&str, &str); 3] =
    [("origin", "https://app.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];

async fn send(client: &ApiClient, method: Method, path: &str, headers: &[(&str, &str)], body: Option<serde_json::Value>) -> Page {
    let request = headers.iter().fold(client.request(method, path), |request, (name, value)| request.header(*name, *value));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    client.send(path, request).await
}

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Page {
    let headers = [
        ("origin", origin),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "cors"),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    send(&ApiClient::new(app), Method::OPTIONS, path, &headers, None).await
}

fn told(page: &Page) -> Vec<String> {
    let names = page.headers.keys().map(ToString::to_string);
    let mut told: Vec<String> = names.filter(|name| name.starts_with("access-control-")).collect();
    told.sort();
    told
}

async fn without_the_setting_nobody_is_told_anything(app: &TestApp) {
    let answer =
        send(&ApiClient::new(app), Method::GET, "/api/products", &[("origin", "https://app.example")], None).await.expect(200);
    assert_eq!((told(&answer).len(), answer.header("vary")), (0, ""));
    let answer = preflight(app, "/api/profile", "https://app.example").await;
    assert_eq!((answer.status, told(&answer).len()), (403, 0), "{}", answer.body);
    send(&ApiClient::new(app), Method::GET, "/api/products", &LISTED, None).await.expect(403);
}

async fn a_listed_origin_is_told_what_it_may_do(app: &TestApp) {
    for path in ["/api/profile", "/api/orders", "/api/login", "/api/no/such"] {
        let answer = preflight(app, path, "https://app.example").await.expect(204);
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example", "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), "GET, POST, PUT, PATCH, DELETE");
        assert_eq!(answer.header("access-control-allow-headers"), "authorization, content-type, idempotency-key");
        assert_eq!((answer.header("access-control-max-age"), answer.header("vary")), ("600", "origin"));
        assert!(!told(&answer).iter().any(|name| name.contains("credentials")) && answer.body.is_empty());
    }
    let answer = send(&ApiClient::new(app), Method::GET, "/api/products", &LISTED, None).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(told(&answer), ["access-control-allow-origin", "access-control-expose-headers"]);
    assert_eq!(
        preflight(app, "/api/profile", "https://other.example").await.header("access-control-allow-origin"),
        "https://other.example"
    );
}

async fn a_stranger_is_told_nothing(app: &TestApp) {
    let client = ApiClient::new(app);
    let own = app.origin.origin().ascii_serialization();
    for origin in
        ["https://evil.example", "null", "https://app.example:444", "http://app.example", "https://app.example.evil", &own]
    {
        let answer = preflight(app, "/api/profile", origin).await;
        assert!(matches!(answer.status, 403 | 405) && told(&answer).is_empty(), "{origin}: {}", answer.status);
        let headers = [("origin", origin), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
        let answer = send(&client, Method::GET, "/api/products", &headers, None).await.expect(403);
        assert_eq!((told(&answer).len(), answer.header("vary")), (0, "origin"), "{origin}: a cache keeps them apart");
    }
    let twice = [("origin", "https://app.example"), ("origin", "https://app.example")];
    assert!(told(&send(&client, Method::GET, "/api/products", &twice, None).await).is_empty());
    let body = json!({"email": "ada@example.com", "password": "x"});
    for wrong in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "https://app.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "cross-site")],
    ] {
        let answer = send(&client, Method::POST, "/api/login", &wrong, Some(body.clone())).await.expect(403).json();
        assert_eq!(answer["code"], "cross_site", "{wrong:?}");
    }
}

async fn only_the_api_is_shared(app: &TestApp) {
    let client = ApiClient::new(app);
    for path in ["/", "/products", "/cart", "/apixyz", "/healthz", "/.well-known/jwks.json"] {
        assert!(told(&preflight(app, path, "https://app.example").await).is_empty(), "{path}");
        assert!(told(&send(&client, Method::GET, path, &LISTED, None).await).is_empty(), "{path}");
    }
    send(&client, Method::GET, "/products", &LISTED, None).await.expect(403);
    let form =
        client.request(Method::POST, "/login").form(&[("email", "ada@example.com")]).header("origin", "https://app.example");
    client.send("/login", form).await.expect(403);
}

async fn a_listed_origin_gets_tokens_in_the_body_alone(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::new(app);
    for wish in [json!(null), json!("cookie"), json!("body")] {
        let body = json!({"email": ada.email, "password": PASSWORD, "refresh_in": wish});
        let answer = send(&client, Method::POST, "/api/login", &LISTED, Some(body)).await.expect(200);
        assert!(answer.cookies_set().is_empty(), "{wish}");
        let token = answer.json()["refresh_token"].as_str().expect("a token in the body").to_owned();
        let next = send(&client, Method::POST, "/api/refresh", &LISTED, Some(json!({"refresh_token": token}))).await.expect(200);
        let next = next.json()["refresh_token"].as_str().expect("a token in the body").to_owned();
        assert_ne!(token, next);
        let over = send(&client, Method::POST, "/api/logout", &LISTED, Some(json!({"refresh_token": next}))).await.expect(204);
        assert!(over.cookies_set().is_empty());
    }
}

async fn a_cookie_says_nothing_for_a_listed_origin(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::new(app);
    let signed_in = client.post("/api/login", json!({"email": ada.email, "password": PASSWORD})).await.expect(200);
    let cookie = signed_in.cookies_set().into_iter().find(|cookie| cookie.starts_with("__Host-api-rt=")).expect("a cookie");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    // A sibling of the shop's own domain: Strict cookies go along with its requests.
    let headers = [("origin", "https://app.example"), ("sec-fetch-site", "same-site"), ("cookie", &*cookie)];
    for path in ["/api/refresh", "/api/logout"] {
        let answer = send(&client, Method::POST, path, &headers, None).await.expect(401);
        assert_eq!(answer.json()["code"], "no_token", "{path}");
        assert!(answer.cookies_set().is_empty(), "{path}");
    }
    send(&client, Method::POST, "/api/refresh", &[("cookie", &*cookie)], None).await.expect(200);
}

async fn a_refusal_can_be_read(app: &TestApp) {
    let client = ApiClient::new(app);
    let mut statuses = Vec::new();
    for path in ["/api/profile", "/api/no/such", "/api/profile"] {
        let answer = send(&client, Method::GET, path, &LISTED, None).await;
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example", "{path}");
        assert!(answer.header("access-control-expose-headers").contains("retry-after"));
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [401, 404, 429]);
    preflight(app, "/api/profile", "https://app.example").await.expect(204);
}

/// A site of somebody else's, with one page whose script tries everything.
async fn site() -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serve = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            if socket.read(&mut head).await.is_ok() {
                let page = include_str!("cors/page.html");
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                    page.len()
                );
                if let Err(cause) = socket.write_all(answer.as_bytes()).await {
                    eprintln!("the browser went away: {cause}");
                }
            }
        }
    });
    (port, serve)
}

/// What the page's script was told, line by line.
async fn tried(host: &str, port: u16, shop: &Running, email: &str) -> String {
    let browser = Browser::open(&shop.origin, Scripts::On).await;
    let shop = format!("http://localhost:{}", shop.address.port());
    browser.goes_to(&format!("http://{host}:{port}/?shop={shop}&email={email}&password={PASSWORD}")).await;
    soon("the script comes to its end", async || browser.text("#said").await.contains("done")).await;
    let said = browser.text("#said").await;
    browser.close().await;
    said
}

async fn a_real_page_of_a_listed_origin_uses_the_api(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (port, serve) = site().await;
    let listed = format!("http://127.0.0.1:{port}");
    let shop = app.node_with(&[("LATCHKEY_CORS_ORIGINS", &*listed), ("LATCHKEY_PUBLIC_URL", "http://localhost:1")]).await;
    let said = tried("127.0.0.1", port, &shop, &ada.email).await;
    let expected = "products 200\nlogin 200 body\nprofile 200\nrename 200\nmissing 404 not_found\nwith cookies failed\nrefresh 200 body\nlogout 204\npage failed\ndone";
    assert_eq!(said, expected);
    let strangers = tried("localhost", port, &shop, &ada.email).await;
    assert_eq!(
        strangers, "products failed\nlogin failed\npage failed\ndone",
        "another port is another origin, the same site or not"
    );
    serve.abort();
    shop.stop().await.expect("it closes");
}
