//! Acknowledged rotation, below HTTP: the four rules, races, limits, and what is left in the database.
//!
//! Invariant: what a rule refuses is looked at from a second connection, so that a refusal that must be remembered is.

use crate::on_both;
use crate::support::ada::{PASSWORD, access, ended_because, latch_of, register, renewed, show, sign_in, wish};
use crate::support::storage::TestDb;
use diesel::prelude::*;
use latchkey::auth::latch::Access;
use latchkey::auth::password::Password;
use latchkey::auth::refresh_token::RefreshToken;
use latchkey::auth::rotation::{Exchange, Refusal};
use latchkey::auth::session::{Because, Door};
use latchkey::auth::{password_change, upkeep};
use latchkey::clock::Clock;
use latchkey::db::schema::{audit_events, refresh_tokens};
use std::time::Duration;

on_both! {
    racers_who_show_one_token_get_one_successor,
    a_lost_answer_is_given_again_however_late,
    a_straggler_goes_on_without_a_token_and_only_for_a_moment,
    a_token_shown_again_later_ends_its_session_and_no_other,
    a_prefetch_renews_nothing_and_is_judged_like_any_other,
    a_token_at_the_wrong_door_is_neither_seen_nor_exchanged,
    a_session_ends_by_idleness_and_by_age,
    a_replaced_session_ends_when_the_new_one_is_seen,
    a_replaced_session_ends_after_a_minute_by_itself,
    the_twenty_first_session_ends_the_one_longest_unseen,
    a_password_change_ends_every_other_session_and_makes_old_access_tokens_stale,
    a_sign_in_that_a_lock_overtook_opens_nothing,
    an_ended_session_is_swept_after_a_day,
    a_node_that_starts_again_still_knows_who_signed_out,
}

async fn racers_who_show_one_token_get_one_successor(test: &TestDb) {
    let latch = latch_of(test, &Clock::default());
    let first = register(&latch, Door::Web).await;
    let racers: Vec<_> = (0..50)
        .map(|_| {
            let (latch, token) = (latch.clone(), first.refresh.clone());
            actix_web::rt::spawn(async move { renewed(&latch, &token).await })
        })
        .collect();
    let mut successors = Vec::new();
    for racer in racers {
        let tokens = racer.await.expect("no racer panics");
        assert_eq!(tokens.generation, 2);
        successors.push(tokens.refresh.expose());
    }
    successors.dedup();
    assert_eq!(successors.len(), 1);
    let mut conn = test.storage.second_connection();
    let rows: i64 = refresh_tokens::table.count().get_result(&mut conn).expect("a count");
    assert_eq!(rows, 2);
}

async fn a_lost_answer_is_given_again_however_late(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let first = register(&latch, Door::Web).await;
    let lost = renewed(&latch, &first.refresh).await;
    clock.advance(Duration::from_hours(1));
    let again = renewed(&latch, &first.refresh).await;
    assert_eq!(again.refresh.expose(), lost.refresh.expose());
    // Two tabs wake together, and both go on from there.
    assert!(matches!(access(&latch, &again).await, Access::Granted(_)));
    assert_eq!(renewed(&latch, &again.refresh).await.generation, 3);
}

async fn a_straggler_goes_on_without_a_token_and_only_for_a_moment(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let first = register(&latch, Door::Web).await;
    let second = renewed(&latch, &first.refresh).await;
    assert!(matches!(access(&latch, &second).await, Access::Granted(_)));
    clock.advance(Duration::from_secs(29));
    assert!(matches!(show(&latch, Door::Web, &first.refresh).await, Exchange::Straggler { .. }));
    assert_eq!(ended_because(test, first.session), None);
    clock.advance(Duration::from_secs(2));
    assert!(matches!(show(&latch, Door::Web, &first.refresh).await, Exchange::Reuse));
}

async fn a_token_shown_again_later_ends_its_session_and_no_other(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let first = register(&latch, Door::Web).await;
    let elsewhere = sign_in(&latch, None).await.expect("a second browser");
    let second = renewed(&latch, &first.refresh).await;
    let third = renewed(&latch, &second.refresh).await;
    // Two generations back is reuse at once: nobody races with that.
    assert!(matches!(show(&latch, Door::Web, &first.refresh).await, Exchange::Reuse));
    assert_eq!(ended_because(test, first.session).as_deref(), Some("reuse"));
    assert_eq!(ended_because(test, elsewhere.session), None);
    let mut conn = test.storage.second_connection();
    let told: i64 =
        audit_events::table.filter(audit_events::kind.eq("token_reuse")).count().get_result(&mut conn).expect("a count");
    assert_eq!(told, 1);
    assert!(matches!(show(&latch, Door::Web, &third.refresh).await, Exchange::Refused(Refusal::Reused)));
    assert_eq!(access(&latch, &third).await, Access::Stale, "its access tokens are worth nothing at once");
    assert!(matches!(access(&latch, &elsewhere).await, Access::Granted(_)));
}

async fn a_prefetch_renews_nothing_and_is_judged_like_any_other(test: &TestDb) {
    let latch = latch_of(test, &Clock::default());
    let first = register(&latch, Door::Web).await;
    let glance = |token: &RefreshToken| {
        let (latch, token) = (latch.clone(), token.clone());
        async move { latch.refresh(Door::Web, token, String::new(), false, None).await.expect("the database is there") }
    };
    assert!(matches!(glance(&first.refresh).await, Exchange::Kept));
    let second = renewed(&latch, &first.refresh).await;
    assert_eq!(second.generation, 2, "the glance took nothing");
    assert!(matches!(glance(&second.refresh).await, Exchange::Kept), "and this one was seen");
    let third = renewed(&latch, &second.refresh).await;
    assert_eq!(third.generation, 3);
    assert!(matches!(glance(&first.refresh).await, Exchange::Reuse), "no header switches reuse off");
    assert_eq!(ended_because(test, first.session).as_deref(), Some("reuse"));
}

async fn a_token_at_the_wrong_door_is_neither_seen_nor_exchanged(test: &TestDb) {
    let latch = latch_of(test, &Clock::default());
    let first = register(&latch, Door::Web).await;
    assert!(matches!(show(&latch, Door::Api, &first.refresh).await, Exchange::Refused(Refusal::Unknown)));
    let grant = latch.grant(&first).expect("a grant");
    assert!(matches!(latch.access(Door::Api, &grant.token).await, Ok(Access::Forged("aud"))));
    let mut conn = test.storage.second_connection();
    let seen: i64 =
        refresh_tokens::table.filter(refresh_tokens::seen_at.is_not_null()).count().get_result(&mut conn).expect("a count");
    assert_eq!(seen, 0);
    assert_eq!(renewed(&latch, &first.refresh).await.generation, 2);
}

async fn a_session_ends_by_idleness_and_by_age(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let idle = register(&latch, Door::Web).await;
    let used = sign_in(&latch, None).await.expect("a second browser");
    let mut token = used.refresh.clone();
    for _ in 0..23 {
        clock.advance(Duration::from_hours(1));
        token = renewed(&latch, &token).await.refresh;
    }
    assert!(matches!(show(&latch, Door::Web, &idle.refresh).await, Exchange::Refused(Refusal::Ended)));
    clock.advance(Duration::from_hours(1));
    assert!(matches!(show(&latch, Door::Web, &token).await, Exchange::Refused(Refusal::Ended)), "24 hours are the most");
    assert_eq!(ended_because(test, idle.session), None, "nothing is written about it");
}

async fn a_replaced_session_ends_when_the_new_one_is_seen(test: &TestDb) {
    let latch = latch_of(test, &Clock::default());
    let old = register(&latch, Door::Web).await;
    let new = sign_in(&latch, Some(old.session)).await.expect("signed in again");
    assert!(matches!(access(&latch, &old).await, Access::Granted(_)), "the answer may have been lost");
    assert_eq!(ended_because(test, old.session), None);
    assert!(matches!(access(&latch, &new).await, Access::Granted(_)));
    assert_eq!(ended_because(test, old.session).as_deref(), Some("replaced"));
    assert_eq!(access(&latch, &old).await, Access::Stale);
}

async fn a_replaced_session_ends_after_a_minute_by_itself(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let old = register(&latch, Door::Web).await;
    sign_in(&latch, Some(old.session)).await.expect("signed in again");
    clock.advance(Duration::from_secs(61));
    assert!(matches!(show(&latch, Door::Web, &old.refresh).await, Exchange::Refused(Refusal::Ended)));
}

async fn the_twenty_first_session_ends_the_one_longest_unseen(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let first = register(&latch, Door::Web).await;
    let second = sign_in(&latch, None).await.expect("signed in");
    clock.advance(Duration::from_mins(2));
    assert!(matches!(access(&latch, &first).await, Access::Granted(_)), "the first was seen after the second");
    for _ in 0..19 {
        sign_in(&latch, None).await.expect("signed in");
    }
    assert_eq!(ended_because(test, second.session).as_deref(), Some("limit"));
    assert_eq!(ended_because(test, first.session), None);
}

async fn a_password_change_ends_every_other_session_and_makes_old_access_tokens_stale(test: &TestDb) {
    let latch = latch_of(test, &Clock::default());
    let own = register(&latch, Door::Web).await;
    let other = sign_in(&latch, None).await.expect("a second browser");
    let Access::Granted(person) = access(&latch, &own).await else { panic!("signed in") };
    let (current, new) = (Password::typed(PASSWORD), Password::typed("nine loud lamps went dark"));
    let changed = password_change::change(&latch, person, current, new, wish(Door::Web, Some(own.session))).await;
    let Ok(password_change::Outcome::Changed(fresh)) = changed else { panic!("changed") };
    assert_eq!(ended_because(test, other.session).as_deref(), Some("password"));
    assert_eq!(access(&latch, &own).await, Access::Stale, "its access token follows the epoch");
    let late = show(&latch, Door::Web, &own.refresh).await;
    assert!(
        matches!(late, Exchange::Straggler { .. }),
        "another tab goes on, and its answer cannot wipe out the new cookies: {late:?}"
    );
    assert!(matches!(access(&latch, &fresh).await, Access::Granted(_)));
    assert_eq!(ended_because(test, own.session).as_deref(), Some("replaced"));
    assert!(sign_in(&latch, None).await.is_none(), "the old password opens nothing");
    let ended = audit_events::table.filter(audit_events::kind.eq("session_ended")).order(audit_events::id);
    let why: Vec<String> = ended.select(audit_events::detail).load(&mut test.storage.second_connection()).expect("the audit");
    assert_eq!(why, ["password", "replaced"], "each end is written down with its reason");
}

async fn a_sign_in_that_a_lock_overtook_opens_nothing(test: &TestDb) {
    let latch = latch_of(test, &Clock::default());
    register(&latch, Door::Web).await;
    let email = "ada@example.com".parse().expect("an address");
    let now = latch.clock.now();
    let hash = {
        let email: latchkey::auth::email::Email = email;
        let (before, _) = latch.db.read_here(|conn| latchkey::auth::user::by_email(conn, &email)).expect("there").expect("Ada");
        latch.db.write_here(|conn| latchkey::auth::user::set_locked(conn, &email, Some(now))).expect("locked");
        latch.db.write_here(|conn| latchkey::auth::user::admit(conn, before.key, before.epoch, now)).expect("there")
    };
    assert!(!hash, "the epoch that was read before the hash no longer stands");
    assert!(sign_in(&latch, None).await.is_none());
}

async fn an_ended_session_is_swept_after_a_day(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let tokens = register(&latch, Door::Web).await;
    let live = sign_in(&latch, None).await.expect("signed in");
    latch.end(tokens.session, Because::SignOut, |_| Ok(())).await.expect("ended");
    assert_eq!(upkeep::sweep(&latch.db, clock.now()).expect("swept").sessions, 0);
    clock.advance(Duration::from_hours(25));
    assert_eq!(upkeep::sweep(&latch.db, clock.now()).expect("swept").sessions, 1);
    assert!(matches!(show(&latch, Door::Web, &tokens.refresh).await, Exchange::Refused(Refusal::Unknown)));
    assert_eq!(ended_because(test, live.session), None);
    clock.advance(Duration::from_hours(24));
    assert_eq!(
        upkeep::sweep(&latch.db, clock.now()).expect("swept").sessions,
        1,
        "one that nobody ended goes a day after its time"
    );
}

async fn a_node_that_starts_again_still_knows_who_signed_out(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let tokens = register(&latch, Door::Web).await;
    assert!(matches!(access(&latch, &tokens).await, Access::Granted(_)));
    latch.end(tokens.session, Because::SignOut, |_| Ok(())).await.expect("ended");
    assert_eq!(access(&latch, &tokens).await, Access::Stale);
    let restarted = latch_of(test, &clock);
    assert_eq!(access(&restarted, &tokens).await, Access::Stale);
}
