//! `latchkey session` and `latchkey user role`: what an operator sees of sign-ins, and ends.
//!
//! Invariant: it works while the shop runs, and what it ends is over in the database, which every refresh asks.

use crate::support::Backend;
use crate::support::binary::{Place, Serving};
use crate::support::storage::Storage;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, sessions};
use serde_json::{Value, json};

const PASSWORD: &str = "correct-wagon-lantern-42";
const EMAIL: &str = "ada@example.com";

/// Asks the API; status and body.
fn ask(serving: &Serving, path: &str, body: &Value) -> (u16, Value) {
    actix_web::rt::System::new().block_on(async {
        let address = serving.origin.join(path).expect("a path");
        let request = reqwest::Client::new().post(address).header("user-agent", "curl/8.14.1").json(body);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    })
}

/// Signs in as a program; its refresh token.
fn signs_in(serving: &Serving, email: &str) -> Value {
    let (status, body) = ask(serving, "/api/login", &json!({"email": email, "password": PASSWORD, "refresh_in": "body"}));
    assert_eq!(status, 200, "{body}");
    body["refresh_token"].clone()
}

fn refreshes(serving: &Serving, token: &Value) -> u16 {
    ask(serving, "/api/refresh", &json!({"refresh_token": token})).0
}

#[test]
fn an_operator_lists_and_ends_sessions_while_the_shop_runs() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let storage = Storage::empty(backend);
        let place = Place::new(&[("DATABASE_URL", &storage.text())]);
        let serving = place.serve();
        for email in [EMAIL, "eve@example.com"] {
            let add = ["user", "add", "--email", email, "--name", "Somebody", "--password-stdin"];
            assert_eq!(place.run(&add, PASSWORD).code, Some(0));
        }
        let tokens: Vec<Value> = (0..3).map(|_| signs_in(&serving, EMAIL)).collect();
        let of_eve = signs_in(&serving, "eve@example.com");
        let list = place.run(&["session", "list", EMAIL], "").output;
        let lines: Vec<&str> = list.lines().collect();
        assert_eq!(lines.len(), 3, "{list}");
        assert!(lines.iter().all(|line| line.contains("  api  ") && line.ends_with("127.0.0.1  curl")), "{list}");
        let id = &lines[0][..22];
        let told = place.run(&["session", "end", "--", id], "");
        assert_eq!(told.code, Some(0), "{told:?}");
        let alive = tokens.iter().filter(|token| refreshes(&serving, token) == 200).count();
        assert_eq!((alive, refreshes(&serving, &of_eve)), (2, 200));
        let again = place.run(&["session", "end", "--", id], "");
        assert!(again.code == Some(1) && again.errors.contains("has ended"), "{again:?}");
        let told = place.run(&["session", "end", "--user", EMAIL], "");
        assert!(told.code == Some(0) && told.output.contains("sessions ended: 2"), "{told:?}");
        assert_eq!(place.run(&["session", "list", EMAIL], "").output, "");
        signs_in(&serving, EMAIL);
        let told = place.run(&["session", "end", "--everyone"], "");
        assert!(told.code == Some(0) && told.output.contains("sessions ended: 2"), "{told:?}");
        assert_eq!(place.run(&["session", "list", "eve@example.com"], "").output, "");
        assert_eq!(serving.stop(), Some(0));

        let mut conn = storage.second_connection();
        let because = sessions::table.select(sessions::ended_because.assume_not_null()).distinct();
        assert_eq!(because.load::<String>(&mut conn).expect("sessions can be read"), ["sign_out"]);
        let events = audit_events::table.filter(audit_events::kind.eq("session_ended")).order(audit_events::id);
        let events: Vec<(bool, String)> = events
            .select((audit_events::user_id.is_not_null(), audit_events::detail))
            .load(&mut conn)
            .expect("the audit can be read");
        let own = (true, "sign_out, by an operator".to_owned());
        let everyone = (false, "sign_out of everyone, by an operator: 2 sessions".to_owned());
        assert_eq!(events, [own.clone(), own.clone(), own, everyone]);
    }
}

#[test]
fn what_makes_no_sense_ends_nothing() {
    let place = Place::new(&[]);
    assert_eq!(place.serve().stop(), Some(0));
    for arguments in
        [&["session", "end"][..], &["session", "end", "--everyone", "--user", EMAIL], &["user", "role", EMAIL, "king"]]
    {
        assert_eq!(place.run(arguments, "").code, Some(2), "{arguments:?}");
    }
    // An id is base64url, and may begin with a dash.
    for id in ["-AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA", "1", ""] {
        let told = place.run(&["session", "end", id], "");
        assert!(told.code == Some(1) && told.errors.contains("session"), "{id}: {told:?}");
    }
    for arguments in [&["session", "end", "--user", EMAIL][..], &["session", "list", EMAIL], &["user", "role", EMAIL, "admin"]] {
        let told = place.run(arguments, "");
        assert!(told.code == Some(1) && told.errors.contains("there is no such account"), "{arguments:?}: {told:?}");
    }
    let help = place.run(&["session", "end", "--help"], "").output;
    assert!(help.contains("--user") && help.contains("--everyone"), "{help}");
}

#[test]
fn an_operator_gives_a_role() {
    let place = Place::new(&[]);
    let add = ["user", "add", "--email", EMAIL, "--name", "Ada", "--password-stdin"];
    assert_eq!(place.run(&add, PASSWORD).code, Some(0));
    for role in ["admin", "admin", "shopper"] {
        let told = place.run(&["user", "role", EMAIL, role], "");
        assert_eq!((told.code, told.output.trim()), (Some(0), format!("{EMAIL} is {role} now").as_str()));
        assert!(place.run(&["user", "list"], "").output.contains(role));
    }
}
