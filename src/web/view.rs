//! What every page has in common, and the drawing of it.
//!
//! Invariant: layout data (person, cart count, message, notices, `csrf`, nonce) is gathered here once a page, in the same hop to the database as
//! the page's own data; a message is shown once. It does not know what the pages show.

pub mod flash;
mod layout;
pub mod letters;
pub mod notice;
pub mod pen;
pub mod stencil;
pub mod templates;

pub use flash::{Flash, Kind, Sealed};
pub use layout::{Layout, Person};

use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{base64url, random_bytes};
use crate::web::app::App;
use crate::web::cookies::Name;
use crate::web::csrf;
use crate::web::identity::{Visit, is_prefetch};
use crate::web::parking::{self, Confirmed};
use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, web};
use layout::Frame;
use pen::{Count, Pen};
use serde::Serialize;
use std::cell::OnceCell;
use std::future::{Ready, ready};
use tera::Context;

/// Draws the answer to one request.
#[derive(Clone)]
pub struct View {
    app: web::Data<App>,
    visit: Visit,
    request: HttpRequest,
    csrf: OnceCell<String>,
}

impl View {
    /// Loads the layout and the page's own data in one hop, then draws the page with 200.
    ///
    /// # Errors
    /// What `load` says.
    pub async fn show<P, L>(&self, template: &'static str, load: L) -> Result<HttpResponse>
    where
        P: Serialize + Send + 'static,
        L: FnOnce(&mut Conn) -> Result<P> + Send + 'static,
    {
        self.show_as(StatusCode::OK, template, load).await
    }

    /// As `show`, with that status.
    ///
    /// # Errors
    /// What `load` says.
    pub async fn show_as<P, L>(&self, status: StatusCode, template: &'static str, load: L) -> Result<HttpResponse>
    where
        P: Serialize + Send + 'static,
        L: FnOnce(&mut Conn) -> Result<P> + Send + 'static,
    {
        let (layout, page) = self.load(load).await?;
        self.draw(status, template, layout, &page)
    }

    /// Loads the layout and the page's own data in one hop, for a page that is then drawn at once.
    ///
    /// # Errors
    /// What `load` says.
    pub async fn load<P, L>(&self, load: L) -> Result<(Layout, P)>
    where
        P: Send + 'static,
        L: FnOnce(&mut Conn) -> Result<P> + Send + 'static,
    {
        let person = self.visit.person();
        let (layout, page) = self.app.db.read(move |conn| Ok((Layout::load(conn, person)?, load(conn)?))).await?;
        Ok((self.told(layout).await, page))
    }

    /// The layout with what the person must be told, which this page then shows. Call it when the page is about to be drawn.
    pub async fn told(&self, layout: Layout) -> Layout {
        match self.visit.person() {
            Some(person) if layout.untold && self.is_looked_at() => {
                Layout { notices: notice::take(&self.app, person).await, ..layout }
            }
            _ => layout,
        }
    }

    /// Draws a page that loaded its layout itself.
    ///
    /// # Errors
    /// `Internal`, when the template and the data do not fit.
    pub fn draw(
        &self,
        status: StatusCode,
        template: &'static str,
        layout: Layout,
        page: &impl Serialize,
    ) -> Result<HttpResponse> {
        let set = self.app.templates.set()?;
        let mut pen = Pen::new(&set, self.csrf(), 0);
        let notices = notice::rows(&mut pen, &layout.notices)?;
        let mut context = Context::from_serialize(page).map_err(Error::internal)?;
        let nonce = base64url(random_bytes::<16>());
        context.insert("user", &layout.user);
        context.insert("pieces", &Count::some(layout.cart_count));
        context.insert("csrf", self.csrf());
        context.insert("nonce", &nonce);
        context.insert("path", self.request.path());
        context.insert("kept", &self.is_something_kept());
        context.insert("notices", &pen.value(notices));
        let flash = self.take_flash();
        context.insert("codes", &self.opened(flash.as_ref()));
        context.insert("flash", &flash);
        context.insert_value("shop", set.shop().clone());
        Ok(self.answer(status, &nonce, set.render(template, &context)?))
    }

    /// Draws the page at `path` of which only words change; `shape` says what it is made of, and writes the words.
    ///
    /// # Errors
    /// What `shape` says; `Internal`, when the template and the shape do not fit.
    pub fn sketch<S: Serialize>(
        &self,
        (path, template): (&'static str, &'static str),
        layout: Layout,
        shape: impl FnOnce(&mut Pen) -> Result<S>,
    ) -> Result<HttpResponse> {
        let set = self.app.templates.set()?;
        let mut pen = Pen::new(&set, self.csrf(), set.room(template));
        let nonce = base64url(random_bytes::<16>());
        let page = shape(&mut pen)?;
        let kept = self.is_something_kept();
        let frame = Frame::new(&mut pen, &layout, &nonce, path, kept, self.take_flash().as_ref(), page)?;
        Ok(self.answer(StatusCode::OK, &nonce, pen.page(template, &frame)?))
    }

    fn answer(&self, status: StatusCode, nonce: &str, body: Vec<u8>) -> HttpResponse {
        HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8")))
            .insert_header((header::CONTENT_SECURITY_POLICY, self.app.policy.html(nonce)))
            .body(body)
    }

    /// The `csrf` value of this page, for this session or visitor.
    #[must_use]
    pub fn csrf(&self) -> &str {
        self.csrf.get_or_init(|| csrf::value(self.app.csrf_key(), self.visit.binding()))
    }

    /// Leaves a message for the next page.
    pub fn flash(&self, kind: Kind, text: impl Into<String>) {
        self.leave(Flash { kind, text: text.into(), undo: None, sealed: None });
    }

    /// Leaves a message, and codes (or a token) that the page about them shows this once. A cookie is no place for them unsealed.
    pub fn flash_with_codes(&self, page: &'static str, text: impl Into<String>, codes: &[String]) {
        let seal = || self.app.latch.secrets.current().seal(&self.purpose(page), codes.join(" ").as_bytes());
        let sealed = (!codes.is_empty()).then(|| Sealed { page: page.to_owned(), text: seal() });
        self.leave(Flash { kind: Kind::Success, text: text.into(), undo: None, sealed });
    }

    fn purpose(&self, page: &str) -> String {
        self.visit.person().map_or_else(String::new, |person| format!("codes of {page} {}", person.session))
    }

    fn opened(&self, flash: Option<&Flash>) -> Vec<String> {
        let Some(sealed) = flash.and_then(|flash| flash.sealed.as_ref()) else { return Vec::new() };
        let purpose = self.purpose(&sealed.page);
        let text = self.app.latch.secrets.all().find_map(|keys| keys.open(&purpose, &sealed.text)).unwrap_or_default();
        String::from_utf8_lossy(&text).split_whitespace().map(str::to_owned).collect()
    }

    /// Leaves a message, with all it has, for the next page.
    pub fn leave(&self, flash: Flash) {
        flash::keep(&self.visit, self.app.flash_key(), self.app.clock.now(), flash);
    }

    /// Who is asking.
    #[must_use]
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The shop.
    #[must_use]
    pub fn app(&self) -> &web::Data<App> {
        &self.app
    }

    /// Is this person to be told that something they sent still waits?
    fn is_something_kept(&self) -> bool {
        let elsewhere = self.request.path() != parking::PAGE && !self.request.extensions().contains::<Confirmed>();
        elsewhere && self.visit.person().is_some() && self.visit.keeps(Name::Park)
    }

    /// Does a person look at the answer? A prefetch is a guess, and a HEAD has no page.
    fn is_looked_at(&self) -> bool {
        !(is_prefetch(self.request.headers()) || self.request.method() == Method::HEAD)
    }

    fn take_flash(&self) -> Option<Flash> {
        if !self.is_looked_at() {
            return None;
        }
        flash::take(&self.visit, self.app.flash_keys(), self.app.clock.now(), self.request.path())
    }
}

impl FromRequest for View {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().cloned();
        let visit = request.extensions().get::<Visit>().cloned();
        ready(match (app, visit) {
            (Some(app), Some(visit)) => Ok(Self { app, visit, request: request.clone(), csrf: OnceCell::new() }),
            _ => Err(Error::internal("a page stands outside of the page scope")),
        })
    }
}

/// Post/Redirect/Get: on to that path of ours.
#[must_use]
pub fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
