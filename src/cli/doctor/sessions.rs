//! `latchkey doctor sessions`: signs in to a running shop as a browser does, lets its access token die, and races its refresh token.
//!
//! Invariant: it uses nothing but what any visitor can: pages, forms, cookies; and it signs out behind itself. It does not know how
//! rotation works, only what must be true of it: however many ask at once, there is one successor, and it works.

use super::browser::{Answer, Browser};
use crate::cli::{Failure, say};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Barrier;
use std::thread;
use url::Url;

const ACCESS: &str = "__Host-at";
const REFRESH: &str = "__Host-rt";
/// A page that only its person sees.
const PAGE: &str = "/account";

#[derive(Debug, Args)]
pub struct Race {
    /// The shop, as people type it: <https://shop.example>
    #[arg(long)]
    url: Url,
    /// The account to sign in with
    #[arg(long)]
    email: String,
    /// Read the password from standard input (the only way: a password on a command line is seen by everyone on the machine)
    #[arg(long, required = true)]
    password_stdin: bool,
    /// How many requests show the one refresh token at once
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(2..=200))]
    parallel: u16,
}

pub fn run(race: &Race) -> Result<ExitCode, Failure> {
    let mut typed = String::new();
    std::io::stdin()
        .read_to_string(&mut typed)
        .map_err(|cause| Failure::Told(format!("the password cannot be read: {cause}")))?;
    let mut browser = Browser::new(&race.url)?;
    sign_in(&mut browser, &race.email, typed.trim_end_matches(['\n', '\r']))?;
    say(format!("signed in at {} as {}", browser.origin(), race.email));
    // As when its time is over: a browser drops the cookie, and every tab finds out at once.
    browser.drop_cookie(ACCESS);
    let Some(shown) = browser.cookie(REFRESH).map(str::to_owned) else {
        return Err(Failure::Told(format!("{} set no refresh token at the sign-in", browser.origin())));
    };
    let answers = at_once(&browser, race.parallel);
    let fine = report(&shown, &answers);
    let works = goes_on(&mut browser, &answers);
    sign_out(&mut browser);
    Ok(if works? && fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn sign_in(browser: &mut Browser, email: &str, password: &str) -> Result<(), Failure> {
    let told = |text: String| Err(Failure::Told(text));
    let at = browser.origin();
    let form = browser.get("/login")?;
    if let Some(elsewhere) = form.leads_elsewhere(&at) {
        return told(format!("{at} sends to {elsewhere}: give that as --url"));
    }
    let csrf = match (form.status, form.field("csrf")) {
        (200, Some(csrf)) if browser.cookie("__Host-pre").is_some() => csrf,
        (421, _) => return told(format!("a shop answers at {at}, but under another name: give its public URL as --url")),
        (503, _) => return told(format!("{at} is there and busy (503): {}", form.wait())),
        (status, _) => {
            return told(format!("{at} answers ({status}), but not as a Latchkey shop: its /login has no form of ours"));
        }
    };
    let fields = [("csrf", csrf.as_str()), ("email", email), ("password", password), ("next", "")];
    let answer = browser.post("/login", &fields)?;
    match answer.status {
        303 if browser.cookie(REFRESH).is_some() => Ok(()),
        303 if answer.location().starts_with("/login/code") => {
            told(format!("{email} has a second factor: take an account without one"))
        }
        401 => told("the e-mail address and the password do not match an account there".to_owned()),
        429 => told(format!("too many sign-ins: {}", answer.wait())),
        503 => told(format!("{at} is busy (503): {}", answer.wait())),
        status => told(format!("{at} answered the sign-in with {status}, which this program does not understand")),
    }
}

/// The same cookies, so many times, as nearly at once as threads can.
fn at_once(browser: &Browser, many: u16) -> Vec<Result<Answer, Failure>> {
    let start = Barrier::new(usize::from(many));
    thread::scope(|scope| {
        let tabs: Vec<_> = (0..many)
            .map(|_| {
                let mut tab = browser.clone();
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    tab.get(PAGE)
                })
            })
            .collect();
        let ended = tabs.into_iter().map(thread::ScopedJoinHandle::join);
        ended.map(|tab| tab.unwrap_or_else(|_| Err(Failure::Told("a request's thread panicked".to_owned())))).collect()
    })
}

/// Says what came back; was it as it must be?
fn report(shown: &str, answers: &[Result<Answer, Failure>]) -> bool {
    let (mut statuses, mut lost) = (BTreeMap::<u16, usize>::new(), 0);
    let mut successors = BTreeSet::new();
    let mut without = 0;
    for answer in answers {
        match answer {
            Ok(answer) => {
                *statuses.entry(answer.status).or_default() += 1;
                match answer.sets(REFRESH) {
                    Some(successor) => drop(successors.insert(successor)),
                    None => without += 1,
                }
            }
            Err(cause) => {
                lost += 1;
                say(format!("no answer: {cause}"));
            }
        }
    }
    say(format!("{} requests showed one refresh token at once", answers.len()));
    for (status, count) in &statuses {
        say(format!("answered {status}: {count}"));
    }
    say(format!("distinct successors: {}", successors.len()));
    if without > 0 {
        say(format!("answered without a successor: {without}"));
    }
    if successors.contains(shown) {
        say("the old token came back: this shop does not rotate its refresh tokens");
    }
    let all_admitted = statuses.keys().all(|status| *status == 200) && lost == 0 && without == 0;
    all_admitted && successors.len() == 1 && !successors.contains(shown)
}

/// Does the successor open the door?
fn goes_on(browser: &mut Browser, answers: &[Result<Answer, Failure>]) -> Result<bool, Failure> {
    let Some(answer) = answers.iter().flatten().find(|answer| answer.sets(REFRESH).is_some()) else {
        say("the session is over: nobody was given a successor");
        return Ok(false);
    };
    browser.take_cookies(answer);
    browser.drop_cookie(ACCESS);
    let works = browser.get(PAGE)?.status == 200;
    say(if works { "the successor works" } else { "the successor does not work" });
    Ok(works)
}

/// Leaves no session behind. Where that fails, the race has been told all the same.
fn sign_out(browser: &mut Browser) {
    let signed_out = browser.get(PAGE).and_then(|page| match page.field("csrf") {
        Some(csrf) => browser.post("/logout", &[("csrf", csrf.as_str())]).map(|answer| answer.status == 303),
        None => Ok(false),
    });
    match signed_out {
        Ok(true) => say("signed out"),
        Ok(false) => say("the session is still open, or was over: it could not be signed out"),
        Err(cause) => say(format!("the session is still open: {cause}")),
    }
}
