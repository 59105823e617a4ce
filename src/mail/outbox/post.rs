//! The postbox: where a verb leaves a letter.
//!
//! Invariant: leaving a letter is part of the verb's own transaction; the sender is woken after its commit, never before, and not at all
//! by what strangers ask for. It does not know who empties it.

use super::{Taken, WAITING};
use crate::clock::Moment;
use crate::db::schema::{outbox, users};
use crate::db::{Conn, after_commit};
use crate::error::{Error, Result};
use crate::ids::{LetterId, LetterKey, UserKey};
use crate::mail::letter::{Addressed, Letter, Recipient};
use diesel::prelude::*;
use prometheus_client::metrics::counter::Counter;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Notify;

/// Encrypts what waits, so that a stolen database opens no account by the links in it.
pub trait Seal: Send + Sync {
    /// The id of the secret that is in use now.
    fn id(&self) -> &str;
    /// Encrypts: the id of the secret, and the text. `purpose` must be the same when it is opened.
    fn seal(&self, purpose: &str, plain: &[u8]) -> (String, String);
    /// Decrypts what was encrypted with that secret.
    fn open(&self, secret: &str, purpose: &str, sealed: &str) -> Option<Vec<u8>>;
}

/// How many letters of this node came to which end since it started.
#[derive(Debug, Default)]
pub struct Tally {
    /// Taken by a server, or written to a file.
    pub sent: Counter,
    /// Refused for good.
    pub refused: Counter,
    /// Given up, because they were of no use any more.
    pub expired: Counter,
    /// Attempts that failed and are made again.
    pub put_off: Counter,
}

/// See the module; a clone is the same postbox.
#[derive(Clone)]
pub struct Postbox(Arc<Inner>);

struct Inner {
    seal: Box<dyn Seal>,
    bell: Notify,
    tally: Tally,
}

impl Postbox {
    /// A postbox whose letters are encrypted with this.
    pub fn new(seal: impl Seal + 'static) -> Self {
        Self(Arc::new(Inner { seal: Box::new(seal), bell: Notify::new(), tally: Tally::default() }))
    }

    /// Leaves a letter to a person, at the address they have now. A person who is gone gets none.
    ///
    /// # Errors
    /// What the database says; then the act did not happen either.
    pub fn put(&self, conn: &mut Conn, now: Moment, to: UserKey, letter: Letter) -> Result<()> {
        let person = users::table.find(to).select((users::email, users::name)).first(conn).optional()?;
        let Some((address, name)) = person else { return Ok(()) };
        self.put_to(conn, now, Recipient { address, name }, letter)
    }

    /// Leaves a letter to an address, such as one that a person had, or wants to have.
    ///
    /// # Errors
    /// What the database says; then the act did not happen either.
    pub fn put_to(&self, conn: &mut Conn, now: Moment, to: Recipient, letter: Letter) -> Result<()> {
        self.leave(conn, now, &Addressed { to, letter })?;
        let inner = Arc::clone(&self.0);
        after_commit(move || inner.bell.notify_one());
        Ok(())
    }

    /// Leaves a letter that a stranger asked for, to the owner of an address or, where that is nobody or nobody may learn who, to no
    /// one: the sender does the same with it, all but the sending. It is found at the sender's own beat, not in the very moment in
    /// which the stranger could time what the sending does to the next request.
    ///
    /// # Errors
    /// What the database says; then the act did not happen either.
    pub fn put_unasked(&self, conn: &mut Conn, now: Moment, to: Option<Recipient>, letter: Letter) -> Result<()> {
        let to = to.unwrap_or_else(Recipient::nobody);
        self.leave(conn, now, &Addressed { to, letter })
    }

    fn leave(&self, conn: &mut Conn, now: Moment, addressed: &Addressed) -> Result<()> {
        let (id, letter) = (LetterId::random(), &addressed.letter);
        let plain = serde_json::to_vec(addressed).map_err(Error::internal)?;
        let (secret, sealed) = self.0.seal.seal(&purpose(id), &plain);
        diesel::insert_into(outbox::table)
            .values((
                outbox::message_id.eq(id),
                outbox::kind.eq(letter.kind()),
                outbox::sealed.eq(sealed),
                outbox::secret_id.eq(secret),
                outbox::status.eq(WAITING),
                outbox::created_at.eq(now),
                outbox::due_at.eq(now),
                outbox::expires_at.eq(now + letter.good_for()),
            ))
            .execute(conn)?;
        Ok(())
    }

    /// Opens a letter, to send it; `None` when its secret is not known any longer.
    ///
    /// # Errors
    /// `Internal`, when what was sealed is no letter of this version.
    pub fn open(&self, taken: &Taken) -> Result<Option<Addressed>> {
        let sealed = taken.sealed.as_deref().unwrap_or_default();
        let Some(plain) = self.0.seal.open(&taken.secret, &purpose(taken.id), sealed) else { return Ok(None) };
        serde_json::from_slice(&plain).map(Some).map_err(|_| Error::internal("a letter cannot be read"))
    }

    /// Encrypts at most `most` waiting letters anew that an earlier secret had encrypted; how many there were. One that no secret given
    /// here opens stays as it is.
    ///
    /// # Errors
    /// What the database says.
    pub fn reseal(&self, conn: &mut Conn, most: i64) -> Result<usize> {
        let earlier: Vec<(LetterKey, LetterId, String, Option<String>)> = outbox::table
            .filter(outbox::status.eq(WAITING))
            .filter(outbox::secret_id.ne(self.0.seal.id()))
            .select((outbox::id, outbox::message_id, outbox::secret_id, outbox::sealed))
            .limit(most)
            .load(conn)?;
        let mut done = 0;
        for (key, id, secret, sealed) in earlier {
            let old = sealed.unwrap_or_default();
            let Some(plain) = self.0.seal.open(&secret, &purpose(id), &old) else { continue };
            let (secret, fresh) = self.0.seal.seal(&purpose(id), &plain);
            // It may have been sent meanwhile: then there is nothing to encrypt.
            let same = outbox::table.filter(outbox::id.eq(key)).filter(outbox::sealed.eq(old));
            done += diesel::update(same).set((outbox::sealed.eq(fresh), outbox::secret_id.eq(secret))).execute(conn)?;
        }
        Ok(done)
    }

    /// Comes true when somebody left a letter; at once, when that was since the last time.
    pub async fn rung(&self) {
        self.0.bell.notified().await;
    }

    /// How letters ended, for metrics.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.0.tally
    }
}

impl fmt::Debug for Postbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postbox")
    }
}

/// A sealed text opens in its own row only.
fn purpose(id: LetterId) -> String {
    format!("letter {id}")
}
