//! Who runs the shop: the same door, a shorter stay, and every change of role at the next refresh.
//!
//! Invariant: a token says what its person may do; what they may do is read anew whenever a token is made.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::people::{Admin, PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::Conn;
use latchkey::db::schema::users;
use std::time::Duration;

on_both! {
    an_admin_is_signed_out_after_half_an_hour_unseen,
    an_admin_is_signed_out_after_twelve_hours_however_busy,
    a_new_role_is_in_the_next_token,
    admin_pages_are_not_there_for_others,
}

async fn an_admin_is_signed_out_after_half_an_hour_unseen(app: &TestApp) {
    let grace = Admin::registered(app).await;
    app.pass(Duration::from_mins(29));
    assert!(grace.is_signed_in().await);
    app.pass(Duration::from_mins(32));
    assert!(!grace.is_signed_in().await);
    let browser = Visitor::new(app);
    let fields = [("email", grace.email.as_str()), ("password", PASSWORD), ("remember", "1")];
    browser.submit("/login", &fields).await.expect_to("/dashboard");
    app.pass(Duration::from_mins(32));
    assert!(!browser.is_signed_in().await, "asking to be kept changes nothing for an admin");
}

async fn an_admin_is_signed_out_after_twelve_hours_however_busy(app: &TestApp) {
    let grace = Admin::registered(app).await;
    for _ in 0..28 {
        app.pass(Duration::from_mins(25));
        assert!(grace.is_signed_in().await);
    }
    app.pass(Duration::from_mins(25));
    assert!(!grace.is_signed_in().await);
}

async fn a_new_role_is_in_the_next_token(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let role = |client: ApiClient| async move { client.get("/api/profile").await.json()["user"]["role"].clone() };
    assert_eq!(role(client.clone()).await, "shopper");
    let email = ada.email.clone();
    let promote = move |conn: &mut Conn| {
        let row = users::table.filter(users::email.eq(email));
        Ok(diesel::update(row).set((users::role.eq("admin"), users::epoch.eq(users::epoch + 1))).execute(conn)?)
    };
    app.db().write(promote).await.expect("a role can be given");
    app.pass(Duration::from_secs(601));
    ada.get("/dashboard").await.expect(200);
    assert_eq!(role(ApiClient::signed_in(app, &ada.email, PASSWORD).await).await, "admin");
    app.pass(Duration::from_mins(32));
    assert!(!ada.is_signed_in().await, "the session lives by the new role's limits");
}

async fn admin_pages_are_not_there_for_others(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for path in ["/admin", "/admin/products", "/admin/people"] {
        ada.get(path).await.expect(404);
        Visitor::new(app).get(path).await.expect_to(&format!("/login?next={path}"));
    }
    assert!(!ada.get("/dashboard").await.expect(200).body.contains("/admin"), "nothing leads there");
}
