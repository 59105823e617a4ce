//! `/admin/people`: who has an account, the newest first.

use crate::auth::email::Email;
use crate::auth::roll;
use crate::auth::user::{self, User};
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::web::view::{View, see_other};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// People on a page.
const ON_A_PAGE: usize = 25;

/// The query; what is not legal is as absent (docs/API.md, "General").
#[derive(Debug, Default)]
struct Wish {
    email: String,
    after: Option<UserId>,
}

impl Wish {
    fn read(query: &str) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "email" => {
                    value.chars().filter(|c| !c.is_control()).take(254).collect::<String>().trim().clone_into(&mut wish.email);
                }
                "after" => wish.after = value.parse().ok(),
                _ => {}
            }
        }
        wish
    }
}

/// A person as lists and their page show them.
#[derive(Serialize)]
pub(super) struct Row {
    id: UserId,
    pub(super) name: String,
    email: String,
    role: &'static str,
    locked_at: Option<String>,
    last_sign_in: Option<String>,
    created_at: String,
}

impl From<User> for Row {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            role: user.role.word(),
            locked_at: user.locked_at.map(rfc3339),
            last_sign_in: user.last_sign_in_at.map(rfc3339),
            created_at: rfc3339(user.created_at),
        }
    }
}

#[derive(Serialize)]
struct Page {
    people: Vec<Row>,
    email: String,
    first: bool,
    older: Option<String>,
}

/// `GET /admin/people`; an address that is searched for leads to its person.
///
/// # Errors
/// `NotFound` behind a person who does not exist; `Unavailable` from the database.
pub async fn index(request: HttpRequest, view: View) -> Result<HttpResponse> {
    let wish = Wish::read(request.query_string());
    if let Ok(email) = wish.email.parse::<Email>()
        && let Some((person, _)) = view.app().db.read(move |conn| user::by_email(conn, &email)).await?
    {
        return Ok(see_other(&format!("/admin/people/{}", person.id)));
    }
    let load = move |conn: &mut Conn| {
        let before = match wish.after {
            None => None,
            Some(id) => Some(roll::by_id(conn, id)?.ok_or(Error::NotFound)?.key),
        };
        // An address that was not found: the list would look like an answer.
        let mut people = if wish.email.is_empty() { roll::newest(conn, before, ON_A_PAGE + 1)? } else { Vec::new() };
        let more = people.len() > ON_A_PAGE;
        people.truncate(ON_A_PAGE);
        let older = people.last().filter(|_| more).map(|last| format!("/admin/people?after={}", last.id));
        let people = people.into_iter().map(Row::from).collect();
        Ok(Page { people, email: wish.email, first: wish.after.is_none(), older })
    };
    view.show("admin/people/index.html", load).await
}
