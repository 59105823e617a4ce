//! What a latch does with the signing keys: checks a token with them, looks after them, shows the public ones.
//!
//! Invariant: a check asks the database only when a token names a key that this node does not know, and then at most once a second.
//! It does not know what a token is worth beyond its signature and its times.

use super::Latch;
use crate::auth::access_token::{self, Fault};
use crate::auth::claims::Bearer;
use crate::auth::keys::ring::KeyRing;
use crate::auth::keys::{life, stored};
use crate::auth::secrets::needed;
use crate::auth::session::Door;
use crate::clock::{self, Moment};
use crate::db::Conn;
use crate::error::{Error, Result};

impl Latch {
    pub(super) async fn check(&self, door: Door, text: &str, now: Moment) -> Result<Result<Bearer, Fault>> {
        let check = |ring: &KeyRing| access_token::check(ring, text, &self.issuer, self.audience(door), clock::unix(now));
        match check(&self.ring.get()) {
            Err(Fault::UnknownKey) => {
                let latch = self.clone();
                self.ring.look_again(self.db.read(move |conn| latch.look_at_keys(conn))).await?;
                Ok(check(&self.ring.get()))
            }
            checked => Ok(checked),
        }
    }

    /// Looks after the signing keys, once a minute, on a blocking thread: rotates and deletes what is due, and reads them again.
    ///
    /// # Errors
    /// `Unavailable` from the database; the node goes on with the keys it has.
    pub fn keep_keys(&self) -> Result<()> {
        life::keep(&self.db, &self.secrets, self.clock.now(), self.algorithm)?;
        self.db.read_here(|conn| self.look_at_keys(conn))
    }

    fn look_at_keys(&self, conn: &mut Conn) -> Result<()> {
        let opened = stored::open_all(conn, &self.secrets)?;
        let foreign = match needed::no_orphans(conn, &self.secrets) {
            Ok(()) => None,
            Err(cause @ Error::Refused { .. }) => Some(cause),
            Err(cause) => return Err(cause),
        };
        self.ring.take(opened, foreign);
        Ok(())
    }

    /// Can this node read all signing keys, and check all passwords? If not, it has another secret than the shop.
    #[must_use]
    pub fn reads_all_keys(&self) -> bool {
        self.ring.is_whole()
    }

    /// What strangers check our tokens with (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> String {
        self.ring.get().jwks().to_owned()
    }
}
