//! Carries the trial provider's messages to the shop, over HTTP like anybody's.
//!
//! Invariant: a message that does not arrive is only logged: what was decided stands in the provider's books, and the shop asks. It has
//! a thread of its own, so it never waits for one that the shop needs to answer it.

use crate::error::{Error, Result};
use crate::shop::payment::provider::PaymentProvider as _;
use crate::shop::payment::trial::{Message, SIGNATURE, Trial, TrialBill};
use crate::web::app::App;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// How long the shop may take to answer one message.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells the shop so many times what was decided.
///
/// # Errors
/// `Internal`, when no thread can be had.
pub(super) async fn carry(app: &App, trial: &Trial, bill: &TrialBill, times: usize) -> Result<()> {
    let Some(tidings) = bill.tidings() else { return Ok(()) };
    let address = app.origin.url().join(&format!("/payments/{}/webhook", trial.name())).map_err(Error::internal)?;
    let message = trial.message(&tidings)?;
    let (done, arrived) = tokio::sync::oneshot::channel();
    let work = move || {
        for _ in 0..times {
            match send(address.as_str(), &message) {
                Ok(200) => {}
                Ok(status) => tracing::warn!(status, "the shop did not take a message of the trial provider"),
                Err(cause) => tracing::warn!(%cause, "a message of the trial provider did not reach the shop"),
            }
        }
        // Nobody waits any more when the person has gone away.
        if done.send(()).is_err() {
            tracing::debug!("the person did not wait for the trial provider");
        }
    };
    std::thread::Builder::new().name("trial-courier".to_owned()).spawn(work).map_err(Error::internal)?;
    if arrived.await.is_err() {
        tracing::warn!("the trial provider's courier fell over");
    }
    Ok(())
}

fn send(address: &str, message: &Message) -> Result<u16, ureq::Error> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    let agent: Agent = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .build()
        .new_agent();
    let request = agent.post(address).header(SIGNATURE, &message.signature).content_type("application/json");
    Ok(request.send(message.body.as_str())?.status().as_u16())
}
