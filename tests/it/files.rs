//! Files and small addresses: static, compressed, cached, and nothing of anybody in them.
//!
//! Invariant: whatever is cached for a year has its content in its name; none of it reads or sets a cookie.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::visitor::Visitor;
use reqwest::Method;

on_both! {
    static_files_come_compressed_and_for_ever,
    a_file_that_did_not_change_is_not_sent_again,
    head_answers_like_get_without_the_body,
    small_addresses_answer,
}

async fn ask(visitor: &Visitor, method: Method, path: &str, header: (&str, &str)) -> Page {
    visitor.send(path, visitor.request(method, path).header(header.0, header.1)).await
}

async fn sheet(visitor: &Visitor) -> String {
    visitor.get("/").await.expect(200).attributes("link[rel='stylesheet']", "href").remove(0)
}

async fn static_files_come_compressed_and_for_ever(app: &TestApp) {
    let visitor = Visitor::new(app);
    let sheet = sheet(&visitor).await;
    let plain = ask(&visitor, Method::GET, &sheet, ("accept-encoding", "identity")).await.expect(200);
    assert!(plain.header("content-type").starts_with("text/css"), "{}", plain.header("content-type"));
    assert!(plain.header("cache-control").contains("max-age=31536000") && plain.header("cache-control").contains("immutable"));
    for encoding in ["br", "gzip"] {
        let packed = visitor.request(Method::HEAD, &sheet).header("accept-encoding", encoding);
        let packed = visitor.send(&sheet, packed).await.expect(200);
        assert_eq!(packed.header("content-encoding"), encoding);
        assert!(packed.header("vary").to_lowercase().contains("accept-encoding"), "{}", packed.header("vary"));
    }
    for (page, scripts) in [("/", 1), ("/login", 2)] {
        let found = visitor.get(page).await.attributes("script", "src");
        assert_eq!(found.len(), scripts, "{page}");
        let mut size = 0;
        for script in found {
            size += visitor.get(&script).await.expect(200).body.len();
        }
        assert!(size < 5 * 1024, "scripts of at most 5 KB: {size} at {page}");
    }
}

async fn a_file_that_did_not_change_is_not_sent_again(app: &TestApp) {
    let visitor = Visitor::new(app);
    let sheet = sheet(&visitor).await;
    let first = visitor.get(&sheet).await.expect(200);
    let again = ask(&visitor, Method::GET, &sheet, ("if-none-match", first.header("etag"))).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
}

async fn head_answers_like_get_without_the_body(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let visitor = Visitor::new(app);
    for path in ["/", "/products", &format!("/products/{}", bowl.slug), "/login", "/api/products", "/healthz"] {
        let (get, head) = (visitor.get(path).await, ask(&visitor, Method::HEAD, path, ("accept", "*/*")).await);
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

async fn small_addresses_answer(app: &TestApp) {
    let visitor = Visitor::new(app);
    assert!(visitor.get("/robots.txt").await.expect(200).body.contains("Disallow: /account"));
    visitor.get("/favicon.ico").await.expect(303);
    visitor.get("/.well-known/change-password").await.expect_to("/account/password");
    let security = visitor.get("/.well-known/security.txt").await.expect(200);
    assert!(security.body.contains("Contact:") && security.body.contains("Expires:"), "{}", security.body);
    visitor.get("/pictures/AAAAAAAAAAAAAAAAAAAAAA").await.expect(404);
    visitor.get("/pictures/..%2f..%2fetc%2fpasswd").await.expect(404);
    visitor.get("/healthz").await.expect(200);
    visitor.get("/readyz").await.expect(200);
}
