//! A node: the real latch, its clock, and the rules' idea of what it remembers.
//!
//! Invariant: what a request shows goes to the latch and to the rules, in that order, and their answers are compared at once. It does
//! what the identity layer of the site does: the access token first, then the refresh token.

use super::rules::{Life, Memory, Session, Verdict};
use crate::support::ada::latch_with;
use crate::support::storage::TestDb;
use latchkey::auth::latch::{Access, Latch};
use latchkey::auth::refresh_token::RefreshToken;
use latchkey::auth::rotation::Exchange;
use latchkey::auth::session::{Door, Tokens};
use latchkey::clock::{Clock, unix};

/// Each node knows all, and makes new things with one.
const SECRETS: [&str; 3] =
    ["q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU", "Zr4Yb8Qm1Wc6Xn3Kt9Vs5Ld0Pf7Hg2Ja", "m3Wq7Zt1Bv9Kx5Rc2Yn8Jd4Gs6Hp0FaL"];

/// What a browser has.
#[derive(Debug, Clone, Default)]
pub struct Cookies {
    /// The generation of its refresh token.
    pub refresh: Option<i64>,
    access: Option<Pass>,
}

/// An access token.
#[derive(Debug, Clone)]
struct Pass {
    text: String,
    generation: i64,
    life: Life,
}

/// What a request comes to.
pub struct Reply {
    /// In the words of the rules.
    pub verdict: Verdict,
    /// The generation that was shown, where it came to that.
    pub exchanged: Option<i64>,
    /// The cookies of the answer.
    pub set: Option<Cookies>,
}

impl Reply {
    fn without(verdict: Verdict, exchanged: Option<i64>) -> Self {
        Self { verdict, exchanged, set: None }
    }
}

/// See the module.
pub struct Server {
    /// The real one.
    pub latch: Latch,
    /// Its clock, which stands.
    pub clock: Clock,
    /// Which secret it makes new things with.
    pub secret: usize,
    /// What the rules say it remembers.
    pub memory: Memory,
}

impl Server {
    /// Starts one.
    pub fn new(test: &TestDb, clock: Clock, secret: usize) -> Self {
        Self { latch: latch_at(test, &clock, secret), clock, secret, memory: Memory::default() }
    }

    /// It starts again and remembers nothing; what ended it reads.
    pub fn restart(&mut self, test: &TestDb, secret: usize, ended_here: bool) {
        self.latch = latch_at(test, &self.clock, secret);
        self.secret = secret;
        self.memory = Memory { ended_here, ..Memory::default() };
    }

    /// What cookies are worth here.
    ///
    /// # Errors
    /// In words, where latch and rules differ.
    pub async fn recognise(
        &mut self,
        session: &mut Session,
        known: &mut Vec<RefreshToken>,
        sent: &Cookies,
        renew: bool,
    ) -> Result<Reply, String> {
        let now = self.clock.now();
        if let Some(pass) = &sent.access {
            let said = self.latch.access(Door::Web, &pass.text).await.map_err(|cause| cause.to_string())?;
            let granted = matches!(said, Access::Granted(_));
            let (ended, ended_here) = (session.ended.is_some(), self.memory.ended_here);
            let expected = session.access(&mut self.memory, now, pass.generation, pass.life);
            // A node may hear of an end elsewhere before it must.
            if granted != expected && !(ended && !ended_here && !granted) {
                return Err(format!("an access token of generation {}: {said:?}, not {expected}", pass.generation));
            }
            if granted {
                return Ok(Reply::without(Verdict::Granted, None));
            }
        }
        let Some(generation) = sent.refresh else { return Ok(Reply::without(Verdict::Nobody, None)) };
        let said = self.latch.refresh(Door::Web, known[place(generation)].clone(), "192.0.2.1".to_owned(), renew, None).await;
        let said = said.map_err(|cause| cause.to_string())?;
        let expected = session.exchange(&mut self.memory, now, generation, renew);
        let verdict = match &said {
            Exchange::Renewed(tokens) => Verdict::Renewed(tokens.generation),
            Exchange::Straggler { .. } => Verdict::Straggler,
            Exchange::Reuse => Verdict::Reuse,
            Exchange::Kept => Verdict::Kept,
            Exchange::Refused(why) => Verdict::Refused(*why),
        };
        if verdict != expected {
            return Err(format!("a refresh token of generation {generation}: {verdict:?}, not {expected:?}"));
        }
        let Exchange::Renewed(tokens) = said else { return Ok(Reply::without(verdict, Some(generation))) };
        match known.get(place(tokens.generation)) {
            Some(known) if *known != tokens.refresh => return Err(format!("two successors of generation {generation}")),
            Some(_) => {}
            None => known.push(tokens.refresh.clone()),
        }
        Ok(Reply { verdict, exchanged: Some(generation), set: Some(self.answer(&tokens)) })
    }

    /// The cookies of an answer with these tokens.
    pub fn answer(&self, tokens: &Tokens) -> Cookies {
        let grant = self.latch.grant(tokens).expect("a key signs");
        let from = unix(self.clock.now());
        let life = Life { from, until: from + grant.expires_in };
        Cookies {
            refresh: Some(tokens.generation),
            access: Some(Pass { text: grant.token, generation: tokens.generation, life }),
        }
    }
}

/// Generations count from one.
fn place(generation: i64) -> usize {
    usize::try_from(generation - 1).expect("there is no generation before the first")
}

fn latch_at(test: &TestDb, clock: &Clock, secret: usize) -> Latch {
    let others: Vec<&str> = SECRETS.into_iter().filter(|other| *other != SECRETS[secret]).collect();
    latch_with(test, clock, SECRETS[secret], &others)
}
