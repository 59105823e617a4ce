//! The latch: all that signing in needs, held together for one node.
//!
//! Invariant: an access token is checked without the database once its generation was seen here; what a request must not outrun
//! (seen, ended) is committed before the request is answered, and remembered only after the commit, on the committing thread.
//! It does not know HTTP or cookies.

mod keys;
mod refresh;

use crate::auth::access_token::{self, Fault};
use crate::auth::claims::{Bearer, Claims};
use crate::auth::feed::Feed;
use crate::auth::hasher::Hasher;
use crate::auth::keys::held::HeldRing;
use crate::auth::keys::{life, stored};
use crate::auth::passkey::Party;
use crate::auth::refused::RefusedTokens;
use crate::auth::revocation::Revocation;
use crate::auth::rotation;
use crate::auth::secrets::{Secrets, needed};
use crate::auth::seen::{Seen, SeenSessions};
use crate::auth::session::{self, Because, Door, Owner, Tokens};
use crate::auth::standing;
use crate::auth::tally::Tally;
use crate::auth::user::Role;
use crate::clock::{self, Clock, Moment};
use crate::config::{Algorithm, Config, Limit, SessionLimits, Tries};
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::ids::{SessionId, UserId, UserKey, base64url, random_bytes};
use crate::mail::outbox::Postbox;
use std::sync::Arc;
use std::time::Duration;

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The row.
    pub key: UserKey,
    /// The public name.
    pub id: UserId,
    /// Their session.
    pub session: SessionId,
    /// What they may do.
    pub role: Role,
}

impl Person {
    /// The owner of a session, there.
    #[must_use]
    pub fn of(owner: Owner, session: SessionId) -> Self {
        Self { key: owner.key, id: owner.id, session, role: owner.role }
    }
}

/// What an access token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is theirs.
    Granted(Person),
    /// It was good once.
    Stale,
    /// It never was; why, for the audit.
    Forged(&'static str),
}

/// An access token for the client.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The text.
    pub token: String,
    /// Its life in seconds.
    pub expires_in: i64,
}

/// See the module; a clone is the same latch.
#[derive(Clone)]
pub struct Latch(Arc<Inner>);

/// What the latch holds. Rooms of `auth` reach in; others use its methods.
pub struct Inner {
    /// The doors to the database.
    pub db: Db,
    /// The one clock.
    pub clock: Clock,
    /// The keys drawn from the master secret.
    pub secrets: Secrets,
    /// Where letters to people are left.
    pub post: Postbox,
    /// Lives of sessions and tokens.
    pub limits: SessionLimits,
    /// How much mail of a kind an address is sent.
    pub mail_limit: Limit,
    /// How many sign-ins may fail for an address before waits begin.
    pub tries: Tries,
    /// Where passwords are hashed.
    pub hasher: Hasher,
    /// Whom passkeys are for; none where there can be none.
    pub party: Option<Party>,
    issuer: String,
    audiences: [String; 2],
    algorithm: Algorithm,
    ring: HeldRing,
    /// What ends tokens early, wherever it was written.
    pub feed: Feed,
    /// What is counted.
    pub tally: Tally,
    seen: SeenSessions,
    refused: RefusedTokens,
}

impl std::ops::Deref for Latch {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Latch {
    /// Reads keys and revocations, once, before the first request.
    ///
    /// # Errors
    /// `Unavailable` from the database; `Refused` with `another_secret` when its keys or a password need a secret that is not
    /// given.
    pub fn open(config: &Config, db: Db, clock: Clock, secrets: Secrets, origin: &str) -> Result<Self> {
        let now = clock.now();
        db.read_here(|conn| needed::no_orphans(conn, &secrets))?;
        life::prepare(&db, &secrets, now, config.jwt_algorithm)?;
        let ring = HeldRing::new(db.read_here(|conn| stored::open_all(conn, &secrets))?)?;
        let tally = Tally::default();
        Ok(Self(Arc::new(Inner {
            post: Postbox::new(secrets.clone()),
            hasher: Hasher::new(secrets.clone(), config.bcrypt_cost),
            party: Party::new(origin, &config.shop.name),
            limits: config.sessions.clone(),
            mail_limit: config.limits.email,
            tries: config.limits.account,
            issuer: origin.to_owned(),
            audiences: [Door::Web, Door::Api].map(|door| format!("{origin}/{}", door.word())),
            algorithm: config.jwt_algorithm,
            ring,
            feed: Feed::start(&config.database, tally.lag.clone())?,
            tally,
            seen: SeenSessions::default(),
            refused: RefusedTokens::default(),
            db,
            clock,
            secrets,
        })))
    }

    /// Makes the access token that goes with a refresh token.
    ///
    /// # Errors
    /// `Internal`, should signing fail.
    pub fn grant(&self, tokens: &Tokens) -> Result<Grant> {
        let now = self.clock.now();
        let iat = clock::unix(now);
        let end = clock::unix(tokens.expires_at.min(tokens.idle_at));
        let life = i64::try_from(self.limits.access.as_secs()).unwrap_or(600);
        let exp = access_token::expiry(iat, life, end);
        let jti = base64url(random_bytes::<16>());
        let claims = Claims {
            iss: &self.issuer,
            aud: self.audience(tokens.door),
            sub: tokens.owner.id,
            sid: tokens.session,
            generation: tokens.generation,
            epoch: tokens.owner.epoch,
            role: tokens.owner.role,
            jti: &jti,
            iat,
            nbf: iat,
            exp,
        };
        Ok(Grant { token: access_token::issue(self.ring.get().signing(now), &claims)?, expires_in: exp - iat })
    }

    /// Says what an access token is worth at a door. Its generation is seen, and committed as seen, before this returns.
    ///
    /// # Errors
    /// `Unavailable` when that commit is not possible: nobody is let in on a guess.
    pub async fn access(&self, door: Door, text: &str) -> Result<Access> {
        let now = self.clock.now();
        let bearer = match self.check(door, text, now).await? {
            Ok(bearer) => bearer,
            Err(Fault::Forged(why)) => return Ok(Access::Forged(why)),
            Err(Fault::UnknownKey | Fault::Stale) => return Ok(Access::Stale),
        };
        if self.feed.memory().covers(bearer.sid, bearer.sub, bearer.epoch) {
            return Ok(Access::Stale);
        }
        if self.feed.is_stale() && !self.stands(door, &bearer, now).await? {
            return Ok(Access::Stale);
        }
        let granted = |key| Access::Granted(Person { key, id: bearer.sub, session: bearer.sid, role: bearer.role });
        if let Some(seen) = self.seen.get(bearer.sid, bearer.generation)
            && now < seen.touched + self.touch_every(door, bearer.role)
        {
            return Ok(granted(seen.user));
        }
        let (latch, sid, generation) = (self.clone(), bearer.sid, bearer.generation);
        let limits = self.limits.clone();
        let witness = self.db.write_then(
            move |conn| rotation::see(conn, &limits, now, door, sid, generation),
            move |witness| {
                if let Some(witness) = witness {
                    latch.forget(witness.revoked.as_slice());
                    latch.seen.remember(sid, Seen { generation, user: witness.user, touched: now });
                }
            },
        );
        Ok(witness.await?.map_or(Access::Stale, |witness| granted(witness.user)))
    }

    /// Asks the database, where this node may not have heard of everything.
    async fn stands(&self, door: Door, bearer: &Bearer, now: Moment) -> Result<bool> {
        let (limits, sid, epoch) = (self.limits.clone(), bearer.sid, bearer.epoch);
        self.db.read(move |conn| standing::is_good(conn, &limits, now, door, sid, epoch)).await
    }

    /// The session that an access token names, also one whose time is over.
    ///
    /// # Errors
    /// `ForgedToken`; `StaleToken` when its key is not known any longer.
    pub fn session_of(&self, door: Door, text: &str) -> Result<SessionId> {
        match access_token::check_signed(&self.ring.get(), text, &self.issuer, self.audience(door)) {
            Ok(bearer) => Ok(bearer.sid),
            Err(Fault::UnknownKey | Fault::Stale) => Err(Error::StaleToken),
            Err(Fault::Forged(_)) => Err(Error::ForgedToken),
        }
    }

    /// Ends a session; at once on this node.
    ///
    /// # Errors
    /// `Unavailable` from the database; the session lives on.
    pub async fn end(
        &self,
        id: SessionId,
        because: Because,
        record: impl FnOnce(&mut Conn) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let (now, memory) = (self.clock.now(), self.clone());
        let work = move |conn: &mut Conn| {
            let Some(key) = session::key_of(conn, id)? else { return Ok(None) };
            let ended = session::end(conn, now, key, because)?;
            if ended.is_some() {
                record(conn)?;
            }
            Ok(ended)
        };
        self.db.write_then(work, move |ended| memory.forget(ended.as_slice())).await?;
        Ok(())
    }

    /// Takes revocations into the memory of this node.
    pub fn forget(&self, revoked: &[Revocation]) {
        self.feed.wrote(revoked);
        for entry in revoked {
            if let Revocation::Session(id) = entry {
                self.seen.forget(*id);
            }
        }
    }

    /// Forgets what can no longer matter; once a minute.
    pub fn tidy(&self) {
        self.feed.memory().forget_old();
        self.refused.forget_old();
    }

    fn audience(&self, door: Door) -> &str {
        match door {
            Door::Web => &self.audiences[0],
            Door::Api => &self.audiences[1],
        }
    }

    /// `last_seen_at` is written at most once in this time (docs/SECURITY.md, "Sessions"). Whether a browser is to be remembered
    /// the token does not say: the shorter of the two holds.
    fn touch_every(&self, door: Door, role: Role) -> Duration {
        let idle = |remember| session::lifetime(&self.limits, door, remember, role).idle;
        (idle(false).min(idle(true)) / 10).min(Duration::from_mins(1))
    }
}
