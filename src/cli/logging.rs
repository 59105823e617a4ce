//! Where the log goes: standard error, one JSON object a line, or readable lines on a terminal.

use crate::config::Config;
use std::io::IsTerminal as _;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;

/// Starts the log, once a program.
pub(super) fn start(config: &Config) {
    let words: Vec<&str> = config.log.split(',').collect();
    let level = words.iter().find(|word| !matches!(**word, "json" | "pretty")).copied().unwrap_or("info");
    let json = words.contains(&"json") || (!words.contains(&"pretty") && !std::io::stderr().is_terminal());
    // Only our own events: a library's could quote a request.
    let filter = EnvFilter::new(format!("warn,latchkey={level},actix_server=warn"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        builder.compact().with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    if let Err(cause) = started {
        eprintln!("latchkey: the log did not start: {cause}");
    }
}
