//! Mounts the routes, each behind its layers.
//!
//! Invariant: a page stands behind identity, the cross-site rules, its limit, the deadline and (unless open) the question who it is;
//! between the rules and the router a confirmed form becomes the request it stands for;
//! static files and the small addresses behind none of them: they neither read nor set cookies. What is for those who run the shop is
//! not found by anybody else.

use crate::auth::api_token::Scope;
use crate::auth::user::Role;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::csrf::origin;
use crate::web::identity::{Visit, identify, identify_client};
use crate::web::limits::Throttle;
use crate::web::pages::pictures;
use crate::web::{assets, cors, health, parking, scope, small, step_up, timeouts, webhook};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Handler, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{FromRequest, HttpMessage as _, HttpResponse, Resource, Responder, web};

/// One address, its methods, and who may come in.
#[allow(clippy::struct_excessive_bools, reason = "each is a word of its own in a line of routes.rs")]
pub struct Route {
    path: &'static str,
    routes: Vec<actix_web::Route>,
    methods: Vec<&'static str>,
    open: bool,
    admin: bool,
    parks: bool,
    steps_up: bool,
    room: Option<Scope>,
    takes: Takes,
    throttle: Option<Throttle>,
}

/// What is sent to an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// What is here within seconds.
    Form,
    /// What may take its time to arrive.
    File,
}

/// An address that needs a signed-in person.
#[must_use]
pub fn page(path: &'static str) -> Route {
    Route {
        path,
        routes: Vec::new(),
        methods: Vec::new(),
        open: false,
        admin: false,
        parks: false,
        steps_up: false,
        room: None,
        takes: Takes::Form,
        throttle: None,
    }
}

macro_rules! method {
    ($(#[$doc:meta])* $name:ident, $word:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name<F, Args>(mut self, handler: F) -> Self
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.routes.push(web::$name().to(handler));
            self.methods.push($word);
            self
        }
    };
}

impl Route {
    /// GET, and HEAD with it.
    #[must_use]
    pub fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.routes.extend([web::get().to(handler.clone()), web::head().to(handler)]);
        self.methods.extend(["GET", "HEAD"]);
        self
    }

    method!(
        /// POST.
        post, "POST"
    );
    method!(
        /// PUT.
        put, "PUT"
    );
    method!(
        /// PATCH.
        patch, "PATCH"
    );
    method!(
        /// DELETE.
        delete, "DELETE"
    );

    /// Visitors may come in too.
    #[must_use]
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// Only for those who run the shop: to other people it is not there.
    #[must_use]
    pub fn admin(self) -> Self {
        Self { admin: true, ..self }
    }

    /// What a signed-out person sends here is kept until they are signed in.
    #[must_use]
    pub fn parks(self) -> Self {
        Self { parks: true, ..self }
    }

    /// What is sent here asks for a fresh proof of who it is; a form without a secret is kept until it is given.
    #[must_use]
    pub fn steps_up(self) -> Self {
        Self { steps_up: true, ..self }
    }

    /// A personal API token with this scope opens it (and to look, one with `read`); no line, no token.
    #[must_use]
    pub fn opens_to(self, room: Scope) -> Self {
        Self { room: Some(room), ..self }
    }

    /// A file is sent here.
    #[must_use]
    pub fn uploads(self) -> Self {
        Self { takes: Takes::File, ..self }
    }

    /// Only so many for each client address.
    #[must_use]
    pub fn limited(self, throttle: Throttle) -> Self {
        Self { throttle: Some(throttle), ..self }
    }

    /// Path, methods and openness, for the access matrix.
    #[must_use]
    pub fn listed(&self) -> (&'static str, &[&'static str], bool) {
        (self.path, &self.methods, self.open)
    }

    /// Are forms kept that signed-out people send here?
    #[must_use]
    pub fn is_parking(&self) -> bool {
        self.parks
    }

    fn mount(self, scope: &mut web::ServiceConfig) {
        // The question who it is comes after the one for the method: a wrong method is told so, not sent to sign in.
        let ask = |route: actix_web::Route| {
            let route = if self.steps_up { route.wrap(from_fn(step_up::confirmed)) } else { route };
            match (self.open, self.admin, self.parks) {
                (_, true, _) => route.wrap(from_fn(step_up::equipped)).wrap(from_fn(operator)),
                (true, ..) => route,
                (false, false, false) => route.wrap(from_fn(signed_in)),
                (false, false, true) => route.wrap(from_fn(parking::signed_in)),
            }
        };
        let resource = self.routes.into_iter().map(ask).fold(web::resource(self.path), Resource::route);
        let resource = match self.room {
            Some(room) => resource.app_data(room),
            None => resource,
        };
        // The layer added last is the outermost.
        match self.throttle {
            None if self.takes == Takes::File => scope.service(resource.wrap(from_fn(timeouts::limit_upload))),
            None => scope.service(resource.wrap(from_fn(timeouts::limit))),
            Some(throttle) => scope.service(resource.wrap(throttle).wrap(from_fn(timeouts::limit))),
        };
    }
}

/// Turns visitors away. It answers, and never returns an error, which would lose the cookies of `identity`.
async fn signed_in(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    admit(request, next, |_| true).await
}

/// Sends visitors to sign in, and tells everybody who does not run the shop that there is nothing here.
async fn operator(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    admit(request, next, |role| role == Role::Admin).await
}

async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    may: fn(Role) -> bool,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let person = request.extensions().get::<Visit>().map_or(Err(Error::SignedOut), |visit| scope::require(visit, &request));
    let refused = match person {
        Ok(person) if may(person.role) => return Ok(next.call(request).await?.map_into_boxed_body()),
        Ok(_) => Error::NotFound,
        Err(error) => error,
    };
    Ok(request.into_response(HttpResponse::from_error(refused)))
}

/// Mounts everything. The API stands before the pages, whose scope takes every path that is left.
pub fn configure(site: &mut web::ServiceConfig, app: &web::Data<App>, pages: Vec<Route>, api: Vec<Route>) {
    site.service(assets::files(app))
        .service(
            web::scope("/pictures")
                .service(
                    web::resource("/{id}")
                        .wrap(from_fn(timeouts::limit))
                        .route(web::get().to(pictures::show))
                        .route(web::head().to(pictures::show)),
                )
                .default_service(web::to(nothing)),
        )
        .service(web::resource("/healthz").route(web::get().to(health::alive)).route(web::head().to(health::alive)))
        .service(web::resource("/readyz").route(web::get().to(health::ready)).route(web::head().to(health::ready)))
        .service(web::resource("/robots.txt").route(web::get().to(small::robots)))
        .service(web::resource("/favicon.ico").route(web::get().to(small::favicon)))
        .service(web::resource("/openapi.json").route(web::get().to(small::openapi)).route(web::head().to(small::openapi)))
        .service(
            // Browsers and password managers look here by themselves: that must not turn a session.
            web::scope("/.well-known")
                .service(web::resource("/security.txt").route(web::get().to(small::security)))
                .service(web::resource("/change-password").route(web::get().to(small::change_password)))
                .service(web::resource("/jwks.json").route(web::get().to(small::jwks)).route(web::head().to(small::jwks)))
                .default_service(web::to(nothing)),
        )
        .service(web::resource("/csp-report").wrap(app.limits.reports.throttle()).route(web::post().to(small::csp_report)))
        .service(
            // A provider is no browser: it signs what it says.
            web::scope("/payments")
                .service(
                    web::resource("/{provider}/webhook")
                        .wrap(from_fn(timeouts::limit))
                        .wrap(app.limits.webhook.throttle())
                        .route(web::post().to(webhook::receive)),
                )
                .default_service(web::to(nothing)),
        )
        .service(
            web::scope("/api")
                .wrap(from_fn(origin::guard))
                .wrap(from_fn(identify_client))
                .wrap(app.limits.api.throttle())
                .wrap(from_fn(cors::share))
                .configure(|scope| api.into_iter().for_each(|route| route.mount(scope)))
                .default_service(web::to(nothing)),
        )
        .service(
            web::scope("")
                .wrap(from_fn(parking::carry_out))
                .wrap(from_fn(origin::guard))
                .wrap(from_fn(identify))
                .configure(|scope| pages.into_iter().for_each(|route| route.mount(scope)))
                .default_service(web::to(nothing)),
        );
}

async fn nothing() -> Result<HttpResponse> {
    Err(Error::NotFound)
}
