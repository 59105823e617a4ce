//! `/api/profile` (also `/api/user`, `/api/auth/profile`): who the token belongs to.

use crate::audit::{self, Kind};
use crate::auth::user::{self, User};
use crate::clock::rfc3339;
use crate::error::Result;
use crate::web::api::openapi::shapes;
use crate::web::app::App;
use crate::web::form::{Fields, Json, Reader};
use crate::web::identity::{CurrentUser, Visit};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// A person as the API shows them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Profile {
    #[schema(schema_with = shapes::id)]
    id: crate::ids::UserId,
    name: String,
    email: String,
    #[schema(schema_with = shapes::role)]
    role: &'static str,
    email_verified: bool,
    #[schema(schema_with = shapes::time)]
    created_at: String,
}

impl From<User> for Profile {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            role: user.role.word(),
            email_verified: user.email_verified_at.is_some(),
            created_at: rfc3339(user.created_at),
        }
    }
}

#[derive(Serialize)]
struct Answer {
    user: Profile,
}

/// What `PATCH` may change.
#[derive(Debug)]
pub struct Change {
    name: String,
}

impl Fields for Change {
    const NAME: &'static str = "profile";
    const FIELDS: &'static [&'static str] = &["name"];

    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self { name: reader.required("name", user::name)? })
    }
}

/// `GET`: the person.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser) -> Result<HttpResponse> {
    let user = app.db.read(move |conn| user::find(conn, user.key)).await?;
    Ok(HttpResponse::Ok().json(Answer { user: user.into() }))
}

/// `PATCH`: changes the name.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn update(app: web::Data<App>, user: CurrentUser, visit: Visit, body: Json<Change>) -> Result<HttpResponse> {
    let Json(Change { name }) = body;
    let (now, actor) = (app.clock.now(), visit.actor());
    let work = move |conn: &mut crate::db::Conn| {
        user::rename(conn, user.key, &name)?;
        audit::record(conn, now, Kind::NameChanged, &actor, "")?;
        user::find(conn, user.key)
    };
    let user = app.db.write(work).await?;
    Ok(HttpResponse::Ok().json(Answer { user: user.into() }))
}
