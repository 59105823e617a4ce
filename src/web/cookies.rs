//! Our cookies, read byte for byte and written in one way.
//!
//! Invariant: a name is ours only if its bytes are: nothing is decoded, only space and tab are stripped, foreign cookies are skipped
//! unread. (actix's own reading decodes names and trims Unicode spaces, which lets a sibling domain forge `__Host-`: see
//! docs/TRAPS.md, "The web server".)
//! It does not know what the values mean.

use actix_web::http::header::{self, HeaderMap};

/// The cookies of docs/API.md, "Cookies".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Name {
    /// The access token.
    Access,
    /// The refresh token of a browser.
    Refresh,
    /// The refresh token of an API session.
    ApiRefresh,
    /// Binds CSRF values before sign-in.
    Pre,
    /// One message.
    Flash,
    /// "Someone is signed in here", without authority.
    Hint,
    /// The half-finished sign-in.
    Mfa,
    /// The parked form.
    Park,
    /// A mail link's token on its way.
    Link,
    /// This browser has signed in before.
    Device,
}

const NAMES: [Name; 10] = [
    Name::Access,
    Name::Refresh,
    Name::ApiRefresh,
    Name::Pre,
    Name::Flash,
    Name::Hint,
    Name::Mfa,
    Name::Park,
    Name::Link,
    Name::Device,
];

impl Name {
    /// The name as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "__Host-at",
            Self::Refresh => "__Host-rt",
            Self::ApiRefresh => "__Host-api-rt",
            Self::Pre => "__Host-pre",
            Self::Flash => "__Host-flash",
            Self::Hint => "__Host-hint",
            Self::Mfa => "__Host-mfa",
            Self::Park => "__Host-park",
            Self::Link => "__Host-link",
            Self::Device => "__Host-dev",
        }
    }

    /// The hint goes along from other sites, for it carries no authority; and so does what came from a mailbox just now.
    const fn same_site(self) -> &'static str {
        match self {
            Self::Hint | Self::Link => "Lax",
            _ => "Strict",
        }
    }
}

/// The cookies of ours that came with a request.
#[derive(Debug, Clone, Default)]
pub struct Cookies {
    values: [Option<String>; NAMES.len()],
    doubled: bool,
}

impl Cookies {
    /// Reads all `Cookie` headers.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let mut cookies = Self::default();
        for line in headers.get_all(header::COOKIE) {
            for pair in line.as_bytes().split(|byte| *byte == b';') {
                cookies.take(pair);
            }
        }
        cookies
    }

    fn take(&mut self, pair: &[u8]) {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let start = pair.iter().position(|byte| !blank(byte)).unwrap_or(pair.len());
        let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { return };
        let name = pair.get(start..equals).unwrap_or_default();
        let name = &name[..name.iter().rposition(|byte| !blank(byte)).map_or(0, |at| at + 1)];
        let Some(name) = NAMES.into_iter().find(|known| known.as_str().as_bytes() == name) else { return };
        let value = pair[equals + 1..].trim_ascii_start();
        let value = &value[..value.iter().rposition(|byte| !blank(byte)).map_or(0, |at| at + 1)];
        let place = &mut self.values[name as usize];
        if place.is_some() {
            self.doubled = true;
            return;
        }
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let value = std::str::from_utf8(value).ok().filter(|value| value.as_bytes().iter().all(legal));
        *place = Some(value.unwrap_or_default().to_owned());
    }

    /// The value of a cookie; none when it did not come, or is not of legal characters.
    #[must_use]
    pub fn get(&self, name: Name) -> Option<&str> {
        self.values[name as usize].as_deref().filter(|value| !value.is_empty())
    }

    /// Did one of ours come twice? Then somebody planted one, and none is believed.
    #[must_use]
    pub const fn doubled(&self) -> bool {
        self.doubled
    }
}

/// A `Set-Cookie` value; without a life it lasts as long as the browser runs.
#[must_use]
pub fn set(name: Name, value: &str, seconds: Option<i64>) -> String {
    let life = seconds.map(|seconds| format!("; Max-Age={}", seconds.max(0))).unwrap_or_default();
    format!("{}={value}; Path=/; Secure; HttpOnly; SameSite={}{life}", name.as_str(), name.same_site())
}

/// A `Set-Cookie` value that deletes.
#[must_use]
pub fn delete(name: Name) -> String {
    set(name, "", Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn read(lines: &[&[u8]]) -> Cookies {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).expect("a header"));
        }
        Cookies::read(&headers)
    }

    #[test]
    fn our_names_are_compared_byte_for_byte() {
        let cookies = read(&[b"a=b; __Host-at=abc.DEF-1_2;\t__Host-rt = x ; theme=\"dark; mode\""]);
        assert_eq!(cookies.get(Name::Access), Some("abc.DEF-1_2"));
        assert_eq!(cookies.get(Name::Refresh), Some("x"));
        for planted in [
            &b"%5F%5FHost-at=evil"[..],
            "\u{2000}__Host-at=evil".as_bytes(),
            b"__host-at=evil",
            b"__Host-at =evil; x".split(|b| *b == b';').next_back().unwrap_or_default(),
            b"__Host-at",
            b"x__Host-at=evil",
            b"\xc2\xa0__Host-at=evil",
        ] {
            let cookies = read(&[planted, b"__Host-at=good"]);
            assert_eq!(cookies.get(Name::Access), Some("good"), "{planted:?}");
            assert!(!cookies.doubled(), "{planted:?}");
        }
    }

    #[test]
    fn a_cookie_of_ours_that_comes_twice_is_noticed() {
        assert!(read(&[b"__Host-at=a; __Host-at=a"]).doubled());
        assert!(read(&[b"__Host-rt=a", b"__Host-rt=b"]).doubled());
        assert!(!read(&[b"theme=a; theme=b"]).doubled());
    }

    #[test]
    fn foreign_bytes_do_no_harm_and_illegal_values_are_none() {
        let cookies = read(&[b"caf\xe9=\xff\xfe; __Host-at=a b; __Host-rt=ok"]);
        assert_eq!(cookies.get(Name::Access), None);
        assert_eq!(cookies.get(Name::Refresh), Some("ok"));
        assert_eq!(read(&[b"__Host-rt="]).get(Name::Refresh), None);
    }

    #[test]
    fn cookies_are_written_in_one_way() {
        assert_eq!(set(Name::Access, "v", Some(600)), "__Host-at=v; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=600");
        assert_eq!(delete(Name::Hint), "__Host-hint=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
