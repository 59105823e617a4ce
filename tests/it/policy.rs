//! The Content-Security-Policy in a real browser: nothing of ours breaks it, and what breaks it is reported.
//!
//! Invariant: the browser is the judge; it reports to /csp-report, and the server's log says so.

use crate::support::binary::Place;
use crate::support::browser::{Browser, Scripts};
use std::time::Duration;

const BREACH: &str = "breach of the Content-Security-Policy";

#[test]
fn no_page_of_ours_breaks_the_policy_and_an_intruder_does() {
    let place = Place::new(&[("LATCHKEY_DEMO", "on")]);
    let serving = place.serve();
    let account = serving.before.iter().find(|line| line.starts_with("demo shopper: ")).expect("a demo account");
    let (_, rest) = account.split_once(": ").expect("an account");
    let (email, password) = rest.split_once(' ').expect("an address and a password");
    actix_web::rt::System::new().block_on(async {
        let browser = Browser::open(&serving.origin, Scripts::On).await;
        browser.goto("/login").await;
        browser.fill("email", email).await;
        browser.fill("password", password).await;
        browser.press("/login").await;
        browser.arrives_at("/dashboard").await;
        browser.photograph("demo-dashboard").await;
        for (number, path) in ["/", "/products", "/products?q=nothing+like+it", "/cart", "/orders", "/account", "/account/devices", "/account/password", "/no/such/page"].into_iter().enumerate() {
            browser.goto(path).await;
            browser.photograph(&format!("demo-{number}")).await;
        }
        browser.goto("/products?in_stock=1").await;
        browser.click(".card-name a").await;
        browser.press("/cart/items").await;
        browser.arrives_at("/cart").await;
        browser.goto("/checkout").await;
        browser.press("/checkout").await;
        browser.text(".timeline").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!serving.log().contains(BREACH), "{}", serving.log());

        for intruder in [
            "const script = document.createElement('img'); script.src = 'https://evil.example/x.png'; document.body.append(script);",
            "const style = document.createElement('p'); style.setAttribute('style', 'color: red'); document.body.append(style);",
        ] {
            browser.runs(intruder).await;
        }
        for _ in 0..40 {
            if serving.log().contains(BREACH) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(serving.log().contains(BREACH), "a breach would have been seen: {}", serving.log());
        browser.close().await;
    });
    assert_eq!(serving.stop(), Some(0));
}
