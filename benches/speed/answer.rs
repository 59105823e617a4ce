//! One answer of the shop, kept so that the bare reference sends the same.
//!
//! Invariant: as many bytes, under the same headers; only what every server writes itself (length, date) is left to it.

use crate::load::Aim;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use anyhow::{Context as _, Result};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// Status, headers and body.
pub struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: actix_web::web::Bytes,
}

impl Answer {
    /// Asks for it once and keeps it in a file.
    ///
    /// # Errors
    /// When the answer is an error.
    pub fn keep(port: u16, aim: &Aim, folder: &Path, name: &str) -> Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        let body = aim.bodies.first().map_or("", String::as_str);
        let method = if aim.bodies.is_empty() { "GET" } else { "POST" };
        let headers = aim.headers.iter().fold(String::new(), |text, (name, value)| text + name + ": " + value + "\r\n");
        write!(
            stream,
            "{method} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            aim.path,
            aim.host,
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let wanted: &[u8] = if aim.bodies.is_empty() { b"HTTP/1.1 200" } else { b"HTTP/1.1 303" };
        if !answer.starts_with(wanted) {
            anyhow::bail!("{}: {}", aim.path, String::from_utf8_lossy(&answer[..answer.len().min(300)]));
        }
        Ok(std::fs::write(folder.join(name), answer)?)
    }

    /// Reads what `keep` kept.
    ///
    /// # Errors
    /// When it is no HTTP answer.
    pub fn read(folder: &Path, name: &str) -> Result<Self> {
        let kept = std::fs::read(folder.join(name))?;
        let end = kept.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("an empty line")?;
        let head = String::from_utf8(kept[..end].to_vec())?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("a status")?;
        let own = ["content-length", "date", "connection"];
        let headers =
            lines.filter_map(|line| line.split_once(": ")).filter(|(name, _)| !own.contains(&name.to_ascii_lowercase().as_str()));
        Ok(Self {
            status: status.parse()?,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: kept[end + 4..].to_vec().into(),
        })
    }

    /// How many bytes the body has.
    pub fn length(&self) -> usize {
        self.body.len()
    }

    /// The same again.
    pub fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for header in &self.headers {
            response.append_header((header.0.as_str(), header.1.as_str()));
        }
        response.body(self.body.clone())
    }
}
