//! The four rules of acknowledged rotation as a small machine, held against the real code on real databases by made-up stories.
//!
//! Invariant: in every story code and rules agree at every step, and nobody is signed out by races, lost answers, crashes, changed
//! secrets or clocks that are a little off; a thief who uses the session is found out at the owner's next refresh. A story that
//! breaks this is cut down to its shortest before it is told. `PROPTEST_CASES` asks for more of them.

mod node;
mod promises;
mod rows;
mod rules;
mod story;
mod world;

use crate::support::Backend;
use crate::support::ada::ended_because;
use crate::support::storage::{Storage, TestDb};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rules::Slip;
use std::cell::{Cell, RefCell};
use story::Story;
use world::World;

/// Plays so many stories; the shortest one that goes wrong, in words.
fn play(backend: Backend, cases: u32, stories: &impl Strategy<Value = Story>, slip: Option<Slip>) -> Result<(), String> {
    let asked = std::env::var_os("PROPTEST_CASES").is_some() && slip.is_none();
    let cases = if asked { Config::default().cases } else { cases };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let storage = Storage::migrated(backend);
    let test = TestDb { db: storage.doors(), storage };
    let (conn, number) = (RefCell::new(test.storage.second_connection()), Cell::new(0));
    let system = actix_web::rt::System::new();
    let outcome = runner.run(stories, |story| {
        number.set(number.get() + 1);
        let told = system.block_on(async {
            let mut world = World::new(&test, number.get(), &story, slip).await;
            for (at, act) in story.acts.iter().enumerate() {
                let step = |wrong| format!("at step {}, {act:?}: {wrong}", at + 1);
                world.happens(act).await.map_err(step)?;
                rows::agree(&mut conn.borrow_mut(), world.id, &world.session).map_err(step)?;
            }
            world.ends().await?;
            match ended_because(&test, world.bystander) {
                None => Ok(()),
                Some(why) => Err(format!("the other browser was signed out: {why}")),
            }
        });
        told.map_err(TestCaseError::fail)
    });
    outcome.map_err(|wrong| wrong.to_string())
}

fn holds(backend: Backend, cases: u32, stories: &impl Strategy<Value = Story>) {
    if let Err(wrong) = play(backend, cases, stories, None) {
        panic!("{wrong}");
    }
}

mod an_owner_without_a_thief_is_never_signed_out {
    use super::*;

    #[test]
    fn on_sqlite() {
        holds(Backend::Sqlite, 150, &story::honest());
    }

    #[test]
    fn on_postgres() {
        holds(Backend::Postgres, 25, &story::honest());
    }
}

mod a_thief_is_found_out_or_left_behind {
    use super::*;

    #[test]
    fn on_sqlite() {
        holds(Backend::Sqlite, 250, &story::robbed());
    }

    #[test]
    fn on_postgres() {
        holds(Backend::Postgres, 40, &story::robbed());
    }
}

/// Were a rule written wrongly, would the stories tell?
#[test]
fn a_slip_in_a_rule_is_noticed() {
    for slip in [Slip::GuessesAreUnseen, Slip::SuccessorsForever, Slip::EndlessGrace] {
        let told = play(Backend::Sqlite, 500, &story::robbed(), Some(slip));
        assert!(told.is_err(), "{slip:?} went unnoticed");
    }
}
