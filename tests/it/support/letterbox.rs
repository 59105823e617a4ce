//! The mail of a shop that writes it into files, as its readers find it.
//!
//! Invariant: a letter is looked for until it is there, for it is written after the answer; links are taken from the text, as a person would.

use super::app::TestApp;
use super::smtp::Mail;
use super::soon;
use std::fs;

impl TestApp {
    /// Every letter to that address, the oldest first.
    pub fn letters_to(&self, email: &str) -> Vec<Mail> {
        let folder = self.storage.folder.path().join("var").join("outbox");
        let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
        let mut found = Vec::new();
        for path in files.map(|file| file.expect("a file").path()).filter(|path| path.extension().is_some_and(|end| end == "eml"))
        {
            let at = fs::metadata(&path).and_then(|file| file.modified()).expect("a file has a time");
            let content = fs::read_to_string(&path).expect("a letter is text");
            found.push((at, Mail { to: vec![email.to_owned()], tls: false, authenticated: false, content }));
        }
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, mail)| mail).filter(|mail| mail.header("To").contains(email)).collect()
    }

    /// The text of the letter number `nth` (from 0) to that address with these words in its subject.
    pub async fn letter(&self, email: &str, subject: &str, nth: usize) -> String {
        let of = || self.letters_to(email).into_iter().filter(|mail| mail.header("Subject").contains(subject)).nth(nth);
        soon(&format!("letter {nth} about {subject}"), async || of().is_some()).await;
        of().expect("it was just there").part("text/plain")
    }

    /// Where the link in that letter leads: a path of ours.
    pub async fn link(&self, email: &str, subject: &str, nth: usize) -> String {
        let text = self.letter(email, subject, nth).await;
        let origin = self.origin.as_str().trim_end_matches('/');
        let links = text.lines().filter_map(|line| line.strip_prefix(origin));
        let found: Vec<&str> = links.filter(|path| path.len() > 43).collect();
        assert_eq!(found.len(), 1, "one link in: {text}");
        found[0].to_owned()
    }
}

/// Subjects of letters.
pub const RESET: &str = "Set a new password";
/// To the address of an account that is there.
pub const VERIFY: &str = "Confirm your e-mail address";
/// To the address of an account that is yet to be.
pub const ACCOUNT: &str = "Confirm your account";
/// To a new address.
pub const CHANGE: &str = "Confirm your new";
/// To the owner of an address that somebody wanted to use.
pub const KNOWN: &str = "already";
