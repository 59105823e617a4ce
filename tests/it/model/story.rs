//! What can happen to a session, one thing after the other.
//!
//! Invariant: everything here happens to real people; what a network cannot do (an answer that arrives after its tokens died) is not
//! in it. Shrinking leaves a story that can be read aloud.

use proptest::prelude::*;
use std::time::Duration;

/// One of two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// The first.
    A,
    /// The second; its clock is a little off.
    B,
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It reaches the browser at once.
    Arrives,
    /// It is under way for a while: `LateAnswersArrive`.
    IsLate,
    /// It never arrives.
    IsLost,
    /// The node dies between commit and answer, and starts again.
    DiesWithItsNode,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A tab of the owner's sends what the browser has.
    OwnerClicks(Node, Answer),
    /// So many tabs wake together, at both nodes in turn; the answers come in the order asked or reversed.
    TabsWake { tabs: u8, reversed: bool },
    /// The owner's browser fetches a page on a guess.
    OwnerGuesses(Node),
    /// A tab sends what the browser has, and the request is slow: `SlowRequestArrives`.
    SlowRequestLeaves(Node),
    /// The oldest slow request reaches its node.
    SlowRequestArrives,
    /// The answers under way reach the browser.
    LateAnswersArrive { newest_first: bool },
    /// A thief copies all the browser has.
    ThiefCopies,
    /// The thief sends what they have, as a guess or not, and takes the answer or lets it go.
    ThiefActs { at: Node, as_guess: bool, takes_answer: bool },
    /// The owner signs out.
    OwnerSignsOut(Node),
    /// A node starts again, with one of three secrets to make new things with.
    Restarts(Node, u8),
    /// A node's clock is put back by a second.
    ClockGoesBack(Node),
    /// Time passes.
    TimePasses(Duration),
}

/// A story: who is kept signed in, how far B's clock is off, and what happens.
#[derive(Debug, Clone)]
pub struct Story {
    /// "Keep me signed in".
    pub remember: bool,
    /// Seconds that B's clock is ahead, or behind.
    pub b_ahead: i8,
    /// What happens.
    pub acts: Vec<Act>,
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![Just(Node::A), Just(Node::B)]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![6 => Just(Answer::Arrives), 2 => Just(Answer::IsLate), 2 => Just(Answer::IsLost), 1 => Just(Answer::DiesWithItsNode)]
}

fn time() -> impl Strategy<Value = Act> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    prop_oneof![
        4 => prop_oneof![Just(1), Just(9), Just(31)],
        8 => Just(11 * MINUTE),
        2 => prop_oneof![Just(HOUR), Just(3 * HOUR)],
        1 => prop_oneof![Just(23 * HOUR), Just(5 * 24 * HOUR), Just(16 * 24 * HOUR)],
    ]
    .prop_map(|seconds| Act::TimePasses(Duration::from_secs(seconds)))
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => (node(), answer()).prop_map(|(node, answer)| Act::OwnerClicks(node, answer)),
        3 => (2..5_u8, any::<bool>()).prop_map(|(tabs, reversed)| Act::TabsWake { tabs, reversed }),
        1 => node().prop_map(Act::OwnerGuesses),
        2 => node().prop_map(Act::SlowRequestLeaves),
        2 => Just(Act::SlowRequestArrives),
        2 => any::<bool>().prop_map(|newest_first| Act::LateAnswersArrive { newest_first }),
        1 => node().prop_map(Act::ClockGoesBack),
        1 => (node(), 0..3_u8).prop_map(|(node, secret)| Act::Restarts(node, secret)),
        10 => time(),
    ]
}

fn crime() -> impl Strategy<Value = Act> {
    let acts = (node(), any::<bool>(), any::<bool>());
    prop_oneof![
        1 => Just(Act::ThiefCopies),
        5 => acts.prop_map(|(at, as_guess, takes_answer)| Act::ThiefActs { at, as_guess, takes_answer }),
    ]
}

fn story_of(act: impl Strategy<Value = Act>) -> impl Strategy<Value = Story> {
    let acts = proptest::collection::vec(act, 1..40);
    (any::<bool>(), -2..=2_i8, acts).prop_map(|(remember, b_ahead, acts)| Story { remember, b_ahead, acts })
}

/// A life without a thief.
pub fn honest() -> impl Strategy<Value = Story> {
    story_of(prop_oneof![40 => act(), 1 => node().prop_map(Act::OwnerSignsOut)])
}

/// One with.
pub fn robbed() -> impl Strategy<Value = Story> {
    story_of(prop_oneof![30 => act(), 10 => crime(), 1 => node().prop_map(Act::OwnerSignsOut)])
}
