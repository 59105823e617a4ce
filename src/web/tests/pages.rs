//! Errors, redirects, headers and cookies of pages, as a browser sees them.

use super::*;

#[actix_web::test]
async fn every_answer_has_its_security_headers() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    for path in ["/t/form", "/nowhere", "/healthz", "/api/nowhere", "/static/nowhere", "/robots.txt", "/t/broken"] {
        let answer = ask(&app, TestRequest::get().uri(path)).await;
        for header in
            ["x-content-type-options", "content-security-policy", "permissions-policy", "x-frame-options", "cache-control"]
        {
            assert!(answer.header(header).is_some(), "{path}: {header}");
        }
    }
    let page = ask(&app, TestRequest::get().uri("/t/form")).await;
    let policy = page.header("content-security-policy").expect("a policy");
    let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split('\'').next()).expect("a nonce");
    assert!(page.body.contains(&format!("nonce=\"{nonce}\"")));
    let other = ask(&app, TestRequest::get().uri("/t/form")).await;
    assert_ne!(other.header("content-security-policy"), Some(policy), "each page has its own nonce");
}

#[actix_web::test]
async fn a_page_that_is_not_here_says_so_in_the_shops_own_frame() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let answer = ask(&app, TestRequest::get().uri("/nowhere")).await;
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert!(answer.body.contains("This page is not here") && answer.body.contains("Hearth &amp; Grain"), "{}", answer.body);
    let api = ask(&app, TestRequest::get().uri("/api/nowhere")).await;
    assert_eq!((api.status, api.header("content-type")), (404, Some("application/problem+json")));
    assert!(api.body.contains("\"code\":\"not_found\""), "{}", api.body);
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let answer = ask(&app, post("/t/form", "", "").method(actix_web::http::Method::DELETE)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")));
    assert!(answer.body.contains("That does not work here"));
    let api = ask(&app, TestRequest::get().uri("/api/t/name")).await;
    assert_eq!((api.status, api.header("allow")), (405, Some("POST")));
    assert!(api.body.contains("method_not_allowed"));
    let closed = ask(&app, post("/t/closed", "", "").method(actix_web::http::Method::PUT)).await;
    assert_eq!(
        (closed.status, closed.header("allow")),
        (405, Some("GET, HEAD, POST")),
        "a visitor is not sent to sign in for that"
    );
    let head = ask(&app, TestRequest::default().method(actix_web::http::Method::HEAD).uri("/t/form")).await;
    assert_eq!(head.status, 200);
}

#[actix_web::test]
async fn a_link_from_elsewhere_loads_again_where_somebody_is_signed_in() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let led = |cookie: &'static str| {
        let request = TestRequest::get().uri("/t/closed?a=1&b=2").insert_header(("sec-fetch-site", "cross-site"));
        let request = request.insert_header(("sec-fetch-mode", "navigate")).insert_header(("sec-fetch-dest", "document"));
        request.insert_header(("cookie", cookie))
    };
    let page = ask(&app, led("__Host-hint=1")).await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    assert!(page.body.contains("content=\"0; url=/t/closed?a=1&amp;b=2\""), "{}", page.body);
    assert!(page.header("set-cookie").is_none());
    assert_eq!(ask(&app, led("other=1")).await.status, 303);
    assert_eq!(ask(&app, led("__Host-hint=1").insert_header(("sec-purpose", "prefetch"))).await.status, 303);
    assert_eq!(ask(&app, led("__Host-hint=1").insert_header(("sec-fetch-site", "same-origin"))).await.status, 303);
}

#[actix_web::test]
async fn a_developer_sees_the_tree_itself() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[("LATCHKEY_DEV", "on")]);
    let page = ask(&app, TestRequest::get().uri("/t/form")).await;
    assert!(page.status == 200 && page.body.contains("/static/css/base.css"));
    let style = ask(&app, TestRequest::get().uri("/static/css/base.css")).await;
    assert_eq!((style.status, style.header("cache-control")), (200, Some("no-cache")));
    for path in
        ["/static/css", "/static/css/base.css/", "/static/../Cargo.toml", "/static/%2e%2e/Cargo.toml", "/static//css/base.css"]
    {
        assert_eq!(ask(&app, TestRequest::get().uri(path)).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn faults_and_panics_tell_no_cause() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    for (path, status) in [("/t/broken", 500), ("/t/panic", 500), ("/t/busy", 503), ("/api/t/broken", 500)] {
        let answer = ask(&app, TestRequest::get().uri(path)).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.body.contains("hunter2") && !answer.body.is_empty(), "{path}");
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{path}");
    }
}

#[actix_web::test]
async fn a_visitor_is_led_to_sign_in_and_back() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let answer = ask(&app, TestRequest::get().uri("/t/closed?a=1&b=%20")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/login?next=/t/closed%3Fa%3D1%26b%3D%2520")));
    let answer = ask(&app, post("/t/closed", "", "")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/login?next=/t/closed")));
    let api = ask(&app, TestRequest::get().uri("/api/t/closed")).await;
    assert_eq!((api.status, api.header("www-authenticate")), (401, Some("Bearer")));
    assert!(api.body.contains("\"code\":\"no_token\""));
}

#[actix_web::test]
async fn a_static_file_is_found_under_its_hashed_name_alone() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let Some(url) = app.assets.url("css/base.css") else { panic!("there is no style sheet") };
    let packed = ask(&app, TestRequest::get().uri(&url).insert_header(("accept-encoding", "br, gzip"))).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("br")));
    assert_eq!(packed.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(packed.header("set-cookie").is_none());
    let plain = ask(&app, TestRequest::get().uri(&url)).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (200, None));
    assert_eq!(plain.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(!plain.body.contains("url(\"../font/bricolage.woff2\")"), "the font is called by its hashed name");
    let name = url.rsplit('/').next().expect("a name");
    std::os::unix::fs::symlink("/etc/passwd", app.assets.folder().join("css/passwd.css")).expect("a link");
    let wrong = [
        format!("{url}/"),
        format!("{url}.br"),
        format!("/static/css/../css/{name}"),
        "/static/css/base.css".into(),
        "/static/".into(),
        "/static/css".into(),
        "/static/css/passwd.css".into(),
        "/static/.gitignore".into(),
        "/static/%2e%2e/secret".into(),
        "/static".into(),
    ];
    for path in wrong {
        assert_eq!(ask(&app, TestRequest::get().uri(&path)).await.status, 404, "{path}");
    }
    assert_eq!(ask(&app, TestRequest::post().uri(&url)).await.status, 405);
}
