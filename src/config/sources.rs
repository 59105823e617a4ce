//! Gathers the settings' texts from the file, `.env`, the environment and the flags.
//!
//! Invariant: later sources win; a name that no setting has is an error, wherever it stands. It does not know what a text means.

use super::values::DatabaseUrl;
use super::{BadSetting, Mail, later};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Name in the environment, default, what it is. In the file the name is the same in lower case, without `LATCHKEY_`.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("DATABASE_URL", "sqlite:{var}/latchkey.db", "sqlite:PATH or postgres://user:password@host/name"),
    ("LATCHKEY_LISTEN", "127.0.0.1:8080", "an address and a port, such as 127.0.0.1:8080; port 0 picks one"),
    ("LATCHKEY_PUBLIC_URL", "", "the one origin people type, such as https://shop.example"),
    ("LATCHKEY_SECRET", "", "32 random bytes or more; make one with: openssl rand -base64 48"),
    ("LATCHKEY_SECRET_FILE", "", "a file that holds the secret"),
    ("LATCHKEY_SECRET_PREVIOUS", "", "earlier secrets, separated by commas, accepted for reading"),
    ("LATCHKEY_VAR", "var", "a folder this program may write to"),
    ("LATCHKEY_ACCESS_TTL", "10m", "2s to 15m"),
    ("LATCHKEY_REFRESH_GRACE", "30s", "0s to 60s"),
    ("LATCHKEY_SESSION_IDLE", "2h", "5s to 90d"),
    ("LATCHKEY_SESSION_MAX", "24h", "at least the idle limit, at most 90d"),
    ("LATCHKEY_REMEMBER_IDLE", "14d", "5s to 90d"),
    ("LATCHKEY_REMEMBER_MAX", "30d", "at least the idle limit, at most 90d"),
    ("LATCHKEY_ADMIN_IDLE", "30m", "5s to 90d"),
    ("LATCHKEY_ADMIN_MAX", "12h", "at least the idle limit, at most 90d"),
    ("LATCHKEY_API_IDLE", "14d", "5s to 90d"),
    ("LATCHKEY_API_MAX", "30d", "at least the idle limit, at most 90d"),
    ("LATCHKEY_BCRYPT_COST", "12", "10 to 16; 4 to 9 only while the public URL is loopback"),
    ("LATCHKEY_LIMIT_SIGN_IN", "10/1m:5", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_REGISTER", "5/1h", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_REFRESH", "60/1m", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_CHECKOUT", "30/1m", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_API", "300/1m", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_RESET", "5/1h", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_EMAIL", "3/1h", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_CODE", "20/1m", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_LIMIT_CODE_ACCOUNT", "5/15m", "N/PERIOD, N/PERIOD:BURST or off"),
    ("LATCHKEY_ADMIN_SECOND_FACTOR", "off", "on or off"),
    ("LATCHKEY_DELETE_KEEPS_ORDERS", "on", "on or off"),
    ("LATCHKEY_LIMIT_ACCOUNT", "5/15m", "N/PERIOD with N from 1 to 1000, or off"),
    ("LATCHKEY_PASSWORD_MIN", "12", "8 to 64 characters"),
    ("LATCHKEY_REGISTRATION", "open", "open, confirm or closed"),
    ("LATCHKEY_CORS_ORIGINS", "", "origins in full, separated by commas: https://app.example, http://localhost:5173"),
    ("LATCHKEY_TRUSTED_PROXIES", "", "addresses or networks, separated by commas: 10.0.0.0/8, ::1"),
    ("LATCHKEY_MAIL", "file:{var}/outbox", "smtp://user:password@host:587, smtps://user:password@host:465 or file:FOLDER"),
    ("LATCHKEY_MAIL_FROM", "", "an address, such as: Hearth & Grain <shop@shop.example>"),
    ("LATCHKEY_SHOP_NAME", "Hearth & Grain", "a name of 1 to 60 characters"),
    ("LATCHKEY_SHOP_CURRENCY", "EUR", "an ISO 4217 code, such as EUR"),
    ("LATCHKEY_SHOP_TIME_ZONE", "Europe/Berlin", "an IANA name, such as Europe/Berlin"),
    ("LATCHKEY_SHOP_DELIVERY", "4.90", "an amount in the shop's currency, such as 4.90; 0 for a delivery that costs nothing"),
    ("LATCHKEY_SHOP_DELIVERY_FREE_FROM", "60.00", "an amount in the shop's currency, such as 60.00; empty for never"),
    ("LATCHKEY_SHOP_TAX_RATE", "19", "a percentage from 0 to 100 with at most two decimals, such as 19 or 7.7"),
    (
        "LATCHKEY_PAYMENT",
        "invoice",
        "invoice, or trial while the public URL is loopback (trial-in-public elsewhere, where nobody pays)",
    ),
    ("LATCHKEY_PAYMENT_WITHIN", "24h", "1m to 30d"),
    ("LATCHKEY_LOG", "info", "error, warn, info, debug or trace, and optionally json or pretty: info,json"),
    ("LATCHKEY_METRICS_LISTEN", "127.0.0.1:9090", "an address and a port, such as 127.0.0.1:9090, or off"),
    ("LATCHKEY_WORKERS", "0", "1 to 256 threads; 0 means one a core"),
    ("LATCHKEY_POOL", "16", "1 to 200 connections"),
    ("LATCHKEY_DEMO", "auto", "auto, on or off"),
    ("LATCHKEY_DEV", "off", "on or off"),
    ("LATCHKEY_JWT_ALGORITHM", "HS256", "HS256, EdDSA, ES256 or RS256"),
];

/// Where to look for settings.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    /// `--config FILE`; else `latchkey.toml` in the working folder, if it is there.
    pub file: Option<PathBuf>,
    /// Values of flags, by environment name.
    pub flags: BTreeMap<String, String>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The working folder, for `.env` and `latchkey.toml`; none reads neither.
    pub folder: Option<PathBuf>,
}

impl Sources {
    /// The sources of a running program.
    ///
    /// Environment values that are not Unicode are left out: no setting can be one.
    #[must_use]
    pub fn of_this_process(file: Option<PathBuf>, flags: BTreeMap<String, String>) -> Self {
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
        Self { file, flags, environment, folder: Some(PathBuf::from(".")) }
    }
}

/// The texts of all settings and where each came from.
pub(super) struct Found(BTreeMap<String, (String, String)>);

impl Found {
    pub(super) fn gather(sources: &Sources) -> Result<Self, BadSetting> {
        let mut found = Self(
            SETTINGS
                .iter()
                .map(|(name, default, _)| ((*name).to_owned(), ((*default).to_owned(), "default".to_owned())))
                .collect(),
        );
        let named = sources.file.clone();
        let usual = sources.folder.as_ref().map(|folder| folder.join("latchkey.toml")).filter(|path| path.exists());
        if let Some(path) = named.or(usual) {
            found.take_file(&path)?;
        }
        if let Some(path) = sources.folder.as_ref().map(|folder| folder.join(".env")).filter(|path| path.exists()) {
            let bad = |cause: dotenvy::Error| BadSetting {
                name: path.display().to_string(),
                // Never the line itself: it may be the one with the secret.
                why: match cause {
                    dotenvy::Error::Io(cause) => format!("cannot be read: {cause}"),
                    _ => "a line cannot be read".to_owned(),
                },
                fix: "write one NAME=VALUE a line, and a value with blanks in quotes".to_owned(),
            };
            for pair in dotenvy::from_path_iter(&path).map_err(bad)? {
                let (name, value) = pair.map_err(bad)?;
                found.take(&name, value, ".env")?;
            }
        }
        for (name, value) in &sources.environment {
            found.take(name, value.clone(), "environment")?;
        }
        for (name, value) in &sources.flags {
            found.take(name, value.clone(), "flag")?;
        }
        Ok(found)
    }

    fn take_file(&mut self, path: &Path) -> Result<(), BadSetting> {
        let bad = |why: String| BadSetting {
            name: path.display().to_string(),
            why,
            fix: "write lines such as: listen = \"127.0.0.1:8080\"".to_owned(),
        };
        let text = std::fs::read_to_string(path).map_err(|cause| bad(format!("cannot be read: {cause}")))?;
        let table: toml::Table = text.parse().map_err(|cause: toml::de::Error| bad(cause.message().to_owned()))?;
        for (key, value) in table {
            let upper = key.to_ascii_uppercase();
            let name = if upper == "DATABASE_URL" { upper } else { format!("LATCHKEY_{upper}") };
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(on) => if on { "on" } else { "off" }.to_owned(),
                _ => return Err(bad(format!("`{key}` is neither a text, a whole number nor true or false"))),
            };
            self.take(&name, value, &path.display().to_string())?;
        }
        Ok(())
    }

    /// Takes a value if the name is ours. A name with our prefix that no setting has is a typing error worth stopping for.
    fn take(&mut self, name: &str, value: String, source: &str) -> Result<(), BadSetting> {
        if let Some(place) = self.0.get_mut(name) {
            *place = (value, source.to_owned());
        } else if let Some(said) = later::check(name, &value) {
            let fix = "leave it out".to_owned();
            return said.map_err(|why| BadSetting { name: name.to_owned(), why: format!("{why} (from: {source})"), fix });
        } else if name.starts_with("LATCHKEY_") {
            return Err(BadSetting {
                name: name.to_owned(),
                why: format!("there is no such setting (from: {source})"),
                fix: "remove it, or see `latchkey config` for the names".to_owned(),
            });
        }
        Ok(())
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |(value, _)| value)
    }

    /// Did somebody say so, or is it the default?
    pub(super) fn is_said(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|(_, source)| source != "default")
    }

    pub(super) fn read<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, BadSetting> {
        parse(self.text(name)).map_err(|why| self.bad(name, &why))
    }

    pub(super) fn optional<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, BadSetting> {
        if self.text(name).is_empty() { Ok(None) } else { self.read(name, parse).map(Some) }
    }

    pub(super) fn bad(&self, name: &str, why: &str) -> BadSetting {
        let fix = SETTINGS.iter().find(|(known, ..)| *known == name).map_or("see the README", |(_, _, fix)| fix);
        let source = self.0.get(name).map_or("default", |(_, source)| source);
        BadSetting { name: name.to_owned(), why: format!("{why} (from: {source})"), fix: fix.to_owned() }
    }

    pub(super) fn shown(&self) -> Vec<(String, String, String)> {
        let hide = |name: &str, value: &str| match name {
            "DATABASE_URL" => value
                .replace("{var}", self.text("LATCHKEY_VAR"))
                .parse::<DatabaseUrl>()
                .map_or_else(|_| value.to_owned(), |url| url.to_string()),
            "LATCHKEY_MAIL" => {
                let mail = value.replace("{var}", self.text("LATCHKEY_VAR")).parse::<Mail>();
                mail.map_or_else(|_| "(hidden)".to_owned(), |mail| mail.to_string())
            }
            "LATCHKEY_SECRET" | "LATCHKEY_SECRET_PREVIOUS" if !value.is_empty() => "(hidden)".to_owned(),
            _ => value.to_owned(),
        };
        self.0.iter().map(|(name, (value, source))| (name.clone(), hide(name, value), source.clone())).collect()
    }
}
