//! Who runs the shop sends a file to the page.
//!
//! Invariant: the file takes the way of every upload, and is carried out when it was read. It does not know what is in it.

use super::until;
use crate::Open;
use crate::client::Client;
use crate::shop::{Pass, Shop};
use anyhow::{Context as _, Result, ensure};
use diesel::prelude::*;
use latchkey::auth::email::Email;
use latchkey::auth::password::Password;
use latchkey::auth::registration::{self, Applicant};
use latchkey::auth::secrets::Secrets;
use latchkey::auth::session::Owner;
use latchkey::auth::user::Role;
use latchkey::clock::Clock;
use latchkey::db::Db;
use latchkey::db::schema::imports;

/// Somebody who may.
pub struct Operator {
    pass: Pass,
    db: Db,
}

impl Operator {
    /// Signs one in.
    ///
    /// # Errors
    /// What the database says.
    pub fn enters(open: &Open) -> Result<Self> {
        let config = open.shop.config()?;
        let (db, secrets) = (Db::open(&config.database, 2)?, Secrets::load(config.secret.as_ref(), &[], &config.var)?);
        let email: Email = "operator@example.com".parse().map_err(anyhow::Error::msg)?;
        let applicant = Applicant { name: "Grace Wren".to_owned(), email, password: Password::typed("not asked for here") };
        let user =
            registration::add(&db, &secrets, 4, Clock::default().now(), &applicant, Role::Admin)?.context("somebody new")?;
        let owner = Owner { key: user.key, id: user.id, role: user.role, epoch: user.epoch };
        let pass = Shop::enter(&open.shop.latch(open.server.port)?, owner)?;
        Ok(Self { pass, db })
    }

    /// Sends a file, carries it out and waits for its end; the server's memory then, in MiB.
    ///
    /// # Errors
    /// When it is refused.
    pub fn imports(&self, open: &Open, file: &[u8]) -> Result<f64> {
        let mut client = Client::connect(open.server.port)?;
        let part = |name: &str, more: &str| format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        let before = format!(
            "{}{}\r\n{}",
            part("csrf", ""),
            self.pass.csrf,
            part("file", "; filename=\"goods.csv\"\r\nContent-Type: text/csv")
        );
        let file = std::str::from_utf8(file)?;
        let path = self.asks(
            &mut client,
            open,
            "/admin/import",
            "multipart/form-data; boundary=edge",
            &format!("{before}{file}\r\n--edge--\r\n"),
        )?;
        self.comes_to("ready")?;
        let form = "application/x-www-form-urlencoded";
        self.asks(&mut client, open, &format!("{path}/start"), form, &format!("csrf={}", self.pass.csrf))?;
        self.comes_to("done")?;
        open.server.resident()
    }

    /// Posts it; where that leads.
    fn asks(&self, client: &mut Client, open: &Open, path: &str, kind: &str, body: &str) -> Result<String> {
        let host = format!("localhost:{}", open.server.port);
        let reply = client.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: __Host-at={}; __Host-hint=1\r\nOrigin: http://{host}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.pass.token,
            body.len()
        ))?;
        ensure!(reply.status == 303, "{path}: {} {:?}", reply.status, reply.headers);
        let place = reply.headers.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.to_owned())
        });
        place.context("a place to go to")
    }

    fn comes_to(&self, state: &str) -> Result<()> {
        let newest = imports::table.order(imports::id.desc()).select(imports::state);
        until(|| Ok(self.db.read_here(|conn| Ok(newest.first::<String>(conn)?))? == state))
    }
}
