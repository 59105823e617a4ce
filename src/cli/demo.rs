//! The demo shop: its goods, its two accounts, its history.
//!
//! Invariant: seeding twice changes nothing and prints nothing the second time; a password is printed once, when its account is made
//! or asked anew.

use super::{Failure, say};
use crate::auth::password::{NO_HASH, Password};
use crate::auth::registration::{self, Applicant};
use crate::auth::revocation::{self, Revocation};
use crate::auth::secrets::Secrets;
use crate::auth::session::{self, Because};
use crate::auth::user::{self, NewUser, Role};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::ids::{UserId, UserKey, random_bytes};
use crate::shop::demo::{self, Customer};
use indicatif::{ProgressBar, ProgressStyle};

/// Who is who in the demo shop.
const PEOPLE: [(&str, &str, &str, Role); 2] = [
    ("shopper", "shopper@example.com", "Ada Wren", Role::Shopper),
    ("operator", "operator@example.com", "Olive Park", Role::Admin),
];

/// Other customers, so that the history of the shop is not one person's. They have no passwords.
const CROWD: [(&str, &str); 8] = [
    ("mara.lindt@example.com", "Mara Lindt"),
    ("tomas.ferreira@example.com", "Tomás Ferreira"),
    ("ingrid.solberg@example.com", "Ingrid Solberg"),
    ("pieter.devries@example.com", "Pieter de Vries"),
    ("aoife.brennan@example.com", "Aoife Brennan"),
    ("luca.moretti@example.com", "Luca Moretti"),
    ("claire.aubert@example.com", "Claire Aubert"),
    ("jonas.weber@example.com", "Jonas Weber"),
];

/// Seeds goods, people and history.
pub(super) fn seed(config: &Config, db: &Db, secrets: &Secrets, clock: &Clock, new_passwords: bool) -> Result<(), Failure> {
    let now = clock.now();
    let bar = ProgressBar::no_length();
    bar.set_style(
        ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut progress = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    bar.set_message("products");
    demo::products(db, now, &config.shop.currency, &mut progress)?;
    let mut customers = Vec::new();
    let mut told = Vec::new();
    for (word, address, name, role) in PEOPLE {
        let (key, password) = person(config, db, secrets, clock, (address, name, role), new_passwords)?;
        told.extend(password.map(|password| format!("demo {word}: {address} {password}")));
        if role == Role::Shopper {
            customers.push(Customer { key, name: name.to_owned() });
        }
    }
    for (address, name) in CROWD {
        customers.push(Customer { key: bystander(db, clock, address, name)?, name: name.to_owned() });
    }
    bar.set_message("orders");
    demo::orders(db, now, &config.shop, &customers, &mut progress)?;
    bar.finish_and_clear();
    for line in told {
        say(line);
    }
    Ok(())
}

/// Makes the account if it is not there; its password, when it is a new one.
fn person(
    config: &Config,
    db: &Db,
    secrets: &Secrets,
    clock: &Clock,
    (address, name, role): (&str, &str, Role),
    new_passwords: bool,
) -> Result<(UserKey, Option<String>), Failure> {
    let email: crate::auth::email::Email = address.parse().map_err(Failure::Told)?;
    let now = clock.now();
    let invented = invent();
    let known = db.read_here(|conn| user::by_email(conn, &email))?.map(|(user, _)| user);
    let Some(known) = known else {
        let applicant = Applicant { name: name.to_owned(), email: email.clone(), password: Password::typed(&invented) };
        return match registration::add(db, secrets, config.bcrypt_cost, now, &applicant, role)? {
            Some(user) => {
                db.write_here(|conn| registration::vouch(conn, now, user.key))?;
                Ok((user.key, Some(invented)))
            }
            // Another node was faster: it printed the password.
            None => person(config, db, secrets, clock, (address, name, role), false),
        };
    };
    if !new_passwords {
        return Ok((known.key, None));
    }
    let hash = Password::typed(&invented).hash(secrets.current(), known.id, config.bcrypt_cost)?;
    db.write_here(|conn| {
        let epoch = user::change_password(conn, known.key, known.epoch, &hash)?.ok_or(crate::error::Error::NotFound)?;
        session::end_all(conn, now, known.key, None, Because::Password)?;
        revocation::record(conn, now, &[Revocation::Epoch(known.id, epoch)])
    })?;
    Ok((known.key, Some(invented)))
}

/// A customer who only stands in the history, and whom no password lets in.
fn bystander(db: &Db, clock: &Clock, address: &str, name: &str) -> Result<UserKey, Failure> {
    let email: crate::auth::email::Email = address.parse().map_err(Failure::Told)?;
    let id = UserId::random();
    let new = NewUser { id, email: &email, name, role: Role::Shopper, password_hash: NO_HASH };
    if let Some(user) = db.write_here(|conn| user::insert(conn, clock.now(), &new))? {
        return Ok(user.key);
    }
    let known = db.read_here(|conn| user::by_email(conn, &email))?;
    known.map(|(user, _)| user.key).ok_or_else(|| Failure::Told(format!("{address} cannot be found again")))
}

/// A password of about 100 bits that can be typed from a screen.
fn invent() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters: String = random_bytes::<20>().iter().map(|byte| char::from(LETTERS[usize::from(*byte % 32)])).collect();
    [&letters[..5], &letters[5..10], &letters[10..15], &letters[15..]].join("-")
}
