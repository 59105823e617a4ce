//! `latchkey doctor mail`: does mail arrive?
//!
//! Invariant: one real message goes out, past the outbox, and what the server answered is told in full.

use super::{Failure, Report, good, say};
use crate::clock::Clock;
use crate::config::Config;
use crate::ids::LetterId;
use crate::mail::letter::{Addressed, Letter, Recipient};
use crate::mail::message;
use crate::mail::sender::LIMIT;
use crate::mail::transport::{Answer, Verdict};
use crate::web::assets::Assets;
use crate::web::server;
use crate::web::view::letters;
use crate::web::view::templates::Templates;
use std::process::ExitCode;
use std::sync::Arc;

/// Sends one message.
pub(super) fn send(config: &Config, to: &str) -> Result<ExitCode, Failure> {
    let address: crate::auth::email::Email = to.parse().map_err(|why| Failure::Told(format!("{to}: {why}")))?;
    let letter = Addressed { to: Recipient { address: address.as_str().to_owned(), name: String::new() }, letter: Letter::Trial };
    let origin = config.origin(config.listen);
    let assets = Arc::new(Assets::lay_out(&config.var, config.dev)?);
    let templates = Templates::new(config, origin.as_str().trim_end_matches('/'), assets)?;
    let words = letters::draw(&templates, &letter)?;
    let parcel = message::build(LetterId::random(), Clock::default().now(), &config.mail_from, &letter.to, words)?;
    let way = server::mail::way(config)?;
    say(format!("from     {}", config.mail_from.address));
    say(format!("through  {}", config.mail));
    let sent = actix_web::rt::System::new().block_on(async { tokio::time::timeout(LIMIT, way.deliver(&parcel)).await });
    match sent {
        Ok(Verdict::Sent(answer)) => {
            say(format!("sent     {}", answer.text));
            Ok(ExitCode::SUCCESS)
        }
        Ok(verdict) => {
            let Answer { code, text } = verdict.answer();
            Err(Failure::Told(format!("the mail was not taken: {text}\n  fix: {}", fix(code, text))))
        }
        Err(_elapsed) => Err(Failure::Told(format!("the mail server did not answer in time\n  fix: {ELSEWHERE}"))),
    }
}

const ELSEWHERE: &str = "look at name and port in LATCHKEY_MAIL, and whether something between here and there closes that port";

/// What to change, as far as the answer tells it.
fn fix(code: &str, text: &str) -> &'static str {
    match code {
        "534" | "535" => {
            "write user and password into LATCHKEY_MAIL as the server knows them; in them @ is %40, : is %3A, / is %2F"
        }
        "530" | "538" => "the server wants to know who sends: LATCHKEY_MAIL=smtp://user:password@host:port",
        "550" | "551" | "553" => {
            "try another recipient; if none works, LATCHKEY_MAIL_FROM must be an address that the server lets you use"
        }
        code if code.starts_with('4') => "the server will take it later, and the shop tries again by itself",
        code if code.starts_with('5') => "the server will not have this mail: what it answered says why",
        _ if text.contains("certificate") => {
            "the name must be that of the server's certificate; its own authority is named by ?ca=FILE"
        }
        _ if text.contains("InvalidContentType") => "the server begins without TLS: write smtp:// in place of smtps://",
        _ if text.contains("STARTTLS") => {
            "the server has no STARTTLS: write smtps://, if it has TLS at all, with the port for that (465)"
        }
        _ if text.contains("authentication mechanism") => {
            "the server lets nobody sign in before TLS: name its authority by ?ca=FILE, which turns TLS on to this machine too"
        }
        _ => ELSEWHERE,
    }
}

/// Is there a way for mail, as far as one can tell without sending any?
pub(super) fn check(report: &mut Report, config: &Config) {
    let fix = "see LATCHKEY_MAIL; `latchkey doctor mail --to you@example.com` sends one mail and tells every answer";
    let way = match server::mail::way(config) {
        Ok(way) => way,
        Err(bad) => return report.bad("mail", bad.why, &bad.fix),
    };
    match actix_web::rt::System::new().block_on(way.probe()) {
        Ok(said) => good("mail", said),
        Err(why) => report.bad("mail", why, fix),
    }
}
