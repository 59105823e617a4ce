//! The latch: all that signing in needs, held together for one node.
//!
//! Invariant: an access token is checked without the database once its generation was seen here; what a request must not outrun
//! (seen, ended) is committed before the request is answered, and remembered only after the commit, on the committing thread.
//! It does not know HTTP or cookies.

mod refresh;

use crate::auth::access_token::{self, Fault};
use crate::auth::claims::Claims;
use crate::auth::feed::Feed;
use crate::auth::hasher::Hasher;
use crate::auth::keys::{self, KeyRing};
use crate::auth::refused::RefusedTokens;
use crate::auth::revocation::Revocation;
use crate::auth::rotation;
use crate::auth::secrets::Secrets;
use crate::auth::seen::{Seen, SeenSessions};
use crate::auth::session::{self, Because, Door, Tokens};
use crate::auth::standing;
use crate::auth::tally::Tally;
use crate::auth::user::Role;
use crate::clock::{self, Clock, Moment};
use crate::config::{Config, SessionLimits};
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::ids::{SessionId, UserId, UserKey, base64url, random_bytes};
use crate::mail::outbox::Postbox;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

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
    /// Where passwords are hashed.
    pub hasher: Hasher,
    issuer: String,
    audiences: [String; 2],
    ring: RwLock<(Arc<KeyRing>, Instant)>,
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
    /// `Unavailable` from the database; `Internal` when its keys were sealed with another secret.
    pub fn open(config: &Config, db: Db, clock: Clock, secrets: Secrets, origin: &str) -> Result<Self> {
        let now = clock.now();
        let ring = db.write_here(|conn| keys::load(conn, &secrets, now))?;
        let tally = Tally::default();
        Ok(Self(Arc::new(Inner {
            post: Postbox::new(secrets.clone()),
            hasher: Hasher::new(secrets.clone(), config.bcrypt_cost),
            limits: config.sessions.clone(),
            issuer: origin.to_owned(),
            audiences: [Door::Web, Door::Api].map(|door| format!("{origin}/{}", door.word())),
            ring: RwLock::new((Arc::new(ring), Instant::now())),
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
        let iat = clock::unix(self.clock.now());
        let end = clock::unix(tokens.expires_at.min(tokens.idle_at));
        let life = i64::try_from(self.limits.access.as_secs()).unwrap_or(600);
        let exp = access_token::expiry(iat, life, end);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience(tokens.door).to_owned(),
            sub: tokens.owner.id,
            sid: tokens.session,
            generation: tokens.generation,
            epoch: tokens.owner.epoch,
            role: tokens.owner.role,
            jti: base64url(random_bytes::<16>()),
            iat,
            nbf: iat,
            exp,
        };
        Ok(Grant { token: access_token::issue(&self.ring(), &claims)?, expires_in: exp - iat })
    }

    /// Says what an access token is worth at a door. Its generation is seen, and committed as seen, before this returns.
    ///
    /// # Errors
    /// `Unavailable` when that commit is not possible: nobody is let in on a guess.
    pub async fn access(&self, door: Door, text: &str) -> Result<Access> {
        let now = self.clock.now();
        let claims = match self.check(door, text, now).await? {
            Ok(claims) => claims,
            Err(Fault::Forged(why)) => return Ok(Access::Forged(why)),
            Err(Fault::UnknownKey | Fault::Stale) => return Ok(Access::Stale),
        };
        if self.feed.memory().covers(claims.sid, claims.sub, claims.epoch) {
            return Ok(Access::Stale);
        }
        if self.feed.is_stale() && !self.stands(door, &claims, now).await? {
            return Ok(Access::Stale);
        }
        let granted = |key| Access::Granted(Person { key, id: claims.sub, session: claims.sid, role: claims.role });
        if let Some(seen) = self.seen.get(claims.sid, claims.generation)
            && now < seen.touched + self.touch_every(door, claims.role)
        {
            return Ok(granted(seen.user));
        }
        let (latch, sid, generation) = (self.clone(), claims.sid, claims.generation);
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
    async fn stands(&self, door: Door, claims: &Claims, now: Moment) -> Result<bool> {
        let (limits, sid, epoch) = (self.limits.clone(), claims.sid, claims.epoch);
        self.db.read(move |conn| standing::is_good(conn, &limits, now, door, sid, epoch)).await
    }

    /// The session that an access token names, also one whose time is over.
    ///
    /// # Errors
    /// `ForgedToken`; `StaleToken` when its key is not known any longer.
    pub fn session_of(&self, door: Door, text: &str) -> Result<SessionId> {
        match access_token::check_signed(&self.ring(), text, &self.issuer, self.audience(door)) {
            Ok(claims) => Ok(claims.sid),
            Err(Fault::UnknownKey | Fault::Stale) => Err(Error::StaleToken),
            Err(Fault::Forged(_)) => Err(Error::ForgedToken),
        }
    }

    async fn check(&self, door: Door, text: &str, now: Moment) -> Result<Result<Claims, Fault>> {
        let check = |ring: &KeyRing| access_token::check(ring, text, &self.issuer, self.audience(door), clock::unix(now));
        match check(&self.ring()) {
            Err(Fault::UnknownKey) => {
                self.reread_ring().await?;
                Ok(check(&self.ring()))
            }
            checked => Ok(checked),
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

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Reads the key ring again, at most once a second.
    async fn reread_ring(&self) -> Result<()> {
        {
            let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
            if ring.1.elapsed() < Duration::from_secs(1) {
                return Ok(());
            }
            ring.1 = Instant::now();
        }
        let (latch, now) = (self.clone(), self.clock.now());
        let fresh = self.db.write(move |conn| keys::load(conn, &latch.secrets, now)).await?;
        self.ring.write().unwrap_or_else(PoisonError::into_inner).0 = Arc::new(fresh);
        Ok(())
    }

    /// `last_seen_at` is written at most once in this time (docs/SECURITY.md, "Sessions"). Whether a browser is to be remembered
    /// the token does not say: the shorter of the two holds.
    fn touch_every(&self, door: Door, role: Role) -> Duration {
        let idle = |remember| session::lifetime(&self.limits, door, remember, role).idle;
        (idle(false).min(idle(true)) / 10).min(Duration::from_mins(1))
    }
}
