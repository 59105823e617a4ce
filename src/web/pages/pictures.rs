//! `/pictures/{id}`: a product's picture, for a year: another picture has another id.

use crate::error::{Error, Result};
use crate::shop::picture;
use crate::web::app::App;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

const STAND_IN: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400"><rect width="400" height="400" fill="#ece8e1"/><ellipse cx="200" cy="300" rx="90" ry="12" fill="#d8d2c7"/><path d="M140 180h120v110a10 10 0 0 1-10 10H150a10 10 0 0 1-10-10z" fill="#c9c1b3"/></svg>"##;

/// How wide the small size is, as it is asked for.
const SMALL: &str = "w=400";

/// `GET /pictures/{id}`, with `?w=400` its small size; `none` is the stand-in for a product without one.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(app: web::Data<App>, request: HttpRequest, id: web::Path<String>) -> Result<HttpResponse> {
    if id.as_str() == "none" {
        return Ok(answer("image/svg+xml", STAND_IN.as_bytes().to_vec(), "\"none\""));
    }
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let small = request.query_string() == SMALL;
    let tag = if small { format!("\"{id}-400\"") } else { format!("\"{id}\"") };
    // The id names the bytes, so a browser that has them needs no database.
    if request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    let picture = app.db.read(move |conn| picture::show(conn, id, small)).await?;
    Ok(answer(&picture.media_type, picture.bytes, &tag))
}

fn answer(media_type: &str, bytes: Vec<u8>, tag: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::ETAG, tag))
        .body(bytes)
}
