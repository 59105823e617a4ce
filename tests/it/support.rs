//! What a test stands on: a place to run in, and people who act.
//!
//! Invariant: whatever a test starts is gone after it, also when it panics. Nothing here asserts what the shop should do.

pub mod ada;
pub mod api_client;
pub mod app;
pub mod authenticator;
pub mod binary;
pub mod browser;
pub mod gateway;
pub mod goods;
pub mod heard;
pub mod jar;
pub mod letterbox;
pub mod page;
pub mod people;
pub mod phone;
pub mod post_office;
pub mod postgres;
pub mod smtp;
pub mod storage;
pub mod visitor;

use futures_util::FutureExt as _;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::{Duration, Instant};

/// Which of the two databases a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file in a folder of the test's own.
    Sqlite,
    /// A database of the tests' own cluster.
    Postgres,
}

/// Settings a test changes: name in the environment, value.
pub type Settings<'a> = [(&'a str, &'a str)];

/// What a test is handed.
pub trait Fixture: Sized {
    /// Makes it.
    async fn set_up(backend: Backend, settings: &Settings<'_>) -> Self;
    /// Takes it down, whatever became of the test.
    async fn tear_down(self);
}

/// Runs one test on one database.
pub fn run<F: Fixture>(backend: Backend, settings: &Settings<'_>, test: impl AsyncFnOnce(&F)) {
    actix_web::rt::System::new().block_on(async {
        let fixture = F::set_up(backend, settings).await;
        let outcome = AssertUnwindSafe(test(&fixture)).catch_unwind().await;
        fixture.tear_down().await;
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
    });
}

/// Waits until it is so, for as long as a busy machine may need.
pub async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !is_so().await {
        assert!(since.elapsed() < Duration::from_secs(20), "{what} does not come to pass");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The contents of a file of tests: each named function becomes two tests, `name::on_sqlite` and `name::on_postgres`.
///
/// `on_both! { a_shopper_signs_in, a_token_dies with { "LATCHKEY_ACCESS_TTL" = "2s" } }`
#[macro_export]
macro_rules! on_both {
    ($($name:ident $(with { $($setting:literal = $value:literal),* $(,)? })?),* $(,)?) => { $(
        mod $name {
            use $crate::support::{Backend, run};

            #[test]
            fn on_sqlite() {
                run(Backend::Sqlite, &[$($(($setting, $value)),*)?], super::$name);
            }

            #[test]
            fn on_postgres() {
                run(Backend::Postgres, &[$($(($setting, $value)),*)?], super::$name);
            }
        }
    )* };
}
