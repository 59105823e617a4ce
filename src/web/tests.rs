//! The layers together: a whole site with a few routes of the tests' own, on a fresh SQLite file.

mod forms;
mod gate;
mod pages;
mod running;

use crate::clock::Clock;
use crate::config::{Config, Sources, load};
use crate::db;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Json, Press, Reader, Typed};
use crate::web::routes::{Route, page};
use crate::web::server::assemble;
use crate::web::view::{Kind, View, see_other};
use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{HttpResponse, web};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// The settings of a shop in a folder of its own.
fn settings(folder: &TempDir, more: &[(&str, &str)]) -> Config {
    let mut flags = BTreeMap::from([
        ("LATCHKEY_VAR".to_owned(), folder.path().display().to_string()),
        ("LATCHKEY_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
        ("LATCHKEY_METRICS_LISTEN".to_owned(), "off".to_owned()),
        ("LATCHKEY_BCRYPT_COST".to_owned(), "4".to_owned()),
    ]);
    flags.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    load(&Sources { flags, ..Sources::default() }).expect("good settings")
}

fn app(folder: &TempDir, more: &[(&str, &str)]) -> web::Data<App> {
    let config = settings(folder, more);
    db::migrate(&config.database).expect("a database");
    web::Data::new(App::build(config, Clock::default(), "127.0.0.1:8080".parse().expect("an address")).expect("an app"))
}

/// What came back.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a cookie that was set.
    fn set(&self, name: &str) -> Option<&str> {
        let set = self.headers.iter().filter(|(known, _)| known == "set-cookie");
        set.filter_map(|(_, line)| line.split(';').next()?.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The `csrf` value of the page's first form.
    fn csrf(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").expect("a form");
        rest.split('"').next().expect("a value").to_owned()
    }
}

/// Asks a site for one thing.
async fn ask(app: &web::Data<App>, request: TestRequest) -> Answer {
    let site = init_service(assemble(app, pages(app), api())).await;
    answer(&site, from_here(request).to_request()).await
}

/// A request as this machine sends it.
fn from_here(request: TestRequest) -> TestRequest {
    request.insert_header(("host", "localhost:8080")).peer_addr("127.0.0.1:5".parse().expect("an address"))
}

async fn answer<R>(site: &impl Service<R, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>, request: R) -> Answer {
    let answer = site.call(request).await.expect("no layer fails");
    let headers =
        answer.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect();
    Answer { status: answer.status().as_u16(), headers, body: String::from_utf8_lossy(&read_body(answer).await).into_owned() }
}

/// A form as a browser of our own pages sends it.
fn post(path: &str, cookie: &str, body: &str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("origin", "http://localhost:8080"))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .insert_header(("cookie", cookie.to_owned()))
        .set_payload(body.to_owned())
}

#[derive(Debug)]
struct Name(String);

impl Fields for Name {
    const NAME: &'static str = "name";
    const FIELDS: &'static [&'static str] = &["name"];
    fn read(reader: &mut Reader) -> Option<Self> {
        reader.text("name", 5).map(Self)
    }
}

fn show_with(view: &View, form: Typed) -> Result<HttpResponse> {
    let page = BTreeMap::from([("form", serde_json::to_value(&form).map_err(Error::internal)?), ("next", "".into())]);
    view.draw(form.status, "login/show.html", crate::web::view::Layout::visitor(), &page)
}

/// The site's own pages and a few that do what pages can do.
fn pages(app: &App) -> Vec<Route> {
    let mut pages = crate::web::routes::pages(app);
    pages.extend([
        page("/t/form").get(async |view: View| show_with(&view, Typed::blank("name"))).post(submit).open(),
        page("/t/press")
            .post(async |view: View, _: Press| {
                view.flash(Kind::Success, "Pressed.");
                Ok::<_, Error>(see_other("/t/form"))
            })
            .open(),
        page("/t/closed").get(async || HttpResponse::Ok().body("closed")).post(async || HttpResponse::Ok()),
        page("/t/broken").get(async || Err::<HttpResponse, _>(Error::internal("hunter2"))).open(),
        page("/t/busy").get(async || Err::<HttpResponse, _>(Error::Unavailable("hunter2".to_owned()))).open(),
        page("/t/panic").get(fall_over).open(),
    ]);
    pages
}

async fn fall_over() -> HttpResponse {
    panic!("hunter2")
}

async fn submit(view: View, form: Form<Name>) -> Result<HttpResponse> {
    match form.parse() {
        Ok(Name(name)) => {
            view.flash(Kind::Success, format!("Hello, {name}."));
            Ok(see_other("/t/form"))
        }
        Err(typed) => show_with(&view, typed),
    }
}

fn api() -> Vec<Route> {
    vec![
        page("/t/name").post(async |Json(Name(name)): Json<Name>| HttpResponse::Ok().body(name)).open(),
        page("/t/closed").get(async || HttpResponse::Ok()),
        page("/t/broken").get(async || Err::<HttpResponse, _>(Error::internal("hunter2"))).open(),
    ]
}
