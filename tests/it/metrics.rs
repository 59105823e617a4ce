//! What those who watch over the shop can read, and who cannot.
//!
//! Invariant: it is on a listener of its own, names nobody, and a shop without it sells all the same.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::soon;
use crate::support::visitor::Visitor;
use latchkey::web::app::App;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

on_both! {
    what_happens_is_counted with { "LATCHKEY_METRICS_LISTEN" = "127.0.0.1:0", "LATCHKEY_LIMIT_CHECKOUT" = "1/1h" },
    the_way_of_a_revocation_is_measured_at_the_other_node,
}

/// The value of a series; 0 when it is not there.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

fn text(app: &App) -> String {
    app.metrics.text(app).expect("a text")
}

/// Counts are whole numbers.
#[track_caller]
fn is(text: &str, series: &str, count: f64) {
    assert!((value(text, series) - count).abs() < 0.5, "{series} is not {count}: {text}");
}

async fn what_happens_is_counted(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let visitor = Visitor::new(app);
    // A browser that is known: from elsewhere there would be a letter to count.
    visitor.jar.borrow_mut().put("__Host-dev", &ada.jar.borrow().value("__Host-dev"));
    sign_in(&visitor, &ada.email, "a wrong password").await.expect(401);
    sign_in(&visitor, &ada.email, PASSWORD).await.expect_to("/dashboard");
    app.pass(Duration::from_secs(601));
    ada.get("/products/no-such-thing?secret=canary").await.expect(404);
    for _ in 0..2 {
        let form = [("csrf", "stale")];
        ada.post("/checkout", &form).await;
    }
    soon("the letter to a new account", async || value(&text(app.server()), "mails_sent_total") > 0.5).await;
    let address = app.metrics().expect("it listens");
    let get = async |path: &str| app.http.get(format!("http://{address}{path}")).send().await.expect("an answer");
    let answer = get("/metrics").await;
    assert_eq!(answer.status().as_u16(), 200);
    assert!(answer.headers().get("set-cookie").is_none());
    let type_of = answer.headers()["content-type"].to_str().expect("text").to_owned();
    assert!(type_of.starts_with("application/openmetrics-text"), "{type_of}");
    let told = answer.text().await.expect("text");
    is(&told, "sign_ins_total{outcome=\"success\"}", 1.0);
    is(&told, "sign_ins_total{outcome=\"failure\"}", 1.0);
    is(&told, "refresh_exchanges_total{outcome=\"renewed\"}", 1.0);
    is(&told, "refresh_exchanges_total{outcome=\"reuse\"}", 0.0);
    is(&told, "http_requests_total{route=\"/products/{slug}\",method=\"GET\",status=\"4xx\"}", 1.0);
    is(&told, "http_request_duration_seconds_count{route=\"/products/{slug}\"}", 1.0);
    is(&told, "limits_hit_total{route=\"/checkout\"}", 1.0);
    is(&told, "password_hashes_waiting", 0.0);
    is(&told, "mails_sent_total", 1.0);
    is(&told, "mails_waiting", 0.0);
    assert!(told.contains("mails_sent_total ") && told.contains("mails_waiting "), "{told}");
    assert!(value(&told, "database_connections_max") >= 1.0, "{told}");
    assert!(value(&told, "revocation_feed_age_seconds") < 60.0 && told.contains("revocation_feed_age_seconds "), "{told}");
    assert!(value(&told, "database_clock_offset_seconds").abs() < 2.0, "{told}");
    for secret in ["canary", "no-such-thing", ada.email.as_str(), "127.0.0.1"] {
        assert!(!told.contains(secret), "{secret} is in {told}");
    }
    let types: Vec<&str> = told.lines().filter(|line| line.starts_with("# TYPE")).collect();
    let mut once = types.clone();
    once.dedup();
    assert_eq!(types, once, "each is told of once");
    for path in ["/", "/login", "/healthz", "/metrics/x"] {
        assert_eq!(get(path).await.status().as_u16(), 404, "{path}");
    }
    visitor.get("/metrics").await.expect(404);
}

async fn the_way_of_a_revocation_is_measured_at_the_other_node(app: &TestApp) {
    let second = app.second_node().await;
    let here = || value(&text(app.server()), "revocation_lag_seconds_count");
    // On a busy machine the node's own feed may be faster than the thread that wrote: then it is news there too, and no proof.
    let mut written = 0.0;
    loop {
        let ada = Shopper::registered(app).await;
        let before = here();
        ada.signs_out().await;
        written += 1.0;
        soon("the news", async || value(&text(&second.app), "revocation_lag_seconds_count") > written - 0.5).await;
        if here() - before < 0.5 {
            break;
        }
        assert!(written < 10.0, "what a node wrote itself is news to it each time");
    }
    let there = text(&second.app);
    is(&there, "revocation_entries", written);
    assert!(value(&there, "revocation_entry_bytes") > 0.0);
    assert!((0.0..20.0 * written).contains(&value(&there, "revocation_lag_seconds_sum")), "{there}");
    second.stop().await.expect("it closes");
}

/// The default port is only a wish; a port that somebody chose is not.
#[test]
fn a_port_that_is_taken_costs_the_metrics_only_where_nobody_chose_it() {
    let taken = TcpListener::bind("127.0.0.1:9090");
    assert!(taken.as_ref().err().is_none_or(|cause| cause.kind() == ErrorKind::AddrInUse), "taken, by us or by another");
    let place = Place::new(&[]).without("LATCHKEY_METRICS_LISTEN");
    let serving = place.serve();
    assert!(serving.log().contains("LATCHKEY_METRICS_LISTEN"), "{}", serving.log());
    assert_eq!(serving.stop(), Some(0));

    let told = Place::new(&[("LATCHKEY_METRICS_LISTEN", "127.0.0.1:9090")]).run(&["serve"], "");
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.errors.contains("LATCHKEY_METRICS_LISTEN") && told.errors.contains("fix"), "{told:?}");
    let told = Place::new(&[("LATCHKEY_METRICS_LISTEN", "everywhere")]).run(&["serve"], "");
    assert_eq!(told.code, Some(2), "{told:?}");
}
