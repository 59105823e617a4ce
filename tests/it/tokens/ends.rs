//! How tokens end.
//!
//! Invariant: an end works at the next request on every node; an unknown token and an ended one are answered alike.

use super::{PAGE, events, makes, program, refused};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{Admin, PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::api_tokens;
use reqwest::Method;
use std::time::Duration;

on_both! {
    a_revoked_token_opens_nothing_on_any_node,
    it_expires_on_its_day,
    what_was_never_ours_is_answered_like_what_ended,
    nobody_revokes_anothers,
    a_lock_ends_them_for_good_and_a_new_password_does_not,
}

async fn a_revoked_token_opens_nothing_on_any_node(app: &TestApp) {
    let (second, far) = (app.second_node().await, Visitor::new(app));
    far.is_sent_to(second.address);
    let ada = Shopper::registered(app).await;
    let token = makes(&ada, "read", "7").await;
    let near = program(app, &token);
    let elsewhere = async || far.send("/api/profile", far.request(Method::GET, "/api/profile").bearer_auth(&token)).await;
    near.get("/api/profile").await.expect(200);
    elsewhere().await.expect(200);
    let page = ada.get(PAGE).await.expect(200);
    let action = page.actions().into_iter().find(|action| action.ends_with("/revoke")).expect("a button");
    ada.press(&page, &action, &[]).await.expect_to(PAGE);
    refused(elsewhere().await, 401, "invalid_token");
    let told = refused(near.get("/api/profile").await, 401, "invalid_token");
    assert!(told.body.contains("/account/tokens"), "{}", told.body);
    near.get("/api/products").await.expect(200);
    ada.press(&page, &action, &[]).await.expect(404);
    assert_eq!(events(app, "api_token_revoked").len(), 1);
    assert!(ada.get("/account/activity").await.expect(200).words().contains("An API token was revoked"));
}

async fn it_expires_on_its_day(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let sheet = program(app, &makes(&ada, "read", "2").await);
    app.pass(Duration::from_hours(48) - Duration::from_secs(1));
    sheet.get("/api/profile").await.expect(200);
    app.pass(Duration::from_secs(1));
    refused(sheet.get("/api/profile").await, 401, "invalid_token");
    let back = ada.elsewhere(app).await;
    assert!(back.get(PAGE).await.expect(200).text(".device").contains("Expired"));
}

async fn what_was_never_ours_is_answered_like_what_ended(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let token = makes(&ada, "read", "7").await;
    let typo = format!("{}x", &token[..51]);
    for wrong in
        ["lk_", "lk_x", &token[..51], &format!("{token}x"), &typo, "lk_0000000000000000000000000000000000000000000000000"]
    {
        if wrong != token {
            refused(program(app, wrong).get("/api/profile").await, 401, "invalid_token");
        }
    }
    let forged = program(app, &token.to_uppercase()).get("/api/profile").await;
    forged.expect(403);
}

async fn nobody_revokes_anothers(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let token = makes(&ada, "read", "7").await;
    let page = ada.get(PAGE).await.expect(200);
    let action = page.actions().into_iter().find(|action| action.ends_with("/revoke")).expect("a button");
    let csrf = eve.get(PAGE).await.expect(200).value("csrf");
    eve.post(&action, &[("csrf", &csrf)]).await.expect(404);
    eve.post("/account/tokens/x/revoke", &[("csrf", &csrf)]).await.expect(404);
    program(app, &token).get("/api/profile").await.expect(200);
}

async fn a_lock_ends_them_for_good_and_a_new_password_does_not(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let sheet = program(app, &makes(&ada, "read", "7").await);
    let form = ada.get("/account/password").await.expect(200);
    let fields = [("current_password", PASSWORD), ("new_password", "wagon-lantern-orchid-77")];
    ada.press(&form, "/account/password", &fields).await.expect(303);
    sheet.get("/api/profile").await.expect(200);
    let found = grace.get(&format!("/admin/people?email={}", ada.email)).await.expect(303);
    for act in ["lock", "unlock"] {
        let person = grace.get(found.location()).await.expect(200);
        grace.press(&person, &person.path, &[("act", act)]).await.expect(303);
        refused(sheet.get("/api/profile").await, 401, "invalid_token");
    }
    assert_eq!(api_tokens::table.count().get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
}
