//! The load: `wrk` from loopback, the same for all.
//!
//! Invariant: a run in which one answer was an error counts for nothing and says so. It does not know what it asks for.

use crate::server::Server;
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What is asked for, again and again.
pub struct Aim {
    /// The path.
    pub path: String,
    /// The host that the request names, whoever answers.
    pub host: String,
    /// The other headers.
    pub headers: Vec<(String, String)>,
    /// The bodies, sent in turn; none asks by GET.
    pub bodies: Vec<String>,
}

/// How hard.
#[derive(Debug, Clone, Copy)]
pub struct Force {
    /// Connections that wait for their answer before they ask again.
    pub connections: u32,
    /// Whole seconds.
    pub seconds: u64,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Answers in a second.
    pub rate: f64,
    /// The 99th percentile of the time to an answer.
    pub p99: Duration,
    /// Processor time of the server for an answer.
    pub work: Duration,
}

/// Says what is missing, before anything is measured.
///
/// # Errors
/// Without `wrk`.
pub fn check() -> Result<()> {
    let found = Command::new("wrk").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.map(drop).context("the load generator wrk is not installed; on Debian: apt-get install wrk")
}

/// Loads a server and waits for the end.
///
/// # Errors
/// When an answer was an error, or `wrk` failed.
pub fn run(server: &Server, aim: &Aim, force: Force, folder: &Path) -> Result<Run> {
    let before = server.worked()?;
    let out = start(server, aim, force, folder)?.wait_with_output()?;
    let work = server.worked()?.saturating_sub(before);
    let text = String::from_utf8_lossy(&out.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("result ")).with_context(|| format!("wrk failed: {text}"))?;
    let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    let [answers, micros, errors, p99] = numbers[..] else { bail!("wrk said: {line}") };
    if errors > 0.0 || answers < 1.0 {
        bail!("{}: {errors} of {answers} answers were errors", aim.path);
    }
    Ok(Run { rate: answers / micros * 1e6, p99: Duration::from_secs_f64(p99 / 1e6), work: work.div_f64(answers) })
}

/// Loads a server without waiting; it ends by itself.
///
/// # Errors
/// When `wrk` cannot be started.
pub fn start(server: &Server, aim: &Aim, force: Force, folder: &Path) -> Result<Child> {
    let script = folder.join("load.lua");
    fs::write(&script, lua(aim)?)?;
    let url = format!("http://127.0.0.1:{}{}", server.port, aim.path);
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c", &force.connections.to_string(), "-d", &format!("{}s", force.seconds), "--timeout", "10s", "-s"]);
    Ok(wrk.arg(script).arg(url).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?)
}

fn lua(aim: &Aim) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "wrk.headers[\"Host\"] = {:?}", aim.host)?;
    for (name, value) in &aim.headers {
        writeln!(text, "wrk.headers[{name:?}] = {value:?}")?;
    }
    if !aim.bodies.is_empty() {
        // The requests are put together once: the generator's own work is not what is measured.
        writeln!(text, "local bodies, requests, turn = {{}}, {{}}, 0")?;
        for body in &aim.bodies {
            writeln!(text, "bodies[#bodies + 1] = {body:?}")?;
        }
        text.push_str(
            "init = function() for at, body in ipairs(bodies) do requests[at] = wrk.format('POST', nil, nil, body) end end\n\
             request = function() turn = turn + 1; return requests[turn % #requests + 1] end\n",
        );
    }
    text.push_str(
        "done = function(summary, latency)\n\
           local e = summary.errors\n\
           local errors = e.connect + e.read + e.write + e.status + e.timeout\n\
           print(string.format('result %d %d %d %d', summary.requests, summary.duration, errors, latency:percentile(99)))\n\
         end\n",
    );
    Ok(text)
}
