//! A private Postgres, started by the tests themselves.
//!
//! Invariant: nothing of it outlives the tests, however they end: a shell (cluster.sh) owns the server and waits for a pipe that
//! only this process holds. It does not know what the databases are for.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use latchkey::config::DatabaseUrl;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

const SCRIPT: &str = include_str!("cluster.sh");

/// A running cluster.
pub struct Cluster {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    /// Where it lies.
    pub folder: String,
    /// Its port on localhost, where it has one.
    pub port: u16,
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Panics
    /// In words, when this machine cannot: a test that needs Postgres fails, it is never passed over.
    pub fn start() -> Self {
        Self::start_as("plain")
    }

    /// One that also listens on localhost, with TLS and never without; `ca.crt` in its folder vouches for it.
    pub fn start_with_tls() -> Self {
        Self::start_as("tls")
    }

    fn start_as(kind: &str) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "cluster", SCRIPT, kind])
            .current_dir("/")
            .process_group(0) // an interrupt from the keyboard is for the tests; the shell must live on to clean up
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let orders = shell.stdin.take();
        let answers = shell.stdout.take().expect("the shell's output is a pipe");
        let mut answers = BufReader::new(answers).lines();
        let folder: String = answers.next().expect("the shell says where the cluster is").expect("it can be read");
        assert!(!folder.starts_with("failed: "), "Postgres did not start. {folder}");
        let (folder, port) = folder.split_once(' ').expect("a folder and a port");
        Self { shell, orders, answers, folder: folder.to_owned(), port: port.parse().expect("a port") }
    }

    /// Stops the server and keeps its data.
    pub fn halt(&mut self) {
        self.order("stop");
    }

    /// Starts it again.
    pub fn resume(&mut self) {
        self.order("start");
    }

    fn order(&mut self, word: &str) {
        let orders = self.orders.as_mut().expect("the cluster is there");
        writeln!(orders, "{word}").expect("the shell listens");
        let answer = self.answers.next().expect("the shell answers").expect("it can be read");
        assert_eq!(answer, format!("{word} done"));
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://latchkey@{}:{}/{database}", self.folder.replace('/', "%2F"), self.port)
    }

    /// Runs a statement that belongs to no database of ours, such as `CREATE DATABASE`.
    pub fn run(&self, statement: &str) {
        self.try_to_run(statement).unwrap_or_else(|cause| panic!("{statement}: {cause}"));
    }

    fn try_to_run(&self, statement: &str) -> Result<(), String> {
        let mut conn = PgConnection::establish(&self.url("postgres")).map_err(|cause| cause.to_string())?;
        conn.batch_execute(statement).map_err(|cause| cause.to_string())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Err(cause) = self.shell.wait() {
            eprintln!("the shell of a cluster did not end well: {cause}");
        }
    }
}

/// A database of the shared cluster, for one test; dropped with it.
pub struct Database {
    name: String,
}

impl Database {
    /// One with nothing in it.
    pub fn empty() -> Self {
        Self::from_template("template0")
    }

    /// One with today's schema. The template is migrated once.
    pub fn migrated() -> Self {
        static TEMPLATE: OnceLock<()> = OnceLock::new();
        TEMPLATE.get_or_init(|| {
            shared(|cluster| cluster.run("CREATE DATABASE migrated TEMPLATE template0"));
            let url: DatabaseUrl = shared(|cluster| cluster.url("migrated")).parse().expect("a URL of Postgres");
            latchkey::db::migrate(&url).expect("an empty database can be migrated");
        });
        Self::from_template("migrated")
    }

    fn from_template(template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        shared(|cluster| cluster.run(&format!("CREATE DATABASE {name} TEMPLATE {template}")));
        Self { name }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        shared(|cluster| cluster.url(&self.name))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // No panic here: it may be a panic that drops us.
        if let Err(cause) = shared(|cluster| cluster.try_to_run(&format!("DROP DATABASE {} WITH (FORCE)", self.name))) {
            eprintln!("{} was not dropped: {cause}", self.name);
        }
    }
}

/// The one cluster of this process. It lies in a static, which is never dropped: the closing pipe ends it.
fn shared<T>(work: impl FnOnce(&Cluster) -> T) -> T {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    work(CLUSTER.get_or_init(Cluster::start))
}
