//! What the outermost layer turns away, and what it lets through.

use super::*;
use actix_web::http::Method;

#[actix_web::test]
async fn too_long_and_too_much_is_refused_in_words() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let long = format!("/products?q={}", "a".repeat(2048));
    assert_eq!(ask(&app, TestRequest::get().uri(&long)).await.status, 414);
    let get = || TestRequest::get().uri("/t/form");
    assert_eq!(ask(&app, get().insert_header(("x-much", "a".repeat(17 * 1024)))).await.status, 431);
    assert_eq!(ask(&app, get().insert_header(("cookie", format!("a={}", "b".repeat(8 * 1024))))).await.status, 431);
    let pairs: Vec<_> = (0..51).map(|at| format!("c{at}=1")).collect();
    let answer = ask(&app, get().insert_header(("cookie", pairs.join("; ")))).await;
    assert_eq!(answer.status, 431);
    assert!(answer.body.contains("Delete the cookies of this site"));
    assert_eq!(ask(&app, get().insert_header(("cookie", pairs[..50].join("; ")))).await.status, 200);
}

#[actix_web::test]
async fn a_request_for_another_host_reaches_nothing() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[("LATCHKEY_PUBLIC_URL", "http://localhost:8080")]);
    let site = init_service(assemble(&app, pages(&app), api())).await;
    for (host, path, status) in [
        ("evil.example", "/t/form", 421),
        ("evil.example", "/api/t/closed", 421),
        ("evil.example", "/healthz", 200),
        ("127.0.0.1:8080", "/t/form?a=1", 307),
        ("127.0.0.1:8080", "/api/t/closed", 401),
    ] {
        let request = TestRequest::get().uri(path).insert_header(("host", host)).to_request();
        let answer = answer(&site, request).await;
        assert_eq!(answer.status, status, "{host} {path}");
        if status == 307 {
            assert_eq!(answer.header("location"), Some("http://localhost:8080/t/form?a=1"));
        }
    }
}

#[actix_web::test]
async fn too_many_sign_ins_wait_on_the_page_and_in_the_api_alike() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[("LATCHKEY_LIMIT_SIGN_IN", "1/1h")]);
    let site = init_service(assemble(&app, pages(&app), crate::web::routes::api(&app))).await;
    let try_api = || {
        from_here(TestRequest::post().uri("/api/login").insert_header(("content-type", "application/json")).set_payload("{}"))
            .to_request()
    };
    let look = || from_here(TestRequest::get().uri("/login")).to_request();
    assert_eq!(answer(&site, look()).await.status, 200);
    assert_eq!(answer(&site, try_api()).await.status, 422);
    let api = answer(&site, try_api()).await;
    let page = answer(&site, from_here(post("/login", "", "")).to_request()).await;
    for refused in [&api, &page] {
        assert_eq!(refused.status, 429);
        let wait: u64 = refused.header("retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
        assert!((3590..=3600).contains(&wait), "{wait}");
    }
    assert!(api.body.contains("too_many_requests"));
    assert!(page.body.contains("Too many at once") && page.body.contains("60 minutes"), "{}", page.body);
    assert_eq!(answer(&site, look()).await.status, 200, "looking costs nothing");
}

#[actix_web::test]
async fn a_stop_begins_nothing_new_and_says_so() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    assert_eq!(ask(&app, TestRequest::get().uri("/readyz")).await.status, 200);
    app.traffic.stop();
    for (path, status) in [("/readyz", 503), ("/healthz", 200), ("/t/form", 503), ("/api/t/closed", 503)] {
        assert_eq!(ask(&app, TestRequest::default().method(Method::GET).uri(path)).await.status, status, "{path}");
    }
    assert_eq!(app.traffic.underway(), 0);
}
