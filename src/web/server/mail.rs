//! The mail sender of a running shop.
//!
//! Invariant: it draws with the shop's own templates and links to its public URL. It does not know what is written.

use crate::config::{BadSetting, Config};
use crate::mail::sender::{Draw, Sender};
use crate::mail::transport::Transport;
use crate::web::app::App;
use crate::web::view::letters;
use actix_web::web;
use std::time::Duration;

/// What a stop leaves to a mail server that is taking a mail just now.
pub const GRACE: Duration = Duration::from_secs(5);

/// Puts the sender together.
///
/// # Errors
/// As `way`.
pub fn sender(app: &web::Data<App>) -> Result<Sender, BadSetting> {
    let shop = app.clone();
    let draw: Draw = Box::new(move |letter| letters::draw(&shop.templates, letter));
    Ok(Sender {
        db: app.db.clone(),
        clock: app.clock.clone(),
        post: app.latch.post.clone(),
        from: app.config.mail_from.clone(),
        transport: way(&app.config)?,
        draw,
    })
}

/// The way that mail takes.
///
/// # Errors
/// `BadSetting`, when the certificates that a server would be checked with cannot be had.
pub fn way(config: &Config) -> Result<Transport, BadSetting> {
    Transport::new(&config.mail, &config.mail_from).map_err(|cause| BadSetting {
        name: "LATCHKEY_MAIL".to_owned(),
        why: cause.to_string(),
        fix: "install the machine's list of authorities (ca-certificates), or name a file of your own with ?ca=FILE".to_owned(),
    })
}
