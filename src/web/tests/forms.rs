//! Forms and JSON bodies through all layers.

use super::*;

#[actix_web::test]
async fn a_form_goes_through_once_its_page_was_seen() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let page = ask(&app, TestRequest::get().uri("/t/form")).await;
    let pre = page.set("__Host-pre").expect("a visitor's binding").to_owned();
    assert_eq!(page.header("cache-control"), Some("no-store"), "it sets a cookie");
    let cookie = format!("__Host-pre={pre}");
    let done = ask(&app, post("/t/form", &cookie, &format!("csrf={}&name=Ada", page.csrf()))).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/t/form")));
    let flash = format!("{cookie}; __Host-flash={}", done.set("__Host-flash").expect("a message"));

    let prefetch = TestRequest::get()
        .uri("/t/form")
        .insert_header(("cookie", flash.clone()))
        .insert_header(("sec-purpose", "prefetch;prerender"));
    let prefetch = ask(&app, prefetch).await;
    assert!(!prefetch.body.contains("Hello, Ada.") && prefetch.set("__Host-flash").is_none(), "a prefetch consumes nothing");
    let shown = ask(&app, TestRequest::get().uri("/t/form").insert_header(("cookie", flash))).await;
    assert!(shown.body.contains("Hello, Ada."));
    assert_eq!(shown.set("__Host-flash"), Some(""), "it is shown once");
}

#[actix_web::test]
async fn a_stale_form_does_nothing_and_keeps_what_was_typed() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let page = ask(&app, TestRequest::get().uri("/t/form")).await;
    let (pre, csrf) = (page.set("__Host-pre").expect("a binding"), page.csrf());
    for body in [
        "name=Ada".to_owned(),
        "csrf=&name=Ada".to_owned(),
        format!("csrf={csrf}&csrf={csrf}&name=Ada"),
        format!("csrf={csrf}&name=Ada"),
    ] {
        let answer = ask(&app, post("/t/form", "__Host-pre=AAAAAAAAAAAAAAAAAAAAAA", &body)).await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains("too old to be sent") && answer.set("__Host-flash").is_none());
        assert_ne!(answer.csrf(), csrf, "the page comes back with a fresh value");
    }
    let fine = ask(&app, post("/t/form", &format!("__Host-pre={pre}"), &format!("csrf={csrf}&name=Ada"))).await;
    assert_eq!(fine.status, 303);
}

#[actix_web::test]
async fn a_stale_press_comes_back_as_one_button_that_works() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let answer = ask(&app, post("/t/press", "", "csrf=old")).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("action=\"/t/press\"") && answer.body.contains("Send it again"), "{}", answer.body);
    let cookie = format!("__Host-pre={}", answer.set("__Host-pre").expect("a binding"));
    let again = ask(&app, post("/t/press", &cookie, &format!("csrf={}", answer.csrf()))).await;
    assert_eq!(again.status, 303);
    let more = ask(&app, post("/t/press", &cookie, &format!("csrf={}&more=1", answer.csrf()))).await;
    assert_eq!(more.status, 422, "an unknown field is an error here too");
}

#[actix_web::test]
async fn a_wrong_field_brings_the_same_page_back() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let page = ask(&app, TestRequest::get().uri("/t/form")).await;
    let cookie = format!("__Host-pre={}", page.set("__Host-pre").expect("a binding"));
    let answer = ask(&app, post("/t/form", &cookie, &format!("csrf={}&name=Adalbert&other=1", page.csrf()))).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("<title>Error: ")
            && answer.body.contains("5 is the most")
            && answer.body.contains("There is no field")
    );
}

#[actix_web::test]
async fn other_sites_other_types_and_too_much_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let ours = post("/t/form", "", "name=Ada");
    assert_eq!(ask(&app, ours.insert_header(("origin", "https://evil.example"))).await.status, 403);
    assert_eq!(ask(&app, post("/t/form", "", "{}").insert_header(("content-type", "application/json"))).await.status, 415);
    assert_eq!(ask(&app, post("/t/form", "", &"x".repeat(16 * 1024 + 1))).await.status, 413);
    let embedded = TestRequest::get()
        .uri("/t/form")
        .insert_header(("sec-fetch-site", "cross-site"))
        .insert_header(("sec-fetch-dest", "image"));
    assert_eq!(ask(&app, embedded).await.status, 403);
}

#[actix_web::test]
async fn the_api_reads_json_strictly() {
    let folder = TempDir::new().expect("a folder");
    let app = app(&folder, &[]);
    let send = |kind: &'static str, body: String| {
        TestRequest::post().uri("/api/t/name").insert_header(("content-type", kind)).set_payload(body)
    };
    let json = |body: &str| send("application/json", body.to_owned());
    assert_eq!(ask(&app, json(r#"{"name":"Ada"}"#)).await.body, "Ada");
    for (request, status, code) in [
        (json(r#"{"name":"Ada","name":"Eva"}"#), 422, "invalid_fields"),
        (json(r#"{"name":"Ada","x":1}"#), 422, "invalid_fields"),
        (json("[]"), 400, "bad_request"),
        (send("text/plain", "{}".to_owned()), 415, "unsupported_type"),
        (send("application/json", format!("{{\"name\":\"{}\"}}", "x".repeat(64 * 1024))), 413, "too_large"),
        (TestRequest::post().uri("/api/t/name"), 422, "invalid_fields"),
    ] {
        let answer = ask(&app, request).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert!(answer.body.contains(&format!("\"code\":\"{code}\"")), "{}", answer.body);
    }
}
