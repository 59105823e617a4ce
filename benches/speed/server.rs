//! A server of ours in a process of its own: the shop as it is released, or a reference.
//!
//! Invariant: it listens on loopback at a port of its own choice, and is ended, by its own process id, when it is dropped.
//! It does not know what it serves.

use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Linux counts processor time in hundredths of a second for everybody.
const TICK: Duration = Duration::from_millis(10);

/// A running server.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// From the start of its process until it listened.
    pub starting: Duration,
}

impl Server {
    /// Starts a program that says `listening on http://HOST:PORT` once it does.
    ///
    /// # Errors
    /// When it ends before.
    pub fn start(program: &str, arguments: &[&str], environment: &BTreeMap<String, String>) -> Result<Self> {
        let started = Instant::now();
        // The log is written as everybody's is, to somewhere that takes it.
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let said = BufReader::new(child.stdout.take().context("its output is ours")?);
        let ready = said.lines().find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned));
        let starting = started.elapsed();
        let port = ready.as_deref().and_then(|url| url.rsplit(':').next()?.parse().ok());
        let server = Self { child, port: port.unwrap_or(0), starting };
        if port.is_none() {
            anyhow::bail!("{program} ended before it listened");
        }
        Ok(server)
    }

    /// Resident memory in MiB.
    ///
    /// # Errors
    /// Where there is no /proc.
    pub fn resident(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }

    /// Processor time used so far, which tells of a server's work also on a machine that has other things to do.
    ///
    /// # Errors
    /// Where there is no /proc.
    pub fn worked(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("a name in brackets")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let ticks: u32 = fields.get(11).context("utime")?.parse::<u32>()? + fields.get(12).context("stime")?.parse::<u32>()?;
        Ok(TICK * ticks)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(cause) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("a server could not be ended: {cause}");
        }
    }
}
