//! The kinds of value a setting can have, each readable only from a valid text.
//!
//! Invariant: parsing says in words what is wrong; nothing falls back to a default on a typing error.

use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretSlice};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Reads a duration in words: `2s`, `10m`, `12h`, `14d`.
///
/// # Errors
/// A sentence, for anything else.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

/// Where the data is: the scheme alone chooses the database (docs/TRAPS.md, "Trap 2": `establish` would try them in turn).
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of our own.
    Sqlite(PathBuf),
    /// A server, with the URL as libpq reads it.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(':') || path.contains('?') {
                return Err(format!("`{text}` names no file"));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let escape = |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
            // libpq would quote the broken part, password and all.
            if !text.split('%').skip(1).all(escape) {
                return Err("a % in the Postgres URL stands alone: write it as %25".to_owned());
            }
            return match url::Url::parse(text) {
                Ok(_) => Ok(Self::Postgres(text.to_owned())),
                Err(cause) => Err(format!("the Postgres URL cannot be read: {cause}")),
            };
        }
        let scheme = text.split_once(':').map_or("no scheme at all", |(scheme, _)| scheme);
        Err(format!("unknown kind of database ({scheme})"))
    }
}

impl fmt::Display for DatabaseUrl {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(text) => match url::Url::parse(text) {
                Ok(url) => {
                    write!(f, "postgres://{}", url.host_str().unwrap_or("local"))?;
                    if let Some(port) = url.port() {
                        write!(f, ":{port}")?;
                    }
                    f.write_str(url.path())
                }
                Err(_) => f.write_str("postgres"),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A master secret of at least 32 bytes; wiped when dropped, never printed.
#[derive(Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// The bytes, for the one place that derives keys from them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl FromStr for Secret {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() < 32 {
            return Err(format!("it has {} bytes, 32 is the least", text.len()));
        }
        let mut seen = [false; 256];
        for byte in text.bytes() {
            seen[usize::from(byte)] = true;
        }
        let kinds = seen.iter().filter(|seen| **seen).count();
        let lower = text.to_ascii_lowercase();
        let sample = ["secret", "change", "example", "password", "latchkey", "your-", "your_", "12345678", "abcdefgh", "qwerty"];
        if kinds < 10 || sample.iter().any(|word| lower.contains(word)) {
            return Err("it looks like a sample, or repeats itself".to_owned());
        }
        Ok(Self(SecretSlice::from(text.as_bytes().to_vec())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// `N/PERIOD` or `N/PERIOD:BURST`, or `off`: N in each period, BURST at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// No limit.
    Off,
    /// One more is allowed each `every`, up to `burst` at once.
    On {
        /// Time after which one more is allowed.
        every: Duration,
        /// How many at once.
        burst: u32,
    },
}

impl FromStr for Limit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (count, period, burst) = rate(text)?;
        Ok(Self::On { every: period / count, burst })
    }
}

/// `N/PERIOD` or `N/PERIOD:BURST`, none of them zero: N, the period, and the burst, which is N where it is not given.
pub(super) fn rate(text: &str) -> Result<(u32, Duration, u32), String> {
    let wrong = || format!("`{text}` is not a limit");
    let (count, rest) = text.split_once('/').ok_or_else(wrong)?;
    let (period, burst) = rest.split_once(':').unwrap_or((rest, count));
    let count: u32 = count.parse().map_err(|_| wrong())?;
    let burst: u32 = burst.parse().map_err(|_| wrong())?;
    let period = duration(period)?;
    if count == 0 || burst == 0 || period.is_zero() { Err(wrong()) } else { Ok((count, period, burst)) }
}

/// How people get an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anyone, signed in at once.
    Open,
    /// Anyone who reads the address they give: the account is made when they follow a link that is mailed there.
    Confirm,
    /// Only an operator makes accounts.
    Closed,
}

impl FromStr for Registration {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            "confirm" => Ok(Self::Confirm),
            _ => Err(format!("`{text}` is none of the ways")),
        }
    }
}

/// `auto`, `on` or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// As the situation asks.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl FromStr for Word {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(format!("`{text}` is not one of auto, on, off")),
        }
    }
}

/// Addresses and networks whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Is this the address of a proxy of ours?
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for Proxies {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let network = |part: &str| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| format!("`{part}` is neither an address nor a network"))
        };
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(network).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_that_is_nearly_right_is_refused_by_name() {
        for wrong in
            ["postgress://localhost/shop", "mysql://localhost", "shop.db", "", "sqlite:", "sqlite::memory:", "file:shop.db"]
        {
            assert!(wrong.parse::<DatabaseUrl>().is_err(), "{wrong}");
        }
        assert_eq!("sqlite:a/b.db".parse(), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert_eq!("sqlite:///a/b.db".parse(), Ok(DatabaseUrl::Sqlite("/a/b.db".into())));
    }

    #[test]
    fn a_database_password_is_never_shown() {
        let url: DatabaseUrl = "postgres://shop:hunter2@db.example:5433/shop?sslmode=require".parse().expect("a URL");
        assert_eq!(format!("{url} {url:?}").matches("hunter2").count(), 0);
        assert_eq!(url.to_string(), "postgres://db.example:5433/shop");
    }

    #[test]
    fn durations_are_words() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("14d"), Ok(Duration::from_hours(336)));
        for wrong in ["", "10", "m", "-1s", "1.5h", "10 m", "1w", "99999999999999999999d", "٣s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_reads_as_documented() {
        assert_eq!("10/1m:5".parse(), Ok(Limit::On { every: Duration::from_secs(6), burst: 5 }));
        assert_eq!("5/1h".parse(), Ok(Limit::On { every: Duration::from_mins(12), burst: 5 }));
        assert_eq!("off".parse(), Ok(Limit::Off));
        for wrong in ["", "5", "0/1m", "5/0s", "5/1m:0", "five/1m"] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn weak_secrets_are_refused() {
        for weak in [
            "short",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "change-me-change-me-change-me-123",
            "my-super-secret-key-0123456789-xyz",
        ] {
            assert!(weak.parse::<Secret>().is_err(), "{weak}");
        }
        assert!("q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse::<Secret>().is_ok());
    }
}
