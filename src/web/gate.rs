//! The outermost layer: what every request passes on its way in, and every answer on its way out.
//!
//! Invariant: a request that is too large or for another host reaches nothing behind; every answer has its headers, every error its
//! final form, and each request one line in the log, which has no path, no query and no cookie in it (a path can be a secret).

use crate::audit::Kind;
use crate::web::app::App;
use crate::web::errors::{self, Refusal};
use crate::web::identity::{self, Visit};
use crate::web::{address, host};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, web};
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Longest address (docs/SECURITY.md, "Input and limits").
const ADDRESS: usize = 2 * 1024;
/// All headers together, and the cookies alone.
const HEADERS: usize = 16 * 1024;
const COOKIES: usize = 8 * 1024;
const COOKIE_PAIRS: usize = 50;

/// Names one request in the log and on an error page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestId {
    start: u32,
    count: u64,
}

impl RequestId {
    fn next() -> Self {
        static START: LazyLock<u32> = LazyLock::new(|| u32::from_le_bytes(crate::ids::random_bytes()));
        static COUNT: AtomicU64 = AtomicU64::new(1);
        Self { start: *START, count: COUNT.fetch_add(1, Ordering::Relaxed) }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:x}", self.start, self.count)
    }
}

/// The layer.
///
/// # Errors
/// None of its own.
pub async fn pass(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let _underway = app.traffic.begin();
    let id = RequestId::next();
    request.extensions_mut().insert(id);
    let response = match refuse(&app, &request) {
        Some(answer) => request.into_response(answer),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let mut response = errors::draw(&app, response);
    let route = response.request().match_pattern();
    note_throttle(&app, &response, route.as_deref()).await;
    app.policy.add(&mut response);
    if app.traffic.is_stopping() {
        response.response_mut().head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    }
    log(&app, id, &response, route.as_deref(), started);
    app.metrics.answered(route, known(response.request().method()), response.status(), started.elapsed());
    Ok(response)
}

/// Too many sign-ins are an event of their own; a few of each address are written down.
async fn note_throttle(app: &App, response: &ServiceResponse<BoxBody>, route: Option<&str>) {
    let sign_in = || matches!(route, Some("/login" | "/login/passkey" | "/login/code" | "/api/login" | "/api/auth/login"));
    if response.status() != StatusCode::TOO_MANY_REQUESTS || !sign_in() {
        return;
    }
    let visit = response.request().extensions().get::<Visit>().cloned();
    if let Some(visit) = visit.filter(|visit| !visit.is_told_to_wait()) {
        identity::record(app, &visit, Kind::SignInThrottled, "").await;
    }
}

fn refuse(app: &App, request: &ServiceRequest) -> Option<HttpResponse<BoxBody>> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > ADDRESS {
        return Some(HttpResponse::from_error(Refusal::AddressTooLong));
    }
    let (mut all, mut cookies, mut pairs) = (0, 0, 0);
    for (name, value) in request.headers() {
        all += name.as_str().len() + value.len() + 4;
        if *name == header::COOKIE {
            cookies += value.len();
            pairs += value.as_bytes().split(|byte| *byte == b';').count();
        }
    }
    if all > HEADERS || cookies > COOKIES || pairs > COOKIE_PAIRS {
        return Some(HttpResponse::from_error(Refusal::HeadersTooLarge));
    }
    if let Some(answer) = host::refuse(&app.origin, request) {
        return Some(answer);
    }
    let probe = matches!(request.path(), "/healthz" | "/readyz");
    (app.traffic.is_stopping() && !probe).then(|| HttpResponse::from_error(Refusal::Stopping))
}

/// A method, unless a client made it up: then it could be anything.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn log(app: &App, id: RequestId, response: &ServiceResponse<BoxBody>, route: Option<&str>, started: Instant) {
    if !tracing::enabled!(target: "latchkey::access", tracing::Level::INFO) {
        return;
    }
    let request = response.request();
    let visit = request.extensions().get::<Visit>().cloned();
    let person = visit.as_ref().and_then(Visit::person);
    let (user, session) = person
        .map_or((None, None), |person| (Some(app.pseudonym(person.id.as_str())), Some(app.pseudonym(person.session.as_str()))));
    let peer = request.peer_addr().map(|peer| peer.ip());
    tracing::info!(
        target: "latchkey::access",
        request = %id,
        method = known(request.method()),
        route = route.unwrap_or("-"),
        status = response.status().as_u16(),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        address = %address::client(peer, request.headers(), &app.config.proxies),
        user,
        session,
        "answered"
    );
}
