//! A client of one connection that asks and waits, where the time of each single answer is what counts.
//!
//! Invariant: an answer is read to its end before the next request is sent. It does not know what it asks.

use anyhow::{Context as _, Result};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// One connection.
pub struct Client(BufReader<TcpStream>);

/// An answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The lines of the head after the first.
    pub headers: Vec<String>,
    /// How long the body is.
    pub length: usize,
}

impl Client {
    /// Connects to a port of loopback.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When the answer is none of HTTP/1.1 with a length.
    pub fn ask(&mut self, request: &str) -> Result<Reply> {
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let status = lines.first().and_then(|line| line.split(' ').nth(1)?.parse().ok()).context("a status")?;
        let headers = lines.split_off(1);
        let length = headers.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse().ok())?
        });
        let length = length.unwrap_or(0);
        self.0.read_exact(&mut vec![0; length])?;
        Ok(Reply { status, headers, length })
    }
}
