//! `/admin/export`: every product as a CSV file, however many there are.
//!
//! Invariant: it is read and sent some products at a time, so it takes no more memory for a million than for a thousand and holds no
//! connection while the client is slow. That somebody took it is an event. What the lines are is `shop::listing`'s.

use crate::audit::{self, Kind};
use crate::config::Currency;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ids::ProductKey;
use crate::shop::listing;
use crate::web::app::App;
use crate::web::identity::Visit;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, http::Method};
use futures_util::stream;

/// What is left to send: the products behind one, or all.
struct Rest {
    db: Db,
    currency: Currency,
    after: Option<ProductKey>,
}

/// `GET /admin/export`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn download(app: web::Data<App>, visit: Visit, method: Method) -> Result<HttpResponse> {
    let (now, actor) = (app.clock.now(), visit.actor());
    if method == Method::GET {
        app.db.write(move |conn| audit::record(conn, now, Kind::Exported, &actor, "products.csv")).await?;
    }
    let rest = Rest { db: app.db.clone(), currency: app.config.shop.currency, after: None };
    let body = stream::try_unfold(Some(rest), |rest| async {
        match rest {
            Some(rest) => rest.next().await.map(Some),
            None => Ok(None),
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"products.csv\""))
        .streaming::<_, Error>(body))
}

impl Rest {
    /// The next lines, and what is left behind them.
    async fn next(self) -> Result<(Bytes, Option<Self>)> {
        let Self { db, currency, after } = self;
        let some = db.read(move |conn| listing::export(conn, &currency, after)).await?;
        let rest = some.last.map(|last| Self { db, currency, after: Some(last) });
        Ok((Bytes::from(some.bytes), rest))
    }
}
