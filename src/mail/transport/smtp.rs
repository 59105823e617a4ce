//! Mail to a server (RFC 5321).
//!
//! Invariant: over the network nothing of ours is said before TLS, and its certificate is always checked; a refusal counts against a
//! message only when it answers this message's recipient or content. It does not know how often a message was tried.

use super::{Answer, Verdict};
use crate::config::{MailFrom, Smtp, Tls};
use crate::error::{Error, Result};
use crate::mail::message::Parcel;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, response::Response};
use secrecy::ExposeSecret as _;
use std::time::Duration;

/// How long it may take until a server lets us in; then the conversation has its own limit.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a good-bye may take: what was to be done is done.
const QUIT: Duration = Duration::from_secs(5);

/// A mail server.
pub struct Server {
    host: String,
    port: u16,
    tls: Tls,
    parameters: Option<TlsParameters>,
    login: Option<Credentials>,
    name: ClientId,
}

impl Server {
    pub(super) fn new(smtp: &Smtp, from: &MailFrom) -> Result<Self> {
        let parameters = match smtp.tls {
            Tls::None => None,
            Tls::Start | Tls::Whole => Some(parameters(smtp)?),
        };
        let login =
            smtp.login.as_ref().map(|(user, password)| Credentials::new(user.clone(), password.expose_secret().to_owned()));
        let name = ClientId::Domain(from.domain().to_owned());
        Ok(Self { host: smtp.host.clone(), port: smtp.port, tls: smtp.tls, parameters, login, name })
    }

    pub(super) async fn deliver(&self, parcel: &Parcel) -> Verdict {
        let mut line = match self.connect().await {
            Ok(line) => line,
            Err(answer) => return Verdict::Closed(answer),
        };
        let verdict = match line.command(Mail::new(Some(parcel.from.clone()), Vec::new())).await {
            Ok(_) => hand_over(&mut line, parcel).await,
            // It does not want our sender: no message of ours goes here, whoever it is for.
            Err(cause) => Verdict::Closed(told(&cause)),
        };
        // Not awaited: whether it was taken must be written down before anything else can happen.
        tokio::spawn(part(line));
        verdict
    }

    pub(super) async fn probe(&self) -> Result<String, String> {
        match self.connect().await {
            Ok(line) => {
                let safe = if line.is_encrypted() { "over TLS" } else { "without TLS, on this machine" };
                let known = if self.login.is_some() { ", and knows us" } else { "" };
                let said = format!("{}:{} answers {safe}{known}", self.host, self.port);
                part(line).await;
                Ok(said)
            }
            Err(answer) => Err(format!("{}:{}: {}", self.host, self.port, answer.text)),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Answer> {
        match tokio::time::timeout(CONNECT, self.greet()).await {
            Ok(line) => line.map_err(|cause| told(&cause)),
            Err(_elapsed) => Err(Answer::none()),
        }
    }

    async fn greet(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let whole = if self.tls == Tls::Whole { self.parameters.clone() } else { None };
        let place = (self.host.as_str(), self.port);
        let mut line = AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT), &self.name, whole, None).await?;
        if let (Tls::Start, Some(parameters)) = (self.tls, &self.parameters) {
            // A server without STARTTLS is an error here: somebody between us may have struck it out.
            line.starttls(parameters.clone(), &self.name).await?;
        }
        if let Some(login) = &self.login {
            line.auth(&[Mechanism::Plain, Mechanism::Login], login).await?;
        }
        Ok(line)
    }
}

/// Recipient and content: from here on a refusal is about this message.
async fn hand_over(line: &mut AsyncSmtpConnection, parcel: &Parcel) -> Verdict {
    if let Err(cause) = line.command(Rcpt::new(parcel.to.clone(), Vec::new())).await {
        return judged(&cause);
    }
    if let Err(cause) = line.command(Data).await {
        return judged(&cause);
    }
    match line.message(&parcel.bytes).await {
        Ok(answer) => Verdict::Sent(said(&answer)),
        Err(cause) => judged(&cause),
    }
}

fn judged(cause: &smtp::Error) -> Verdict {
    let answer = told(cause);
    match cause.status().map(u16::from) {
        // "Authentication required", "too weak", "encryption required": the way is wrong, not the message (RFC 4954 section 6).
        Some(530 | 534 | 535 | 538 | 421) => Verdict::Closed(answer),
        Some(500..) => Verdict::Refused(answer),
        Some(_) => Verdict::Later(answer),
        None => Verdict::Closed(answer),
    }
}

/// Says good-bye, so that the server sees no broken connection; whether it hears it is all the same.
async fn part(mut line: AsyncSmtpConnection) {
    if tokio::time::timeout(QUIT, line.abort()).await.is_err() {
        tracing::debug!("a mail server did not say good-bye");
    }
}

fn parameters(smtp: &Smtp) -> Result<TlsParameters> {
    let failed = |cause: &dyn std::fmt::Display| Error::Unavailable(format!("the certificates for mail cannot be used: {cause}"));
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(ca) = &smtp.ca {
        let pem = std::fs::read(ca).map_err(|cause| failed(&cause))?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&pem).map_err(|cause| failed(&cause))?);
    }
    builder.build_rustls().map_err(|cause| failed(&cause))
}

fn said(answer: &Response) -> Answer {
    let code = answer.code().to_string();
    let words: Vec<&str> = answer.message().collect();
    Answer { text: format!("{code} {}", words.join(" ")), code }
}

/// A code where the server gave one; else what went wrong on the way, in words that quote nothing it sent.
fn told(cause: &smtp::Error) -> Answer {
    let text = cause.to_string();
    let code = match cause.status() {
        Some(code) => code.to_string(),
        None if cause.is_response() => "an answer that is none".to_owned(),
        None => text.clone(),
    };
    Answer { code, text }
}
