//! The exchange of a refresh token, as a node does it.
//!
//! Invariant: most hopeless tokens end in this node's memory or in a look without a lock; what ends in the exchange is remembered after
//! its commit, on the committing thread. The rules themselves stand in `rotation`.

use super::{Latch, Person};
use crate::auth::letters;
use crate::auth::refresh_token::RefreshToken;
use crate::auth::rotation::{self, Exchange, Look, Shown};
use crate::auth::session::Door;
use crate::auth::standing::Found;
use crate::db::Conn;
use crate::error::Result;
use std::ops::ControlFlow;
use tokio::sync::oneshot;

impl Latch {
    /// Exchanges a refresh token at a door; with `renew` off it is only seen and judged. Where a look finds nothing that speaks
    /// against it, `tell` hears at once whose it is. The exchange may still say otherwise: what is begun on that word is shown to
    /// nobody before it ends.
    ///
    /// # Errors
    /// `Unavailable` from the database; the token is as good as before.
    pub async fn refresh(
        &self,
        door: Door,
        token: RefreshToken,
        address: String,
        renew: bool,
        tell: Option<oneshot::Sender<Person>>,
    ) -> Result<Exchange> {
        let hash = token.hash();
        if let Some(refusal) = self.refused.get(door, &hash) {
            let refused = Exchange::Refused(refusal);
            self.tally.exchanged(&refused);
            return Ok(refused);
        }
        let (now, shown) = (self.clock.now(), token.clone());
        let (looking, latch, memory) = (self.clone(), self.clone(), self.clone());
        let look = move |conn: &mut Conn| match rotation::look(conn, &looking.limits, now, door, &shown)? {
            Look::Live(found) => {
                if let Some(tell) = tell.filter(|_| found.is_plain())
                    && tell.send(Person::of(found.session.owner()?, found.session.id)).is_err()
                {
                    tracing::debug!("who showed a refresh token has gone away; it is exchanged all the same");
                }
                Ok(ControlFlow::Continue(found))
            }
            Look::Refused(refusal) => {
                looking.refused.remember(door, hash, refusal);
                Ok(ControlFlow::Break((Exchange::Refused(refusal), Vec::new())))
            }
        };
        let work = move |conn: &mut Conn, found: Box<Found>| {
            let shown = Shown { door, token: &token, address: &address, renew };
            letters::exchange(conn, &latch, now, &found, shown)
        };
        let (exchange, _) = self.db.look_then_write(look, work, move |(_, revoked)| memory.forget(revoked)).await?;
        self.tally.exchanged(&exchange);
        Ok(exchange)
    }
}
