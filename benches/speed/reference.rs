//! What the shop is compared with, in a process of its own: for each page a bare handler that sends the same bytes with the same
//! headers, and one that runs the same statements through the same doors and renders nothing.
//!
//! Invariant: the server is set up as the shop's is (workers, blocking threads, pool). It does not know the load.

use crate::answer::Answer;
use crate::shop;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result};
use latchkey::auth::alive::Alive;
use latchkey::auth::glance;
use latchkey::auth::user::Role;
use latchkey::clock::Clock;
use latchkey::config::{SessionLimits, Terms};
use latchkey::db::Db;
use latchkey::error::Error;
use latchkey::ids::{ProductId, SessionId, UserKey};
use latchkey::shop::catalogue::{self, Query};
use latchkey::shop::quantity::SetQuantity;
use latchkey::shop::{cart, order};
use latchkey::web::server;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whose pages, over which database.
struct Stand {
    db: Db,
    clock: Clock,
    limits: SessionLimits,
    terms: Terms,
    shopper: UserKey,
    product: ProductId,
    turn: AtomicBool,
    bare: [Answer; 3],
}

/// Serves until the process is ended.
///
/// # Errors
/// When the arguments, the settings or the files are not what `main` gives.
pub fn serve(arguments: &[String]) -> Result<()> {
    let [shopper, product, folder] = arguments else { anyhow::bail!("reference SHOPPER PRODUCT FOLDER") };
    let config = shop::read(&std::env::vars().collect())?;
    let bare = ["dashboard", "products", "set"].map(|name| Answer::read(folder.as_ref(), name));
    let [dashboard, products, set] = bare;
    let stand = web::Data::new(Stand {
        db: Db::open(&config.database, config.pool)?,
        clock: Clock::default(),
        limits: config.sessions.clone(),
        terms: config.shop.terms,
        shopper: UserKey(shopper.parse()?),
        product: product.parse()?,
        turn: AtomicBool::default(),
        bare: [dashboard?, products?, set?],
    });
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let (workers, threads) = server::threads(&config);
    actix_web::rt::System::new().block_on(async move {
        let running = HttpServer::new(move || {
            App::new()
                .app_data(stand.clone())
                .route("/bare/dashboard", web::get().to(|stand: web::Data<Stand>| async move { stand.bare[0].response() }))
                .route("/bare/products", web::get().to(|stand: web::Data<Stand>| async move { stand.bare[1].response() }))
                .route("/bare/set", web::post().to(|stand: web::Data<Stand>, _: String| async move { stand.bare[2].response() }))
                .route("/statements/dashboard", web::get().to(dashboard_statements))
                .route("/statements/products", web::get().to(products_statements))
                .route("/statements/set", web::post().to(set_statements))
        })
        .workers(workers)
        .worker_max_blocking_threads(threads)
        .listen(listener)
        .context("the reference cannot listen")?
        .run();
        println!("listening on http://localhost:{port}");
        Ok(running.await?)
    })
}

async fn dashboard_statements(stand: web::Data<Stand>) -> Result<HttpResponse, Error> {
    let (shopper, session) = (stand.shopper, SessionId::random());
    let (now, terms) = (stand.clock.now(), stand.terms);
    let alive = Alive::at(now, &stand.limits, Role::Shopper);
    let load = move |conn: &mut _| {
        Ok((
            glance::with_account(conn, shopper, session, alive)?,
            cart::show(conn, now, &terms, shopper)?,
            order::latest(conn, shopper)?,
        ))
    };
    let loaded = stand.db.read(load).await?;
    std::hint::black_box(loaded);
    Ok(HttpResponse::Ok().finish())
}

async fn products_statements(stand: web::Data<Stand>) -> Result<HttpResponse, Error> {
    let (shopper, session) = (stand.shopper, SessionId::random());
    let load = move |conn: &mut _| {
        Ok((glance::of(conn, shopper, session)?, cart::count(conn, shopper)?, catalogue::page(conn, &Query::default())?))
    };
    let loaded = stand.db.read(load).await?;
    std::hint::black_box(loaded);
    Ok(HttpResponse::Ok().finish())
}

async fn set_statements(stand: web::Data<Stand>, _body: String) -> Result<HttpResponse, Error> {
    let (shopper, product, now) = (stand.shopper, stand.product, stand.clock.now());
    let quantity = if stand.turn.fetch_xor(true, Ordering::Relaxed) { "1" } else { "2" };
    let wish: SetQuantity = quantity.parse().map_err(|_| Error::internal("a quantity"))?;
    stand.db.write(move |conn| cart::set(conn, now, shopper, product, wish)).await?;
    Ok(HttpResponse::SeeOther().finish())
}
