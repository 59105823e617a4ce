//! Many sessions end: in steps, once each, and nobody waits for it.
//!
//! Invariant: what has ended stays ended, wherever the walk was broken off. How the nodes hear of it: feed.rs.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::Shopper;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::auth::session::Because;
use latchkey::auth::sign_out;
use latchkey::db::schema::{audit_events, revocations, sessions};
use latchkey::ids::SessionKey;

on_both! {
    a_walk_ends_every_session_and_goes_on_where_it_was,
    everyone_is_signed_out_and_may_come_back,
    who_signs_in_meanwhile_is_not_held_up,
}

async fn people(app: &TestApp, many: usize) -> Vec<Shopper> {
    let mut people = Vec::new();
    for _ in 0..many {
        people.push(Shopper::registered(app).await);
    }
    people
}

async fn a_walk_ends_every_session_and_goes_on_where_it_was(app: &TestApp) {
    let people = people(app, 5).await;
    people[1].signs_out().await;
    let now = app.clock.now();
    let step = move |after| app.db().write(move |conn| sign_out::end_some(conn, now, after, 2, Because::Locked));
    let first = step(SessionKey(0)).await.expect("the first step");
    assert_eq!(first.revoked.len(), 1, "of two, one had ended already");
    let mut after = first.last.expect("there is more");
    let mut ended = first.revoked.len();
    assert_eq!(step(SessionKey(0)).await.expect("the same step again").revoked, [], "nothing ends twice");
    for _ in 0..2 {
        let walked = step(after).await.expect("a step");
        ended += walked.revoked.len();
        after = walked.last.expect("somebody was there");
    }
    assert_eq!((ended, step(after).await.expect("the end").last), (4, None));
    let conn = &mut app.storage.second_connection();
    let open = sessions::table.filter(sessions::ended_at.is_null()).count();
    let told = audit_events::table.filter(audit_events::kind.eq("session_ended")).count();
    assert_eq!(open.get_result::<i64>(conn), Ok(0));
    assert_eq!(told.get_result::<i64>(conn), Ok(4));
    assert_eq!(revocations::table.count().get_result::<i64>(conn), Ok(5), "one each");
}

async fn everyone_is_signed_out_and_may_come_back(app: &TestApp) {
    let people = people(app, 3).await;
    let (db, now) = (app.storage.doors(), app.clock.now());
    let mut told = Vec::new();
    let ended = sign_out::end_everyone(&db, now, Because::SignOut, &|_, _| Ok(()), &mut |so_far| told.push(so_far))
        .expect("it comes to its end");
    assert_eq!((ended, told.as_slice()), (3, [3].as_slice()));
    assert_eq!(sign_out::end_everyone(&db, now, Because::SignOut, &|_, _| Ok(()), &mut |_| {}).expect("again"), 0);
    let again = people[0].elsewhere(app).await;
    assert!(again.is_signed_in().await);
}

/// Each of them takes rows of sessions and writes revocations: one who waits in a circle would be told to come back.
async fn who_signs_in_meanwhile_is_not_held_up(app: &TestApp) {
    let people = people(app, 6).await;
    let (db, now) = (app.storage.doors(), app.clock.now());
    let walk = std::thread::spawn(move || {
        (0..20).try_for_each(|_| sign_out::end_everyone(&db, now, Because::Locked, &|_, _| Ok(()), &mut |_| {}).map(drop))
    });
    for _ in 0..4 {
        let signed_in = join_all(people.iter().map(|person| person.elsewhere(app))).await;
        let signs_out = async |person: &Shopper| {
            let page = person.get("/").await;
            if page.has("form[action='/logout']") { person.press(&page, "/logout", &[]).await.status } else { page.status }
        };
        let statuses = join_all(signed_in.iter().map(signs_out)).await;
        assert!(statuses.iter().all(|status| *status != 503), "{statuses:?}");
    }
    walk.join().expect("the walk does not panic").expect("and comes to its end");
}
