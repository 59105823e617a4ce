//! Second factors and the master secret they are sealed with.
//!
//! Invariant: a secret that still seals one is not given up by mistake, and is not needed once all are sealed anew.

use super::{enters, half_in, turned_on};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::people::Shopper;

const OLD: &str = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU";
const NEW: &str = "Zr4Yb8Qm1Wc6Xn3Kt9Vs5Ld0Pf7Hg2Ja";

on_both! {
    second_factors_are_counted_and_sealed_anew with { "LATCHKEY_SECRET" = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU" },
}

async fn second_factors_are_counted_and_sealed_anew(app: &TestApp) {
    let operator = |secret: &str, others: &str| {
        Place::new(&[
            ("DATABASE_URL", &app.storage.text()),
            ("LATCHKEY_SECRET", secret),
            ("LATCHKEY_SECRET_PREVIOUS", others),
            ("LATCHKEY_VAR", &app.storage.folder.path().join("var").display().to_string()),
        ])
    };
    let ada = Shopper::registered(app).await;
    let (phone, _) = turned_on(app, &ada).await;
    let told = operator(NEW, "").run(&["serve"], "");
    assert!(
        told.code == Some(2) && told.errors.contains("second factors sealed with a secret that is not given: 1 with "),
        "{told:?}"
    );
    let told = operator(NEW, "").run(&["doctor"], "");
    assert!(told.code == Some(1) && told.output.contains("1 second factors are sealed with"), "{told:?}");
    let told = operator(NEW, OLD).run(&["doctor"], "");
    assert!(told.output.contains("1 second factors, 1 signing keys need it; run `latchkey keys reencrypt`"), "{}", told.output);
    let told = operator(NEW, OLD).run(&["keys", "reencrypt"], "");
    assert!(told.code == Some(0) && told.output.contains("1 second factors are sealed anew"), "{told:?}");
    let told = operator(NEW, OLD).run(&["doctor"], "");
    assert!(told.output.contains("0 second factors, 0 signing keys"), "{}", told.output);
    let node = app.node_with(&[("LATCHKEY_SECRET", NEW), ("LATCHKEY_SECRET_PREVIOUS", OLD)]).await;
    let browser = half_in(app, &ada).await;
    let told = enters(&browser, &phone.code()).await;
    assert_eq!(told.status, 503, "a node without the secret cannot tell, and says no wrong code: {}", told.words());
    browser.is_sent_to(node.address);
    enters(&browser, &phone.code()).await.expect_to("/dashboard");
    node.stop().await.expect("it closes");
}
