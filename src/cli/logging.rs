//! Where the log goes: standard error, one JSON object a line, or readable lines on a terminal.

use crate::config::Config;
use std::io::IsTerminal as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{fmt, registry};

/// Starts the log, once a program.
pub(super) fn start(config: &Config) {
    let words: Vec<&str> = config.log.split(',').collect();
    let level = words.iter().find_map(|word| word.parse().ok()).unwrap_or(LevelFilter::INFO);
    let json = words.contains(&"json") || (!words.contains(&"pretty") && !std::io::stderr().is_terminal());
    // Only our own events: a library's could quote a request.
    let ours = Targets::new().with_default(LevelFilter::WARN).with_target("latchkey", level);
    // Whatever a stranger shows as a passkey is an error to this one.
    let log = registry().with(ours.with_target("webauthn_rs", LevelFilter::OFF));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let started = if json {
        log.with(lines.json().flatten_event(true).with_current_span(false).with_span_list(false)).try_init()
    } else {
        log.with(lines.compact().with_target(false).with_ansi(std::io::stderr().is_terminal())).try_init()
    };
    if let Err(cause) = started {
        eprintln!("latchkey: the log did not start: {cause}");
    }
}
