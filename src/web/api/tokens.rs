//! How an API client is given its tokens.

use crate::auth::session::Tokens;
use crate::clock;
use crate::error::Result;
use crate::web::api::openapi::shapes;
use crate::web::app::App;
use crate::web::cookies::{self, Name};
use crate::web::identity::Visit;
use serde::Serialize;
use utoipa::ToSchema;

/// Where the refresh token goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Into `__Host-api-rt`.
    Cookie,
    /// Into the body, for clients without a cookie jar.
    Body,
}

impl Place {
    /// Reads `refresh_in`.
    pub(super) fn read(text: &str) -> std::result::Result<Self, String> {
        match text {
            "body" => Ok(Self::Body),
            "cookie" => Ok(Self::Cookie),
            _ => Err("This is \"body\" or \"cookie\", or left out.".to_owned()),
        }
    }
}

/// The tokens as JSON. `token` repeats `access_token` under the name that tutorials use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(super) struct Given {
    access_token: String,
    #[schema(schema_with = shapes::bearer)]
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// `access_token` once more.
    token: String,
    /// Where it does not go into the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Gives the tokens: the refresh token to its place, the rest into the answer.
pub(super) fn give(app: &App, visit: &Visit, tokens: &Tokens, place: Place) -> Result<Given> {
    let grant = app.latch.grant(tokens)?;
    let refresh = tokens.refresh.expose();
    let refresh_token = match place {
        // Another origin's script keeps its token itself, whatever it asked for (docs/SECURITY.md, "Cross-site requests").
        Place::Cookie if !visit.takes_cookies() => Some(refresh),
        Place::Body => Some(refresh),
        Place::Cookie => {
            let left = clock::seconds_until(app.clock.now(), tokens.expires_at);
            visit.set_cookie(cookies::set(Name::ApiRefresh, &refresh, Some(left)));
            None
        }
    };
    Ok(Given {
        token: grant.token.clone(),
        access_token: grant.token,
        token_type: "Bearer",
        expires_in: grant.expires_in,
        refresh_token,
    })
}
