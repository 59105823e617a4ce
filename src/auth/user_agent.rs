//! What a client says it is, in words.
//!
//! Invariant: only words of ours come out, whatever goes in: a hostile text is an unknown client. It is for people to recognise their
//! own devices by; nothing is ever decided by it.

use crate::auth::session::Door;

/// A client as it names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The browser or program.
    pub browser: Option<&'static str>,
    /// What it runs on.
    pub system: Option<&'static str>,
}

/// Programs, by how their text begins.
const PROGRAMS: [(&str, &str); 20] = [
    ("curl/", "curl"),
    ("wget/", "Wget"),
    ("httpie/", "HTTPie"),
    ("xh/", "xh"),
    ("python-requests/", "Python Requests"),
    ("python-httpx/", "HTTPX"),
    ("python-urllib/", "Python"),
    ("python/", "Python"),
    ("go-http-client/", "Go"),
    ("okhttp/", "OkHttp"),
    ("axios/", "Axios"),
    ("undici", "Node.js"),
    ("node", "Node.js"),
    ("deno/", "Deno"),
    ("bun/", "Bun"),
    ("postmanruntime/", "Postman"),
    ("insomnia/", "Insomnia"),
    ("apache-httpclient/", "Java"),
    ("java", "Java"),
    ("dart/", "Dart"),
];

/// Browsers, by what stands in their text. Each names those it once had to pass for as well: the one who is named last in this list
/// is named by all, so the first that fits is it.
const BROWSERS: [(&str, &str); 19] = [
    ("edg/", "Edge"),
    ("edga/", "Edge"),
    ("edgios/", "Edge"),
    ("edge/", "Edge"),
    ("opr/", "Opera"),
    ("opera", "Opera"),
    ("samsungbrowser/", "Samsung Internet"),
    ("vivaldi/", "Vivaldi"),
    ("yabrowser/", "Yandex Browser"),
    ("duckduckgo/", "DuckDuckGo"),
    ("fxios/", "Firefox"),
    ("firefox/", "Firefox"),
    ("crios/", "Chrome"),
    ("headlesschrome/", "Chrome"),
    ("chromium/", "Chromium"),
    ("chrome/", "Chrome"),
    ("trident/", "Internet Explorer"),
    ("msie ", "Internet Explorer"),
    ("safari/", "Safari"),
];

/// Systems, by what stands in the text; Android says Linux too, and so do telephones say Mac.
const SYSTEMS: [(&str, &str); 11] = [
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android"),
    ("cros ", "ChromeOS"),
    ("windows", "Windows"),
    ("mac os", "macOS"),
    ("macintosh", "macOS"),
    ("freebsd", "FreeBSD"),
    ("openbsd", "OpenBSD"),
    ("linux", "Linux"),
    ("x11;", "Linux"),
];

impl Client {
    /// Reads a `User-Agent`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text: String = text.chars().take(256).collect::<String>().to_ascii_lowercase();
        let inside = |table: &[(&str, &'static str)]| table.iter().find(|(sign, _)| text.contains(sign)).map(|(_, name)| *name);
        let program = PROGRAMS.iter().find(|(sign, _)| text.starts_with(sign)).map(|(_, name)| *name);
        Self { browser: program.or_else(|| inside(&BROWSERS)), system: inside(&SYSTEMS) }
    }

    /// Such as "Firefox on Linux", "curl", "Unknown browser on Windows".
    #[must_use]
    pub fn words(self, door: Door) -> String {
        let name = self.browser.unwrap_or(match door {
            Door::Web => "Unknown browser",
            Door::Api => "Unknown program",
        });
        match self.system {
            Some(system) => format!("{name} on {system}"),
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_as_people_name_it() {
        let mozilla = "Mozilla/5.0 ";
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko) ";
        for (text, words) in [
            (format!("{mozilla}(X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"), "Firefox on Linux"),
            (format!("{mozilla}(Windows NT 10.0; Win64; x64) {webkit}Chrome/156.0.0.0 Safari/537.36"), "Chrome on Windows"),
            (
                format!("{mozilla}(Windows NT 10.0; Win64; x64) {webkit}Chrome/156.0.0.0 Safari/537.36 Edg/156.0"),
                "Edge on Windows",
            ),
            (format!("{mozilla}(X11; Linux x86_64) {webkit}HeadlessChrome/156.0.0.0 Safari/537.36"), "Chrome on Linux"),
            (format!("{mozilla}(X11; CrOS x86_64 14541.0.0) {webkit}Chrome/156.0.0.0 Safari/537.36"), "Chrome on ChromeOS"),
            (format!("{mozilla}(Linux; Android 10; K) {webkit}Chrome/156.0.0.0 Mobile Safari/537.36"), "Chrome on Android"),
            (
                format!(
                    "{mozilla}(Linux; Android 14; SM-S921B) {webkit}SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36"
                ),
                "Samsung Internet on Android",
            ),
            (
                format!("{mozilla}(iPhone; CPU iPhone OS 18_1 like Mac OS X) {webkit}Version/18.1 Mobile/15E148 Safari/604.1"),
                "Safari on iPhone",
            ),
            (
                format!("{mozilla}(iPad; CPU OS 17_0 like Mac OS X) {webkit}FxiOS/153.0 Mobile/15E148 Safari/605"),
                "Firefox on iPad",
            ),
            (format!("{mozilla}(Macintosh; Intel Mac OS X 10_15_7) {webkit}Version/18.1 Safari/605.1.15"), "Safari on macOS"),
            (format!("{mozilla}(Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"), "Internet Explorer on Windows"),
            (format!("{mozilla}(X11; FreeBSD amd64) {webkit}Chrome/156.0 Safari/537.36 OPR/110.0"), "Opera on FreeBSD"),
            ("curl/8.14.1".to_owned(), "curl"),
            ("python-requests/2.32".to_owned(), "Python Requests"),
            ("Go-http-client/1.1".to_owned(), "Go"),
        ] {
            assert_eq!(Client::read(&text).words(Door::Web), words, "{text}");
        }
    }

    #[test]
    fn what_strangers_write_is_never_shown() {
        let long = "x".repeat(100_000);
        for hostile in ["", " ", "<script>alert(1)</script>", "\u{202e}kcah", "' OR 1=1 --", "\0\n\r", "🦊", &long, "{{ 7*7 }}"]
        {
            let client = Client::read(hostile);
            assert_eq!(client, Client { browser: None, system: None }, "{hostile:?}");
            assert_eq!((client.words(Door::Web), client.words(Door::Api)), ("Unknown browser".into(), "Unknown program".into()));
        }
        assert_eq!(Client::read("Firefox/1 <b>Linux</b>").words(Door::Web), "Firefox on Linux", "words of ours, and no others");
        assert_eq!(Client::read(&format!("{long}Firefox/153")).browser, None, "nobody reads on for ever");
    }
}
