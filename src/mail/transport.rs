//! The ways a message leaves the shop: to a mail server, or into a folder.
//!
//! Invariant: a verdict says whether a message was taken, and when not, whether that is about this message or about the whole way.
//! What a server said is kept apart from its code: it may quote addresses and links, so it is for the eyes of whoever asked, and
//! never for the log. It does not know letters.

mod folder;
mod smtp;

use crate::config::{Mail, MailFrom};
use crate::error::Result;
use crate::mail::message::Parcel;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken: from here on it is the server's.
    Sent(Answer),
    /// This message to this person will never be taken (5xx).
    Refused(Answer),
    /// Not now; other messages may go (4xx).
    Later(Answer),
    /// Nothing goes this way now.
    Closed(Answer),
}

impl Verdict {
    /// What was answered.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        match self {
            Self::Sent(answer) | Self::Refused(answer) | Self::Later(answer) | Self::Closed(answer) => answer,
        }
    }
}

/// What a server answered, or why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For the log and the table: a code or a few words of ours.
    pub code: String,
    /// In full, for a person who asked.
    pub text: String,
}

impl Answer {
    /// There was none in time.
    #[must_use]
    pub fn none() -> Self {
        let code = "no answer in time".to_owned();
        Self { text: code.clone(), code }
    }
}

/// A way out.
pub enum Transport {
    /// A folder.
    Folder(folder::Folder),
    /// A mail server.
    Smtp(Box<smtp::Server>),
}

impl Transport {
    /// Prepares the way; nothing is tried yet.
    ///
    /// # Errors
    /// `Unavailable`, when there are no certificates to believe.
    pub fn new(mail: &Mail, from: &MailFrom) -> Result<Self> {
        Ok(match mail {
            Mail::Folder(folder) => Self::Folder(folder::Folder::new(folder)),
            Mail::Smtp(smtp) => Self::Smtp(Box::new(smtp::Server::new(smtp, from)?)),
        })
    }

    /// Sends one message.
    pub async fn deliver(&self, parcel: &Parcel) -> Verdict {
        match self {
            Self::Folder(folder) => folder.deliver(parcel).await,
            Self::Smtp(server) => server.deliver(parcel).await,
        }
    }

    /// Goes as far as one can without sending anything: what was answered, or why it does not work.
    ///
    /// # Errors
    /// The reason, in words.
    pub async fn probe(&self) -> Result<String, String> {
        match self {
            Self::Folder(folder) => folder.probe(),
            Self::Smtp(server) => server.probe().await,
        }
    }
}
