//! A shop with a mail server of its own, and what lies in its outbox.
//!
//! Invariant: rows are looked at from a second connection: what is seen there was committed.

use super::app::TestApp;
use super::people::Shopper;
use super::smtp::{Kind, MailServer};
use super::{Backend, Fixture, Settings};
use diesel::prelude::*;
use latchkey::db::schema::{outbox, users};
use latchkey::ids::UserKey;
use latchkey::mail::letter::{Cancelled, Letter};
use std::time::{Duration, Instant};

/// The shop and the server.
pub struct PostOffice {
    /// The shop.
    pub app: TestApp,
    /// The server.
    pub server: MailServer,
}

impl PostOffice {
    /// Status, tries and answer of each letter, in order.
    pub fn letters(&self) -> Vec<(String, i64, String)> {
        let letters = outbox::table.order(outbox::id).select((outbox::status, outbox::tries, outbox::answer));
        letters.load(&mut self.app.storage.second_connection()).expect("the outbox can be read")
    }

    /// Waits until the letters have come to these ends.
    pub async fn letters_are(&self, ends: &[&str]) {
        let since = Instant::now();
        loop {
            let letters = self.letters();
            if letters.iter().map(|(status, ..)| status.as_str()).eq(ends.iter().copied()) {
                return;
            }
            assert!(since.elapsed() < Duration::from_secs(20), "{letters:?} are not {ends:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many attempts failed and are to be made again.
    pub async fn is_tried(&self, times: u64) {
        let (since, tally) = (Instant::now(), self.app.server().latch.post.tally());
        while tally.put_off.get() < times {
            assert!(since.elapsed() < Duration::from_secs(20), "{:?}", self.letters());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The row of a person.
    pub fn key_of(&self, shopper: &Shopper) -> UserKey {
        let found = users::table.filter(users::email.eq(&shopper.email)).select(users::id);
        found.first(&mut self.app.storage.second_connection()).expect("they have an account")
    }

    /// A short letter to a person, by itself.
    pub async fn writes_to(&self, person: UserKey, number: &str) {
        let (post, now, letter) = (self.app.server().latch.post.clone(), self.app.clock.now(), short(number));
        self.app.db().write(move |conn| post.put(conn, now, person, letter)).await.expect("the outbox has room");
    }
}

/// A letter that is told apart by its number.
pub fn short(number: &str) -> Letter {
    let at = "2026-11-22T10:00:00Z";
    Letter::OrderCancelled(Cancelled {
        number: number.to_owned(),
        placed_at: at.to_owned(),
        at: at.to_owned(),
        total: 100,
        owed: 0,
        leaving: false,
    })
}

impl Fixture for PostOffice {
    async fn set_up(backend: Backend, settings: &Settings<'_>) -> Self {
        let server = MailServer::start(Kind::Plain, None);
        let url = server.url();
        let mut settings = settings.to_vec();
        settings.push(("LATCHKEY_MAIL", &url));
        Self { app: TestApp::start(backend, &settings).await, server }
    }

    async fn tear_down(self) {
        self.app.tear_down().await;
    }
}
