//! Two real nodes over one real database, a browser, a thief, and what is under way between them.
//!
//! Invariant: each request goes to the real latch and to the rules, and both must say the same; after each act the rows must be as
//! the rules have them. Clocks stand, so a slow machine changes no verdict.

use super::node::{Cookies, Reply, Server};
use super::promises::{Outcome, Promises, Who};
use super::rules::{Limits, Session, Slip};
use super::story::{Act, Answer, Node, Story};
use crate::support::ada::{register_as, sign_in_as};
use crate::support::storage::TestDb;
use latchkey::auth::refresh_token::RefreshToken;
use latchkey::auth::rotation::Refusal;
use latchkey::auth::session::Because;
use latchkey::clock::Clock;
use latchkey::ids::SessionId;
use std::time::Duration;

/// A request takes no longer than this to its node: less than the grace.
const SLOWEST_REQUEST: Duration = Duration::from_secs(20);
/// An answer takes no longer than this to its browser: less than the life of a token.
const LATEST_ANSWER: Duration = Duration::from_mins(5);

/// See the module.
pub struct World<'a> {
    test: &'a TestDb,
    nodes: [Server; 2],
    /// What the rules say.
    pub session: Session,
    /// The session they speak of.
    pub id: SessionId,
    /// The same person's other browser, which nothing here concerns.
    pub bystander: SessionId,
    tokens: Vec<RefreshToken>,
    owner: Cookies,
    thief: Option<Cookies>,
    slow: Vec<(Node, Cookies, Duration)>,
    late: Vec<(Cookies, Duration)>,
    promises: Promises,
    elapsed: Duration,
    clock_corrections: u8,
}

impl<'a> World<'a> {
    /// Somebody signs in, in two browsers; the story is about the first.
    pub async fn new(test: &'a TestDb, number: u32, story: &Story, slip: Option<Slip>) -> Self {
        let start = Clock::default().now();
        let apart = Duration::from_secs(u64::from(story.b_ahead.unsigned_abs()));
        let other = Clock::standing(if story.b_ahead < 0 { start - apart } else { start + apart });
        let nodes = [Clock::standing(start), other].map(|clock| Server::new(test, clock, 0));
        let email = format!("person{number}@example.com");
        let tokens = register_as(&nodes[0].latch, &email, story.remember).await;
        let bystander = sign_in_as(&nodes[0].latch, &email).await.session;
        let lives = &nodes[0].latch.limits;
        let life = if story.remember { lives.remember } else { lives.session };
        let limits = Limits { idle: life.idle, max: life.max, grace: lives.grace, touch: Duration::from_mins(1) };
        let mut world = Self {
            test,
            session: Session::new(start, limits, slip),
            id: tokens.session,
            bystander,
            tokens: vec![tokens.refresh.clone()],
            owner: Cookies::default(),
            thief: None,
            slow: Vec::new(),
            late: Vec::new(),
            promises: Promises::default(),
            elapsed: Duration::ZERO,
            clock_corrections: 0,
            nodes,
        };
        world.owner = world.nodes[0].answer(&tokens);
        world
    }

    /// One thing happens.
    ///
    /// # Errors
    /// In words, where the code and the rules part, or a promise breaks.
    pub async fn happens(&mut self, act: &Act) -> Result<(), String> {
        match *act {
            Act::OwnerClicks(node, answer) => {
                let reply = self.request(Who::Owner, node, &self.owner.clone(), true).await?;
                match (answer, reply.set) {
                    (Answer::Arrives, Some(got)) => self.owner = got,
                    (Answer::IsLate, Some(got)) => self.late.push((got, self.elapsed)),
                    (Answer::DiesWithItsNode, _) => self.restart(node, self.nodes[node as usize].secret),
                    (_, None) | (Answer::IsLost, _) => {}
                }
            }
            Act::TabsWake { tabs, reversed } => {
                let (sent, mut answers) = (self.owner.clone(), Vec::new());
                for node in [Node::A, Node::B].into_iter().cycle().take(usize::from(tabs)) {
                    answers.extend(self.request(Who::Owner, node, &sent, true).await?.set);
                }
                if reversed {
                    answers.reverse();
                }
                self.owner = answers.pop().unwrap_or(sent);
            }
            Act::OwnerGuesses(node) => drop(self.request(Who::Owner, node, &self.owner.clone(), false).await?),
            Act::SlowRequestLeaves(node) => self.slow.push((node, self.owner.clone(), self.elapsed)),
            Act::SlowRequestArrives if !self.slow.is_empty() => {
                let (node, sent, _) = self.slow.remove(0);
                if let Some(got) = self.request(Who::Owner, node, &sent, true).await?.set {
                    self.owner = got;
                }
            }
            Act::LateAnswersArrive { newest_first } => {
                let mut answers = std::mem::take(&mut self.late);
                if newest_first {
                    answers.reverse();
                }
                if let Some((got, _)) = answers.pop() {
                    self.owner = got;
                }
            }
            Act::ThiefCopies => self.thief = Some(self.owner.clone()),
            Act::ThiefActs { at, as_guess, takes_answer } => {
                if let Some(copy) = self.thief.clone()
                    && let Some(got) = self.request(Who::Thief, at, &copy, !as_guess).await?.set
                    && takes_answer
                {
                    self.thief = Some(got);
                }
            }
            Act::OwnerSignsOut(node) => self.sign_out(node).await?,
            Act::Restarts(node, secret) => self.restart(node, usize::from(secret)),
            Act::ClockGoesBack(node) if self.clock_corrections < 2 => {
                self.clock_corrections += 1;
                self.nodes[node as usize].clock.go_back(Duration::from_secs(1));
            }
            Act::SlowRequestArrives | Act::ClockGoesBack(_) => {}
            Act::TimePasses(time) => self.pass(time),
        }
        Ok(())
    }

    /// How it must end: an owner whom nobody robbed goes on; one whom somebody robbed finds it out at the next refresh.
    ///
    /// # Errors
    /// In words, where it does not.
    pub async fn ends(&mut self) -> Result<(), String> {
        let limits = self.session.limits;
        let lives = self.promises.should_live(self.elapsed + Duration::from_mins(11), limits.idle, limits.max);
        self.pass(Duration::from_mins(11));
        let has = self.owner.refresh.unwrap_or(i64::MAX);
        let robbed = self.promises.is_robbed(has, self.elapsed, limits.grace);
        let reply = self.request(Who::Owner, Node::A, &self.owner.clone(), true).await?;
        match (robbed, self.promises.has_thief()) {
            (true, _) if self.session.ended.is_none() && lives => Err("a thief went first and is not found out".to_owned()),
            (_, false) if lives && !reply.verdict.admits() => Err("nobody robbed the owner, who is signed out".to_owned()),
            _ => Ok(()),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.elapsed += time;
        self.nodes.iter().for_each(|node| node.clock.advance(time));
        let now = self.elapsed;
        self.slow.retain(|(_, _, left)| now <= *left + SLOWEST_REQUEST);
        self.late.retain(|(_, made)| now <= *made + LATEST_ANSWER);
    }

    fn restart(&mut self, node: Node, secret: usize) {
        let ended_here = self.session.ended.is_some();
        self.nodes[node as usize].restart(self.test, secret, ended_here);
    }

    async fn sign_out(&mut self, node: Node) -> Result<(), String> {
        let cookies = std::mem::take(&mut self.owner);
        if self.request(Who::Owner, node, &cookies, true).await?.verdict.admits() {
            let server = &mut self.nodes[node as usize];
            let ended = server.latch.end(self.id, Because::SignOut, |_| Ok(())).await;
            ended.map_err(|cause| cause.to_string())?;
            if self.session.ended.is_none() {
                self.session.end(&mut server.memory, Refusal::Ended);
            }
        }
        self.promises.signed_out();
        Ok(())
    }

    /// Sends cookies to a node.
    async fn request(&mut self, who: Who, node: Node, sent: &Cookies, renew: bool) -> Result<Reply, String> {
        let before: Vec<i64> = self.session.seen.keys().copied().collect();
        let server = &mut self.nodes[node as usize];
        let reply = server.recognise(&mut self.session, &mut self.tokens, sent, renew).await?;
        let first_seen = self.session.seen.keys().copied().filter(|generation| !before.contains(generation)).collect();
        let outcome = Outcome { who, exchanged: reply.exchanged, verdict: reply.verdict, first_seen, at: self.elapsed };
        let limits = self.session.limits;
        self.promises
            .judge(&outcome, limits.idle, limits.max, limits.grace)
            .map_err(|broken| format!("{broken}: {outcome:?}"))?;
        Ok(reply)
    }
}
