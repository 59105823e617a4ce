//! What those who run the shop do to people.
//!
//! Invariant: nobody does it to themselves, of two operators one does it, and each act is in the audit. (How they prove who they are:
//! `step_up.rs`.)

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, users};

on_both! {
    who_is_locked_out_is_out_at_once_until_they_are_let_in,
    a_role_holds_from_the_next_request_on,
    what_is_no_act_does_nothing,
    nobody_does_it_to_themselves,
    of_operators_who_lock_at_once_one_does_it,
    who_lost_the_shop_meanwhile_does_nothing,
    everybody_is_listed_once,
}

/// The page of a person, found by their address.
async fn find(grace: &Shopper, email: &str) -> Page {
    let found = grace.get(&format!("/admin/people?email={}", email.to_uppercase())).await.expect(303);
    assert!(found.location().starts_with("/admin/people/"), "{}", found.location());
    grace.get(found.location()).await.expect(200)
}

async fn does(grace: &Visitor, page: &Page, act: &str) -> Page {
    grace.press(page, &page.path, &[("act", act)]).await
}

fn audit(app: &TestApp, kind: &str) -> Vec<String> {
    let of_kind = audit_events::table.filter(audit_events::kind.eq(kind)).order(audit_events::id);
    of_kind.select(audit_events::detail).load(&mut app.storage.second_connection()).expect("an audit")
}

async fn who_is_locked_out_is_out_at_once_until_they_are_let_in(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let page = find(&grace, &ada.email).await;
    assert_eq!(page.texts("#act option").len(), 1 + 3, "{}", page.words());
    let id = page.path.trim_start_matches("/admin/people/").to_owned();
    does(&grace, &page, "lock").await.expect_to(&page.path);
    assert!(!ada.is_signed_in().await);
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(401);
    let page = grace.get(&page.path).await.expect(200);
    assert!(page.words().contains("Locked out"), "{}", page.words());
    does(&grace, &page, "unlock").await.expect_to(&page.path);
    let back = ada.elsewhere(app).await;
    let page = grace.get(&page.path).await.expect(200);
    does(&grace, &page, "sign_out").await.expect_to(&page.path);
    assert!(!back.is_signed_in().await);
    sign_in(&back, &ada.email, PASSWORD).await.expect_to("/dashboard");
    assert_eq!(audit(app, "person_changed"), ["lock", "unlock", "sign_out"].map(|act| format!("{act} {id}")));
    let happened = audit(app, "lock_changed");
    assert!(happened.len() == 2 && happened[0].starts_with("locked, by ") && !happened[0].contains(&id), "{happened:?}");
    // Whoever reads it later is told by name who did it, and to whom.
    for (event, words) in [("lock_changed", "locked, by Grace Hopper"), ("person_changed", &*format!("lock {}", ada.name))] {
        let page = grace.get(&format!("/admin/audit?event={event}")).await.expect(200);
        assert!(page.texts("tbody td").contains(&words.to_owned()), "{}", page.words());
    }
}

async fn a_role_holds_from_the_next_request_on(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let page = find(&grace, &ada.email).await;
    ada.get("/admin").await.expect(404);
    does(&grace, &page, "make_admin").await.expect_to(&page.path);
    assert!(ada.get("/dashboard").await.expect(200).attributes(".room a", "href").contains(&"/admin".to_owned()));
    ada.get("/admin").await.expect(200);
    let page = grace.get(&page.path).await.expect(200);
    does(&grace, &page, "make_shopper").await.expect_to(&page.path);
    ada.get("/admin").await.expect(404);
    assert!(ada.is_signed_in().await, "they stay signed in, as a shopper");
}

async fn what_is_no_act_does_nothing(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let page = find(&grace, &ada.email).await;
    for fields in [vec![("act", "")], vec![("act", "praise")], vec![("act", "lock"), ("current_password", PASSWORD)]] {
        grace.press(&page, &page.path, &fields).await.expect(422);
    }
    grace.press(&page, &page.path, &[("act", "drop_second_factor")]).await.expect(409);
    assert!(ada.is_signed_in().await && audit(app, "person_changed").is_empty());
}

async fn nobody_does_it_to_themselves(app: &TestApp) {
    let grace = Admin::registered(app).await;
    let page = find(&grace, &grace.email).await;
    assert!(!page.has("#act"), "{}", page.words());
    let csrf = page.attributes("input[name='csrf']", "value").remove(0);
    let fields = [("act", "make_shopper"), ("csrf", &*csrf)];
    grace.post(&page.path, &fields).await.expect(422);
    grace.get("/admin").await.expect(200);
}

async fn of_operators_who_lock_at_once_one_does_it(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let page = find(&grace, &ada.email).await;
    let tabs: Vec<Visitor> = (0..8).map(|_| grace.copy()).collect();
    let done = join_all(tabs.iter().map(|tab| does(tab, &page, "lock"))).await;
    let mut statuses: Vec<u16> = done.iter().map(|page| page.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!((audit(app, "lock_changed").len(), audit(app, "person_changed").len()), (1, 1));
}

async fn who_lost_the_shop_meanwhile_does_nothing(app: &TestApp) {
    let (ada, grace, mary) = (Shopper::registered(app).await, Admin::registered(app).await, Admin::registered(app).await);
    let page = find(&mary, &ada.email).await;
    let theirs = find(&grace, &mary.email).await;
    does(&grace, &theirs, "make_shopper").await.expect_to(&theirs.path);
    does(&mary, &page, "lock").await.expect(404);
    assert!(ada.is_signed_in().await);
}

async fn everybody_is_listed_once(app: &TestApp) {
    let grace = Admin::registered(app).await;
    for nth in 0..30 {
        Shopper::named(app, &format!("Ada {nth}")).await;
    }
    let (mut path, mut seen) = ("/admin/people".to_owned(), Vec::new());
    loop {
        let page = grace.get(&path).await.expect(200);
        seen.extend(page.texts(".device-name a"));
        match page.attributes("a[rel='next']", "href").first() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    let names: Vec<String> =
        users::table.order(users::id.desc()).select(users::name).load(&mut app.storage.second_connection()).expect("people");
    assert_eq!(seen, names);
    for wrong in ["nobody@example.com", "nonsense"] {
        assert!(grace.get(&format!("/admin/people?email={wrong}")).await.expect(200).text(".empty").contains("Nobody has"));
    }
    for wrong in ["/admin/people/AAAAAAAAAAAAAAAAAAAAAA", "/admin/people/1", "/admin/people?after=AAAAAAAAAAAAAAAAAAAAAA"] {
        grace.get(wrong).await.expect(404);
    }
}
