//! A mail server of a test's own: a real one, aiosmtpd.
//!
//! Invariant: it is gone when the test is, however that ends (it reads a pipe that only this process holds). Where aiosmtpd is missing
//! a test fails and says what to install; it is never passed over.

use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PROGRAM: &str = include_str!("smtp_server.py");

/// A certificate for `localhost` and the authority that vouches for it.
const CERTIFICATES: &str = "set -e
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt
printf 'subjectAltName = DNS:localhost\\nbasicConstraints = CA:FALSE\\n' >server.ext
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt";

/// How it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In the open.
    Plain,
    /// Nothing before STARTTLS.
    StartTls,
    /// TLS from the first byte.
    Smtps,
}

/// A running server and what it took.
pub struct MailServer {
    folder: TempDir,
    kind: Kind,
    login: Option<(&'static str, &'static str)>,
    port: Cell<u16>,
    child: RefCell<Option<Child>>,
}

/// A mail as the server took it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The envelope.
    pub to: Vec<String>,
    /// Did it come over TLS?
    pub tls: bool,
    /// Had the sender said who they are?
    pub authenticated: bool,
    /// Headers and body.
    pub content: String,
}

impl Mail {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> String {
        let head = self.content.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
        line.unwrap_or_else(|| panic!("there is no {name} in {head}"))
    }

    /// The part of that type, as a reader shows it.
    pub fn part(&self, kind: &str) -> String {
        let (_, rest) = self.content.split_once(&format!("Content-Type: {kind};")).expect("a part of that type");
        let (head, rest) = rest.split_once("\r\n\r\n").expect("a body");
        let (body, _) = rest.split_once("\r\n--=_").expect("an end");
        if !head.contains("quoted-printable") {
            return body.replace("\r\n", "\n");
        }
        let folded = body.replace("=\r\n", "").replace("\r\n", "\n");
        let (mut bytes, mut rest) = (Vec::new(), folded.as_bytes());
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (b'=', [high, low, tail @ ..]) => {
                    let digits = String::from_utf8(vec![*high, *low]).expect("digits");
                    bytes.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"));
                    rest = tail;
                }
                _ => bytes.push(*first),
            }
        }
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl MailServer {
    /// Starts one on a free port.
    pub fn start(kind: Kind, login: Option<(&'static str, &'static str)>) -> Self {
        let folder = tempfile::Builder::new().prefix("latchkey-it.").tempdir().expect("there is room for a folder");
        if kind != Kind::Plain {
            let made =
                Command::new("sh").args(["-c", CERTIFICATES]).current_dir(folder.path()).output().expect("there is a shell");
            assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
        }
        let server = Self { folder, kind, login, port: Cell::new(0), child: RefCell::new(None) };
        server.comes_back();
        server
    }

    /// It comes up (again), at the same port.
    pub fn comes_back(&self) {
        let kind = match self.kind {
            Kind::Plain => "plain",
            Kind::StartTls => "starttls",
            Kind::Smtps => "smtps",
        };
        let mut command = Command::new(python());
        command.args(["-c", PROGRAM]).arg(self.folder.path()).args([&self.port().to_string(), kind]);
        if let Some((user, password)) = self.login {
            command.args([user, password]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python can be started");
        let mut said = String::new();
        let output = child.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut said).expect("its output is text");
        let port = said.trim().strip_prefix("listening ").unwrap_or_else(|| panic!("the mail server does not listen: {said}"));
        self.port.set(port.parse().expect("a port"));
        self.child.replace(Some(child));
    }

    /// It goes down, whatever it is doing.
    pub fn goes_down(&self) {
        if let Some(mut child) = self.child.replace(None) {
            child.kill().and_then(|()| child.wait()).expect("it can be ended");
        }
    }

    /// What it does wrong from now on (see the program); nothing for an empty text.
    pub fn does(&self, mode: &str) {
        fs::write(self.folder.path().join("mode"), mode).expect("a folder of our own");
    }

    /// `LATCHKEY_MAIL` for it.
    pub fn url(&self) -> String {
        let login = self.login.map_or_else(String::new, |(user, password)| format!("{user}:{password}@"));
        match self.kind {
            Kind::Plain => format!("smtp://{login}127.0.0.1:{}", self.port()),
            Kind::StartTls => format!("smtp://{login}localhost:{}?ca={}", self.port(), self.ca().display()),
            Kind::Smtps => format!("smtps://{login}localhost:{}?ca={}", self.port(), self.ca().display()),
        }
    }

    /// The authority that vouches for it.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port.get()
    }

    /// Every mail it took, in order.
    pub fn mails(&self) -> Vec<Mail> {
        let path = |number: usize| self.folder.path().join("mail").join(format!("{number}.json"));
        let texts = (0..).map_while(|number| fs::read_to_string(path(number)).ok());
        let read = |text: String| {
            let mail: Value = serde_json::from_str(&text).expect("JSON");
            let list =
                |value: &Value| value.as_array().into_iter().flatten().map(|to| to.as_str().unwrap_or("").to_owned()).collect();
            Mail {
                to: list(&mail["to"]),
                tls: mail["tls"] == true,
                authenticated: mail["authenticated"] == true,
                content: mail["content"].as_str().expect("a text").to_owned(),
            }
        };
        texts.map(read).collect()
    }

    /// Waits until it took so many, and not more.
    pub async fn has(&self, count: usize) -> Vec<Mail> {
        let since = Instant::now();
        loop {
            let mails = self.mails();
            assert!(mails.len() <= count, "more than {count}: {mails:#?}");
            if mails.len() == count {
                return mails;
            }
            assert!(since.elapsed() < Duration::from_secs(20), "{} of {count} mails came", mails.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.goes_down();
    }
}

/// A Python that has aiosmtpd.
fn python() -> &'static str {
    static PYTHON: OnceLock<&'static str> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let has = |python: &&str| {
            Command::new(python).args(["-c", "import aiosmtpd.smtp"]).output().is_ok_and(|output| output.status.success())
        };
        ["python3", "/usr/bin/python3"]
            .into_iter()
            .find(has)
            .unwrap_or_else(|| panic!("these tests need a real mail server; on Debian: sudo apt-get install python3-aiosmtpd"))
    })
}
