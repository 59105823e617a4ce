//! `latchkey config`: every setting, its value and where it came from.

use super::say;
use crate::config::Config;
use std::process::ExitCode;

pub(super) fn print(config: &Config) -> ExitCode {
    let name = config.shown.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let value = config.shown.iter().map(|(_, value, _)| value.len()).max().unwrap_or(0).min(50);
    for (setting, text, source) in &config.shown {
        say(format!("{setting:name$}  {text:value$}  {source}"));
    }
    say("\nIn latchkey.toml the names are in lower case and without LATCHKEY_: listen = \"127.0.0.1:8080\"");
    ExitCode::SUCCESS
}
