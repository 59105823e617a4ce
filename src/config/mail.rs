//! Where mail goes and whom it comes from.
//!
//! Invariant: a password goes to a server only over TLS or to this very machine; `Debug` and `Display` never show it.
//! It does not know how a mail is sent.

use super::is_loopback;
use secrecy::SecretString;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

/// How a connection to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: only to this machine.
    None,
    /// Plain at first, and nothing of ours is said before STARTTLS (RFC 3207).
    Start,
    /// From the first byte (RFC 8314).
    Whole,
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// See there.
    pub tls: Tls,
    /// Who we are to it.
    pub login: Option<(String, SecretString)>,
    /// Certificates to believe instead of the machine's own list: a file in PEM.
    pub ca: Option<PathBuf>,
}

/// Where mail goes.
#[derive(Clone)]
pub enum Mail {
    /// Into a folder, a file for each: for trying things out.
    Folder(PathBuf),
    /// To a server.
    Smtp(Smtp),
}

impl FromStr for Mail {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("file", folder)) if !folder.trim_start_matches('/').is_empty() => {
                Ok(Self::Folder(PathBuf::from(folder.strip_prefix("//").unwrap_or(folder))))
            }
            Some(("smtp" | "smtps", _)) => server(text).map(Self::Smtp),
            // Never the text itself: it may hold a password.
            _ => Err("it is neither a folder (file:...) nor a mail server (smtp://..., smtps://...)".to_owned()),
        }
    }
}

fn server(text: &str) -> Result<Smtp, String> {
    let url = Url::parse(text).map_err(|cause| format!("the mail server's URL cannot be read: {cause}"))?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the mail server has no name")?;
    let host = host.trim_matches(['[', ']']).to_owned();
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("behind the mail server's name and port stands something that does not belong there".to_owned());
    }
    let mut ca = None;
    for (name, value) in url.query_pairs() {
        match &*name {
            "ca" if !value.is_empty() => ca = Some(PathBuf::from(&*value)),
            _ => return Err(format!("`{name}` is not known behind a mail server; only ca=FILE is")),
        }
    }
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let tls = match url.scheme() {
        "smtps" => Tls::Whole,
        _ if here && ca.is_none() => Tls::None,
        _ => Tls::Start,
    };
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, Some(password)) if !user.is_empty() => Some((decoded(user)?, SecretString::from(decoded(password)?))),
        _ => return Err("of user and password one is missing".to_owned()),
    };
    let port = url.port().unwrap_or(if tls == Tls::Whole { 465 } else { 587 });
    Ok(Smtp { host, port, tls, login, ca })
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| "user or password is not UTF-8 when its %.. are read".to_owned())
}

impl fmt::Display for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
            Self::Smtp(Smtp { host, port, tls, .. }) => {
                let scheme = if *tls == Tls::Whole { "smtps" } else { "smtp" };
                write!(f, "{scheme}://{host}:{port}")
            }
        }
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whom mails come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFrom {
    /// What stands before the address.
    pub name: String,
    /// ASCII, the domain as an A-label.
    pub address: String,
}

impl MailFrom {
    /// Reads `Name <name@example.com>`, or the address alone, which is the shop's then.
    ///
    /// # Errors
    /// A sentence.
    pub fn read(text: &str, shop: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address");
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(both) => both.split_once('<').ok_or_else(wrong)?,
            None => ("", text),
        };
        let (local, domain) = address.trim().rsplit_once('@').ok_or_else(wrong)?;
        let legal = |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&letter);
        let domain = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::URL).map_err(|_| wrong())?;
        if local.is_empty() || domain.is_empty() || !local.bytes().all(legal) || name.chars().any(char::is_control) {
            return Err(wrong());
        }
        let name = match name.trim().trim_matches('"') {
            "" => shop,
            name => name,
        };
        Ok(Self { name: name.to_owned(), address: format!("{local}@{domain}") })
    }

    /// The shop at its own name; there is none for a bare network address.
    #[must_use]
    pub fn of(shop: &str, public_url: Option<&Url>) -> Option<Self> {
        let host = match public_url {
            Some(url) if !is_loopback(url) => url.domain()?,
            _ => "localhost",
        };
        Some(Self { name: shop.to_owned(), address: format!("shop@{host}") })
    }

    /// What stands behind the @.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }
}

#[cfg(test)]
mod tests;
