//! What a node does once a minute, whoever asks for pages meanwhile.
//!
//! Invariant: none of it stops the shop: what fails is logged and tried again a minute later.

use crate::auth;
use crate::shop::{self, payment};
use crate::web::app::App;
use crate::web::health;
use actix_web::web;
use std::time::Duration;

/// Runs until it is aborted.
pub async fn every_minute(app: web::Data<App>) {
    let mut minute = tokio::time::interval(Duration::from_mins(1));
    minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick comes at once; a shop that just started has better to do.
    minute.tick().await;
    loop {
        learn_words(&app).await;
        minute.tick().await;
        app.limits.forget_old();
        app.latch.tidy();
        // What all nodes share is deleted by the time: a node whose clock is wrong would end living sessions.
        if health::is_apart(&app) {
            let apart = app.latch.feed.offset();
            tracing::error!(%apart, "the database's clock and this machine's differ: nothing is tidied up until they agree");
            continue;
        }
        // First of all: a new key signs three minutes after it was made, and by then every node must have read it.
        let latch = app.latch.clone();
        match tokio::task::spawn_blocking(move || latch.keep_keys()).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => tracing::warn!(%cause, "the signing keys were not looked after"),
            Err(cause) => tracing::error!(%cause, "the upkeep of the signing keys fell over"),
        }
        watch_payments(&app).await;
        let (db, now) = (app.db.clone(), app.clock.now());
        let sweep = move || Ok::<_, crate::error::Error>((auth::upkeep::sweep(&db, now)?, shop::upkeep::sweep(&db, now)?));
        match tokio::task::spawn_blocking(sweep).await {
            Ok(Ok((swept, of_shop))) => {
                app.metrics.swept(&swept, &of_shop);
                tracing::debug!(?swept, ?of_shop, "swept");
            }
            Ok(Err(cause)) => tracing::warn!(%cause, "the minute's sweep did not end"),
            Err(cause) => tracing::error!(%cause, "the minute's sweep fell over"),
        }
    }
}

/// Looks which words are common; without it searches are slower, and find the same.
async fn learn_words(app: &web::Data<App>) {
    let (db, vocabulary) = (app.db.clone(), app.vocabulary.clone());
    match tokio::task::spawn_blocking(move || vocabulary.learn(&db)).await {
        Ok(Ok(())) => {}
        Ok(Err(cause)) => tracing::warn!(%cause, "which words are common was not looked at"),
        Err(cause) => tracing::error!(%cause, "the look at common words fell over"),
    }
}

/// Asks what became of payments, and calls off what nobody paid.
async fn watch_payments(app: &web::Data<App>) {
    let shop = app.clone();
    let round = move || payment::upkeep::round(&shop.db, shop.clock.now(), &shop.latch.post, &shop.payments);
    match tokio::task::spawn_blocking(round).await {
        Ok(Ok(done)) => tracing::debug!(?done, "payments were looked after"),
        Ok(Err(cause)) => tracing::warn!(%cause, "payments were not looked after"),
        Err(cause) => tracing::error!(%cause, "the upkeep of payments fell over"),
    }
}
