//! What `latchkey doctor` says of the master secrets: which rows need which, and whether an earlier one may go.
//!
//! Invariant: it counts and changes nothing.

use super::{Report, good};
use crate::auth::secrets::Secrets;
use crate::auth::secrets::needed::{self, Need};
use crate::clock::Moment;
use crate::config::Config;
use crate::db::Db;

pub(super) fn check(report: &mut Report, config: &Config, db: &Db, secrets: &Secrets, now: Moment) {
    let lives = [config.sessions.session, config.sessions.remember, config.sessions.admin, config.sessions.api];
    let idle = lives.into_iter().map(|life| life.idle).max().unwrap_or_default();
    let counted = report.check("secrets", db.read_here(|conn| needed::count(conn, now, idle)), "see LATCHKEY_SECRET");
    let Some(mut needs) = counted else { return };
    needs.remove(secrets.current().id());
    for keys in secrets.all().skip(1).filter(|keys| keys.id() != secrets.current().id()) {
        match needs.remove(keys.id()).filter(|need| !need.is_none()) {
            None => good("other secret", format!("{}: nothing needs it", keys.id())),
            Some(need) => good("other secret", format!("{}: {} need it{}", keys.id(), told(&need), advice(&need))),
        }
    }
    let fix = "list that secret in LATCHKEY_SECRET_PREVIOUS; without it these people cannot sign in";
    for (id, need) in needs {
        if need.passwords > 0 {
            report.bad("secrets", format!("{} passwords were made with a secret that is not given ({id})", need.passwords), fix);
        }
        if need.second_factors > 0 {
            let count = need.second_factors;
            report.bad("secrets", format!("{count} second factors are sealed with a secret that is not given ({id})"), fix);
        }
    }
}

fn told(need: &Need) -> String {
    let Need { passwords, sessions, signing_keys, second_factors, parked_forms, letters } = need;
    format!(
        "{passwords} passwords, {sessions} sessions, {letters} letters, {parked_forms} parked forms, {second_factors} second factors, \
         {signing_keys} signing keys"
    )
}

fn advice(need: &Need) -> &'static str {
    if need.signing_keys > 0 || need.letters > 0 || need.second_factors > 0 {
        "; run `latchkey keys reencrypt`"
    } else if need.passwords > 0 {
        "; each password is made anew when its person signs in"
    } else {
        "; each session lets go of it at its next use, at the latest when it ends"
    }
}
