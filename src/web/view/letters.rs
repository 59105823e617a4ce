//! The words of letters, from templates/mail.
//!
//! Invariant: a letter's links begin with the public URL and nothing else; its text template opens with one line, the subject, and a
//! value that has a line break in it cannot make another header of it. It does not know how letters are sent.

use super::templates::Templates;
use crate::error::{Error, Result};
use crate::mail::letter::{Addressed, Letter};
use crate::mail::message::Words;
use tera::Context;

/// Draws a letter.
///
/// # Errors
/// `Internal`, when its templates are wrong.
pub fn draw(templates: &Templates, addressed: &Addressed) -> Result<Words> {
    let (html, text) = names(&addressed.letter);
    let mut context = Context::new();
    context.insert("letter", &addressed.letter);
    context.insert("name", &addressed.to.greeting());
    context.insert_value("shop", templates.shop().clone());
    let drawn = |name| String::from_utf8(templates.render(name, &context)?).map_err(Error::internal);
    let (html, text) = (drawn(html)?, drawn(text)?);
    let (subject, text) = text
        .strip_prefix("Subject: ")
        .and_then(|text| text.split_once('\n'))
        .ok_or_else(|| Error::internal("the text of a letter does not open with its subject"))?;
    Ok(Words { subject: subject.to_owned(), text: text.trim_start().to_owned(), html })
}

fn names(letter: &Letter) -> (&'static str, &'static str) {
    match letter {
        Letter::OrderPlaced(_) => ("mail/order_placed.html", "mail/order_placed.txt"),
        Letter::OrderPaid(_) => ("mail/order_paid.html", "mail/order_paid.txt"),
        Letter::OrderShipped(_) => ("mail/order_shipped.html", "mail/order_shipped.txt"),
        Letter::OrderCancelled(_) => ("mail/order_cancelled.html", "mail/order_cancelled.txt"),
        Letter::SignInEnded(_) => ("mail/sign_in_ended.html", "mail/sign_in_ended.txt"),
        Letter::PasswordChanged(_) => ("mail/password_changed.html", "mail/password_changed.txt"),
        Letter::VerifyEmail(_) => ("mail/verify_email.html", "mail/verify_email.txt"),
        Letter::ConfirmRegistration(_) => ("mail/confirm_registration.html", "mail/confirm_registration.txt"),
        Letter::AddressKnown(_) => ("mail/address_known.html", "mail/address_known.txt"),
        Letter::ResetPassword(_) => ("mail/reset_password.html", "mail/reset_password.txt"),
        Letter::ConfirmEmail(_) => ("mail/confirm_email.html", "mail/confirm_email.txt"),
        Letter::EmailChangeAsked(_) => ("mail/email_change_asked.html", "mail/email_change_asked.txt"),
        Letter::EmailChanged(_) => ("mail/email_changed.html", "mail/email_changed.txt"),
        Letter::SecondFactorChanged(_) => ("mail/second_factor_changed.html", "mail/second_factor_changed.txt"),
        Letter::NewDevice(_) => ("mail/new_device.html", "mail/new_device.txt"),
        Letter::ApiTokenMade(_) => ("mail/api_token_made.html", "mail/api_token_made.txt"),
        Letter::AccountDeleted(_) => ("mail/account_deleted.html", "mail/account_deleted.txt"),
        Letter::Trial => ("mail/trial.html", "mail/trial.txt"),
    }
}

#[cfg(test)]
mod tests;
