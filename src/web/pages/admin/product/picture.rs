//! `/admin/products/{slug}/picture`: a picture is uploaded, described, or taken away.

use super::{show_with, told, whole};
use crate::error::{Error, Result};
use crate::shop::picture::{self, Sizes};
use crate::shop::product::{self, Edited, Hang};
use crate::web::app::App;
use crate::web::form::upload::{File, Upload};
use crate::web::form::{Fields, Reader, Typed};
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Most bytes of a file (docs/SECURITY.md, "Input and limits").
const MOST: usize = 5 * 1024 * 1024;

/// How long one waits until the picture before it is drawn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the form asks, beside the file.
#[derive(Debug)]
pub struct Wish {
    alt: String,
    remove: bool,
    version: i64,
}

impl Fields for Wish {
    const NAME: &'static str = "picture";
    const FIELDS: &'static [&'static str] = &["alt", "remove", "version"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let alt = reader.optional_text("alt", 200);
        let remove = reader.flag("remove");
        let version = reader.required("version", |text| whole(text, i64::MAX));
        Some(Self { alt: alt?.unwrap_or_default(), remove: remove?, version: version? })
    }
}

/// `POST /admin/products/{slug}/picture`.
///
/// # Errors
/// `NotFound`; `TooLarge`, `TooSlow` for the file; `Unavailable` from the database, or while too many pictures are drawn.
pub async fn picture(app: web::Data<App>, slug: web::Path<String>, view: View, upload: Upload) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let (form, file) = upload.read::<Wish>().await?;
    let wish = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let hang = match file {
        Some(_) if wish.remove => Err("Choose one: a new picture, or none.".to_owned()),
        Some(file) => drawn(file).await?.map(Hang::New),
        None if wish.remove => Ok(Hang::Nothing),
        None => Ok(Hang::Same),
    };
    let hang = match hang {
        Ok(hang) => hang,
        Err(why) => return show_with(&view, slug, Some(form.refuse("picture", why))).await,
    };
    let said = match &hang {
        Hang::New(_) => "The picture is there.",
        Hang::Nothing => "The picture is taken away.",
        Hang::Same => "It is saved.",
    };
    let (now, actor, of) = (app.clock.now(), view.visit().actor(), slug.clone());
    let edit = move |conn: &mut crate::db::Conn| product::hang(conn, now, &actor, &of, (&hang, &wish.alt), wish.version);
    if app.db.write(edit).await? == Edited::Done {
        view.flash(Kind::Success, said);
        return Ok(see_other(&format!("/admin/products/{slug}")));
    }
    let why = "Somebody changed this product while you did. Nothing was done. Look at it, then choose the picture again if it is \
        still right.";
    let typed: Typed = told(form.as_typed(StatusCode::CONFLICT), why);
    show_with(&view, slug, Some(typed)).await
}

/// The file, drawn anew, or what is wrong with it. One picture is drawn at a time, on a thread that keeps its turn to the end.
async fn drawn(file: File) -> Result<Result<Sizes, String>> {
    static TURN: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));
    let Some(bytes) = file.whole(MOST).await? else {
        return Ok(Err("This file has more than 5 MiB. Make it smaller and try again.".to_owned()));
    };
    let turn = tokio::time::timeout(PATIENCE, Arc::clone(&TURN).acquire_owned()).await;
    let turn = turn.map_err(|_| Error::Unavailable("another picture is being drawn".to_owned()))?.map_err(Error::internal)?;
    let work = move || {
        let sizes = picture::redraw(&bytes);
        drop(turn);
        sizes
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}
