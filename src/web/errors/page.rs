//! Draws what went wrong as a page, without the database.
//!
//! Invariant: headers that inner layers set (cookies above all) survive; only the body and its type are replaced. A page of the shop's
//! own (422 with the form, 401 of the sign-in) is left alone. It is called once, by the outermost layer.

use super::{Trouble, words};
use crate::error::Error;
use crate::web::app::App;
use crate::web::form::ceremony;
use crate::web::gate::RequestId;
use crate::web::host::is_under;
use crate::web::identity::Visit;
use crate::web::{csrf, next};
use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use tera::Context;

/// Gives an error its final form: problem+json under `/api` and to the script of a ceremony, a page elsewhere. Anything else passes.
#[must_use]
pub fn draw(app: &App, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let known = response.response().extensions().get::<Trouble>().cloned();
    let request = response.request();
    if let Some(cause) = known.as_ref().and_then(|trouble| trouble.cause.as_deref()) {
        tracing::error!(request = %id(request), cause, "a request failed");
    }
    let for_program = is_under(request.path(), "/api");
    let for_script = *request.method() == Method::POST && ceremony::is_one(request.path());
    let answer = match known {
        Some(_) if for_program => return response,
        Some(trouble) if matches!(trouble.code, "no_token" | "invalid_token") => sign_in(request),
        Some(_) if for_script => return response,
        Some(trouble) if trouble.code == "stale_form" => send_again(app, request),
        Some(trouble) => page(app, request, &trouble),
        None if !is_bare(&response) => return response,
        None if for_program || for_script => Trouble::of_status(status).problem(),
        None => page(app, request, &Trouble::of_status(status)),
    };
    replace(response, answer)
}

/// What actix answers itself: nothing found, a wrong method, a path that is no path.
fn is_bare(response: &ServiceResponse<BoxBody>) -> bool {
    let usual = matches!(response.status().as_u16(), 400 | 404 | 405 | 408 | 413);
    response.response().error().is_some() || (usual && response.response().body().size().is_eof())
}

fn replace(old: ServiceResponse<BoxBody>, mut new: HttpResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let (request, old) = old.into_parts();
    for (name, value) in old.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH)
            && (*name == header::SET_COOKIE || !new.headers().contains_key(name))
        {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, new)
}

/// Signed out on a page: the way to sign in, and back to where they were (docs/API.md, "General").
fn sign_in(request: &HttpRequest) -> HttpResponse<BoxBody> {
    let target = if matches!(*request.method(), Method::GET | Method::HEAD) {
        next::sign_in_short(request.uri())
    } else {
        next::sign_in(&form_page(request.path()))
    };
    HttpResponse::SeeOther().insert_header((header::LOCATION, target)).finish()
}

/// The page whose form posts to this path.
#[must_use]
pub fn form_page(path: &str) -> String {
    if is_under(path, "/cart") {
        return "/cart".to_owned();
    }
    if is_under(path, "/account/devices") {
        return "/account/devices".to_owned();
    }
    if is_under(path, "/account/email") {
        return "/account/email".to_owned();
    }
    if is_under(path, "/account/two-factor") {
        return "/account/two-factor".to_owned();
    }
    if is_under(path, "/account/passkeys") {
        return "/account/passkeys".to_owned();
    }
    if let Some(page) = path.strip_suffix("/passkey").filter(|_| ceremony::is_one(path)) {
        return page.to_owned();
    }
    if let Some(ceremony) = path.strip_suffix("/challenge").filter(|_| ceremony::is_one(path)) {
        return form_page(ceremony);
    }
    if is_under(path, "/account/tokens") {
        return "/account/tokens".to_owned();
    }
    if path == "/account/export" {
        return "/account".to_owned();
    }
    if is_under(path, "/admin") {
        // The room, the list, the thing; what is done to it comes behind.
        return path.split('/').take(4).collect::<Vec<_>>().join("/");
    }
    if let Some(number) = path.strip_prefix("/orders/").and_then(|rest| rest.split('/').next()) {
        return format!("/orders/{number}");
    }
    path.to_owned()
}

/// Left on a request whose way on is another page than that of its form.
#[derive(Debug, Clone, Copy)]
pub struct Again(pub &'static str);

fn page(app: &App, request: &HttpRequest, trouble: &Trouble) -> HttpResponse<BoxBody> {
    let (_, heading, _) = words::of(trouble.status);
    let known = request.extensions().get::<Again>().map(|again| again.0.to_owned());
    let again = known.or_else(|| usual_way(request, trouble));
    let mut context = bare(app, request);
    context.insert("status", &trouble.status.as_u16());
    context.insert("heading", heading);
    context.insert("text", &*trouble.detail);
    context.insert("actions", &words::actions(trouble.status, again.as_deref()));
    if trouble.status.is_server_error() {
        context.insert("request_id", &id(request).to_string());
    }
    let mut answer = render(app, trouble.status, "errors/show.html", &context);
    if let Some(wait) = trouble.wait {
        answer.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    answer
}

/// The page to try again.
fn usual_way(request: &HttpRequest, trouble: &Trouble) -> Option<String> {
    match (request.method(), trouble.status.as_u16()) {
        (&Method::GET | &Method::HEAD, 429 | 500 | 503) => {
            request.uri().path_and_query().map(|target| target.as_str().to_owned())
        }
        // Somebody opened the address of a form: its page is what they want.
        (&Method::GET | &Method::HEAD, 405) => Some(form_page(request.path())),
        (_, 404 | 414 | 421 | 431) | (&Method::GET | &Method::HEAD, _) => None,
        _ => Some(form_page(request.path())),
    }
}

/// A form without typed fields came with a stale value: one button sends the same act with a fresh one.
fn send_again(app: &App, request: &HttpRequest) -> HttpResponse<BoxBody> {
    let visit = request.extensions().get::<Visit>().cloned();
    let Some(visit) = visit else { return page(app, request, &Trouble::from(&Error::StaleForm)) };
    let mut context = bare(app, request);
    context.insert("csrf", &csrf::value(app.csrf_key(), visit.binding()));
    context.insert("action", request.path());
    context.insert("fields", &[(); 0]);
    context.insert("button", "Send it again");
    context
        .insert("text", "The page you sent this from was too old, so nothing was done. If you still want it, send it once more.");
    render(app, StatusCode::FORBIDDEN, "errors/send_again.html", &context)
}

fn bare(app: &App, request: &HttpRequest) -> Context {
    let mut context = Context::new();
    context.insert("bare", &true);
    context.insert("path", if request.path().len() > 256 { "" } else { request.path() });
    context.insert("nonce", "");
    context.insert("shop", app.templates.shop());
    context
}

fn render(app: &App, status: StatusCode, template: &'static str, context: &Context) -> HttpResponse<BoxBody> {
    match app.templates.render(template, context) {
        Ok(body) => HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((header::CONTENT_SECURITY_POLICY, app.policy.html("")))
            .body(body),
        Err(cause) => {
            tracing::error!(%cause, template, "an error page could not be drawn");
            HttpResponse::build(status)
                .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
                .body(words::of(status).2)
        }
    }
}

fn id(request: &HttpRequest) -> RequestId {
    request.extensions().get::<RequestId>().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page() {
        let pages = [
            ("/cart/items/abc/remove", "/cart"),
            ("/cart/items", "/cart"),
            ("/orders/K7QX/cancel", "/orders/K7QX"),
            ("/account/password", "/account/password"),
            ("/account/devices/abc/sign-out", "/account/devices"),
            ("/account/two-factor/enable", "/account/two-factor"),
            ("/account/tokens/abc/revoke", "/account/tokens"),
            ("/account/passkeys/abc/remove", "/account/passkeys"),
            ("/account/passkeys/new/challenge", "/account/passkeys"),
            ("/login/code/passkey", "/login/code"),
            ("/confirm-identity/passkey/challenge", "/confirm-identity"),
            ("/account/export", "/account"),
            ("/checkout", "/checkout"),
            ("/admin/orders/K7QX/move", "/admin/orders/K7QX"),
            ("/admin", "/admin"),
        ];
        for (path, page) in pages {
            assert_eq!(form_page(path), page);
        }
    }
}
