//! Ada and her sessions, below HTTP: a latch as a node has it, and what a browser does with it.

use super::storage::TestDb;
use diesel::prelude::*;
use latchkey::auth::latch::{Access, Latch};
use latchkey::auth::password::Password;
use latchkey::auth::refresh_token::RefreshToken;
use latchkey::auth::registration::{self, Applicant, Outcome};
use latchkey::auth::rotation::Exchange;
use latchkey::auth::secrets::Secrets;
use latchkey::auth::session::{Door, Opening, Tokens};
use latchkey::auth::sign_in::{self, Attempt, Second, Wish};
use latchkey::clock::Clock;
use latchkey::config::{Sources, load};
use latchkey::db::schema::sessions;
use latchkey::ids::SessionId;

/// Ada's.
pub const PASSWORD: &str = "seven quiet lamps glow";

const SECRET: &str = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU";

/// The latch of a node on that database.
pub fn latch_of(test: &TestDb, clock: &Clock) -> Latch {
    latch_with(test, clock, SECRET, &[])
}

/// The latch of a node that makes new things with one secret and knows others.
pub fn latch_with(test: &TestDb, clock: &Clock, secret: &str, previous: &[&str]) -> Latch {
    let environment = [
        ("DATABASE_URL", test.storage.text()),
        ("LATCHKEY_BCRYPT_COST", "4".to_owned()),
        ("LATCHKEY_SECRET", secret.to_owned()),
        ("LATCHKEY_SECRET_PREVIOUS", previous.join(",")),
    ];
    let set = environment.into_iter().filter(|(_, value)| !value.is_empty());
    let environment = set.map(|(name, value)| (name.to_owned(), value)).collect();
    let config = load(&Sources { environment, ..Sources::default() }).expect("valid settings");
    let secrets = Secrets::load(config.secret.as_ref(), &config.previous_secrets, test.storage.folder.path()).expect("a secret");
    Latch::open(&config, test.db.clone(), clock.clone(), secrets, "http://localhost:8080").expect("a latch")
}

/// A session asked for at a door.
pub fn wish(door: Door, replaces: Option<SessionId>) -> Wish {
    let opening = Opening {
        door,
        remember: false,
        user_agent: "test".to_owned(),
        address: "192.0.2.1".to_owned(),
        browser: None,
        replaces: None,
    };
    Wish { opening, replaces, errand: None }
}

/// Ada registers and is signed in.
pub async fn register(latch: &Latch, door: Door) -> Tokens {
    register_with(latch, "ada@example.com", wish(door, None)).await
}

/// Somebody registers in a browser and is signed in.
pub async fn register_as(latch: &Latch, email: &str, remember: bool) -> Tokens {
    let Wish { opening, replaces, errand } = wish(Door::Web, None);
    register_with(latch, email, Wish { opening: Opening { remember, ..opening }, replaces, errand }).await
}

async fn register_with(latch: &Latch, email: &str, wish: Wish) -> Tokens {
    let applicant =
        Applicant { name: "Ada".to_owned(), email: email.parse().expect("an address"), password: Password::typed(PASSWORD) };
    match registration::register(latch, applicant, wish).await.expect("the database is there") {
        Outcome::Registered(tokens, _) => *tokens,
        other => panic!("nobody is registered yet: {other:?}"),
    }
}

/// Ada signs in once more, unless she is refused.
pub async fn sign_in(latch: &Latch, replaces: Option<SessionId>) -> Option<Tokens> {
    sign_in_with(latch, "ada@example.com", replaces).await
}

/// Somebody signs in once more, in another browser.
pub async fn sign_in_as(latch: &Latch, email: &str) -> Tokens {
    sign_in_with(latch, email, None).await.expect("the password is right")
}

async fn sign_in_with(latch: &Latch, email: &str, replaces: Option<SessionId>) -> Option<Tokens> {
    let attempt = Attempt {
        email: email.parse(),
        password: Password::typed(PASSWORD),
        wish: wish(Door::Web, replaces),
        second: Second::Now(None),
    };
    match sign_in::sign_in(latch, attempt).await.expect("the database is there") {
        sign_in::Outcome::SignedIn(tokens, _) => Some(*tokens),
        _ => None,
    }
}

/// Shows a refresh token at a door.
pub async fn show(latch: &Latch, door: Door, token: &RefreshToken) -> Exchange {
    latch.refresh(door, token.clone(), "192.0.2.7".to_owned(), true, None).await.expect("the database is there")
}

/// Shows a refresh token of a browser that must be renewed.
pub async fn renewed(latch: &Latch, token: &RefreshToken) -> Tokens {
    match show(latch, Door::Web, token).await {
        Exchange::Renewed(tokens) => tokens,
        other => panic!("not renewed: {other:?}"),
    }
}

/// What the access token of these tokens is worth.
pub async fn access(latch: &Latch, tokens: &Tokens) -> Access {
    let grant = latch.grant(tokens).expect("a grant");
    latch.access(tokens.door, &grant.token).await.expect("the database is there")
}

/// Why a session ended, as a second connection reads it.
pub fn ended_because(test: &TestDb, session: SessionId) -> Option<String> {
    let mut conn = test.storage.second_connection();
    sessions::table.filter(sessions::public_id.eq(session)).select(sessions::ended_because).first(&mut conn).expect("a session")
}
