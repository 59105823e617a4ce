//! The rules as tables of headers.

use super::*;
use actix_web::test::TestRequest;
use url::Url;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn verdict(method: Method, path: &str, headers: &[(&str, &str)]) -> Verdict {
    let origin = Origin::new(&Url::parse("https://shop.example").expect("a URL"), 443).expect("an origin");
    let mut request = TestRequest::default().method(method).uri(path);
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    let request = request.to_srv_request();
    let friends: crate::config::Origins = "https://app.example".parse().expect("an origin");
    let guest = cors::listed(&friends, &origin, request.headers()).is_some() && one_site(request.headers());
    judge(&origin, guest, request.method(), request.match_info().as_str(), request.headers())
}

fn post(headers: &[(&str, &str)]) -> Verdict {
    verdict(Method::POST, "/cart/items", &[&[FORM], headers].concat())
}

#[test]
fn our_own_forms_pass() {
    let fine: [&[(&str, &str)]; 8] = [
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin"), ("origin", "https://elsewhere.example")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "none"), ("origin", "https://shop.example")],
        &[("origin", "https://shop.example")],
        &[("origin", "https://shop.example"), ("referer", "https://evil.example/")],
        &[("referer", "https://shop.example/cart?x")],
        &[("referer", "https://shop.example")],
    ];
    for headers in fine {
        assert_eq!(post(headers), Verdict::Fine, "{headers:?}");
    }
}

#[test]
fn foreign_forms_do_not() {
    let refused: [&[(&str, &str)]; 15] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "https://shop.example")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "SAME-ORIGIN")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none"), ("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "https://shop.example:8443")],
        &[("origin", "http://shop.example")],
        &[("origin", "https://shop.example.evil")],
        &[("origin", "https://shop.example"), ("origin", "https://shop.example")],
        &[("referer", "https://shop.example.evil/")],
        &[("origin", "null"), ("referer", "https://shop.example/")],
    ];
    for headers in refused {
        assert_eq!(post(headers), Verdict::CrossSite, "{headers:?}");
    }
    assert_eq!(verdict(Method::DELETE, "/cart", &[("sec-fetch-site", "cross-site")]), Verdict::CrossSite);
}

#[test]
fn a_page_takes_forms_and_nothing_else() {
    let ours = ("origin", "https://shop.example");
    for kind in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=latin1",
        "",
    ] {
        assert_eq!(verdict(Method::POST, "/cart/items", &[ours, ("content-type", kind)]), Verdict::NotAForm, "{kind}");
    }
    assert_eq!(verdict(Method::POST, "/cart/items", &[ours]), Verdict::NotAForm);
    let twice = [ours, FORM, ("content-type", "text/plain")];
    assert_eq!(verdict(Method::POST, "/cart/items", &twice), Verdict::NotAForm);
    let utf8 = ("content-type", "Application/X-WWW-Form-Urlencoded; charset=\"UTF-8\"");
    assert_eq!(verdict(Method::POST, "/cart/items", &[ours, utf8]), Verdict::Fine);
}

#[test]
fn the_api_is_open_to_programs_and_its_cookie_routes_closed_to_other_sites() {
    let evil = ("origin", "https://evil.example");
    assert_eq!(verdict(Method::POST, "/api/orders", &[evil]), Verdict::Fine, "only Authorization counts there");
    for path in COOKIE_ROUTES {
        assert_eq!(verdict(Method::POST, path, &[]), Verdict::Fine, "{path}: no browser");
        assert_eq!(verdict(Method::POST, path, &[evil]), Verdict::CrossSite, "{path}");
        assert_eq!(verdict(Method::POST, path, &[("sec-fetch-site", "same-site")]), Verdict::CrossSite, "{path}");
        assert_eq!(verdict(Method::POST, path, &[("sec-fetch-site", "same-origin")]), Verdict::Fine, "{path}");
    }
}

#[test]
fn another_site_sees_a_page_only_as_a_document_of_its_own() {
    let get = |headers: &[(&str, &str)]| verdict(Method::GET, "/cart", headers);
    let (navigate, document) = (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"));
    assert_eq!(get(&[]), Verdict::Fine);
    assert_eq!(get(&[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "image")]), Verdict::Fine);
    for site in ["cross-site", "same-site"] {
        let site = ("sec-fetch-site", site);
        assert_eq!(get(&[site, navigate, document]), Verdict::Fine);
        assert_eq!(get(&[site]), Verdict::Embedded);
        assert_eq!(get(&[site, navigate, ("sec-fetch-dest", "iframe")]), Verdict::Embedded);
        assert_eq!(get(&[site, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")]), Verdict::Embedded);
        assert_eq!(get(&[site, navigate, navigate, document]), Verdict::Embedded);
    }
}

#[test]
fn a_listed_origin_counts_as_ours_in_the_api_alone() {
    let app = ("origin", "https://app.example");
    let fine: [&[(&str, &str)]; 4] = [
        &[app],
        &[app, ("sec-fetch-site", "cross-site")],
        &[app, ("sec-fetch-site", "same-site")],
        &[app, ("sec-fetch-site", "none")],
    ];
    for headers in fine {
        for path in COOKIE_ROUTES {
            assert_eq!(verdict(Method::POST, path, headers), Verdict::Fine, "{path} {headers:?}");
        }
        assert_eq!(verdict(Method::GET, "/api/products", headers), Verdict::Fine, "{headers:?}");
        assert_eq!(verdict(Method::POST, "/cart/items", &[&[FORM], headers].concat()), Verdict::CrossSite, "{headers:?}");
    }
    let site = ("sec-fetch-site", "cross-site");
    let refused: [&[(&str, &str)]; 4] =
        [&[app, site, site], &[app, app], &[("origin", "https://app.example:8443"), site], &[("origin", "null"), site]];
    for headers in refused {
        assert_eq!(verdict(Method::POST, "/api/login", headers), Verdict::CrossSite, "{headers:?}");
    }
    assert_eq!(verdict(Method::GET, "/api/products", &[site]), Verdict::Embedded);
    assert_eq!(verdict(Method::GET, "/products", &[app, site]), Verdict::Embedded);
}
