//! The program itself, run as an operator runs it.
//!
//! Invariant: a program that a test starts is gone when the test is. Its environment is empty but for what the test says.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use url::Url;

/// A folder to run in, and the settings.
pub struct Place {
    /// The working folder; `var/` appears in it.
    pub folder: TempDir,
    settings: Vec<(String, String)>,
}

impl Place {
    /// An empty folder, cheap hashes, any free port.
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("latchkey-it.").tempdir().expect("there is room for a folder");
        let usual = [
            ("LATCHKEY_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_METRICS_LISTEN", "off"),
            ("LATCHKEY_BCRYPT_COST", "4"),
            ("LATCHKEY_DEMO", "off"),
        ];
        let usual = usual.into_iter().filter(|(name, _)| settings.iter().all(|(set, _)| set != name));
        let settings = usual.chain(settings.iter().copied()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { folder, settings }
    }

    /// The same place without one of the usual settings.
    pub fn without(mut self, name: &str) -> Self {
        self.settings.retain(|(set, _)| set != name);
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        if let Err(cause) = stdin.write_all(input.as_bytes()) {
            assert_eq!(cause.kind(), std::io::ErrorKind::BrokenPipe, "only one that has ended already takes no input");
        }
        drop(stdin);
        Ended::from(child.wait_with_output().expect("the program ends"))
    }

    /// Starts serving and waits until it listens.
    pub fn serve(&self) -> Serving {
        let log = self.folder.path().join("log");
        let file = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let mut child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("the program can be started");
        let mut said = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
        let mut before = Vec::new();
        loop {
            let Some(line) = said.next() else {
                let ended = child.wait().expect("it can be waited for");
                panic!("it does not listen, {ended}: {before:?} {}", fs::read_to_string(&log).unwrap_or_default());
            };
            let line = line.expect("its output is text");
            if let Some(origin) = line.strip_prefix("listening on ") {
                let origin = origin.trim().parse().expect("it listens on a URL");
                return Serving { child, origin, log, before, _said: said };
            }
            before.push(line);
        }
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub errors: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes text");
        Self { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
    }
}

/// A server of its own.
pub struct Serving {
    child: Child,
    /// Where it is.
    pub origin: Url,
    /// What it said on standard output before it listened.
    pub before: Vec<String>,
    log: PathBuf,
    _said: Lines<BufReader<ChildStdout>>,
}

impl Serving {
    /// Everything it and those before it in this folder wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// The most memory that it had at any moment, in bytes, as the system counts it.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the system counts it");
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its most");
        most.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end (SIGTERM), and waits; its exit status.
    pub fn stop(self) -> Option<i32> {
        self.ask_to_stop();
        self.wait()
    }

    /// Sends SIGTERM.
    pub fn ask_to_stop(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("there is `kill`");
        assert!(asked.success());
    }

    /// Waits for its end; its exit status.
    pub fn wait(mut self) -> Option<i32> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.code();
            }
            assert!(since.elapsed() < Duration::from_secs(30), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        match self.child.try_wait() {
            Ok(Some(_)) => {}
            _ => {
                if let Err(cause) = self.child.kill().and_then(|()| self.child.wait()) {
                    eprintln!("a server was not stopped: {cause}");
                }
            }
        }
    }
}

/// Does a folder hold nothing?
pub fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder can be listed").next().is_none()
}
