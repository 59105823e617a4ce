//! What stands around every page: whose it is, what is in the cart, what there is to tell.
//!
//! Invariant: it is read in the hop of the page's own data, in two statements at most. It does not know the pages.

use super::flash::{Flash, Kind};
use super::notice::{self, Told};
use super::pen::{Count, Pen};
use super::stencil::Mark;
use crate::auth::glance::{self, Glance};
use crate::auth::user::{Role, User};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::shop::cart;
use crate::web::identity::CurrentUser;
use serde::Serialize;

/// The person as the layout shows them.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// What we call them.
    pub name: String,
    /// Their address.
    pub email: String,
    /// `shopper` or `admin`.
    pub role: &'static str,
    /// May they run the shop?
    pub is_admin: bool,
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        let is_admin = user.role == Role::Admin;
        Self { name: user.name.clone(), email: user.email.clone(), role: user.role.word(), is_admin }
    }
}

/// What the database knows for the frame of a page.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The signed-in person.
    pub user: Option<Person>,
    /// Pieces in their cart.
    pub cart_count: i64,
    /// Is there something to tell them in this session?
    pub untold: bool,
    /// What they are told; `View::told` fills it in.
    pub notices: Vec<Told>,
}

impl Layout {
    /// The frame for a visitor, who needs no statement.
    #[must_use]
    pub fn visitor() -> Self {
        Self::default()
    }

    /// One statement for the person and one for their cart; none for a visitor.
    ///
    /// # Errors
    /// What the database says.
    pub fn load(conn: &mut Conn, person: Option<CurrentUser>) -> Result<Self> {
        let Some(person) = person else { return Ok(Self::visitor()) };
        let cart_count = cart::count(conn, person.key)?;
        Self::beside(conn, person, cart_count)
    }

    /// One statement, for a page that has read the cart itself.
    ///
    /// # Errors
    /// What the database says.
    pub fn beside(conn: &mut Conn, person: CurrentUser, cart_count: i64) -> Result<Self> {
        match glance::of(conn, person.key, person.session) {
            Ok(glance) => Ok(Self::of(&glance, cart_count)),
            Err(Error::NotFound) => Err(Error::SignedOut),
            Err(cause) => Err(cause),
        }
    }

    /// The frame of a page that has read the person and their cart itself.
    #[must_use]
    pub fn of(glance: &Glance, cart_count: i64) -> Self {
        Self { user: Some(Person::from(&glance.user)), cart_count, untold: glance.untold, notices: Vec::new() }
    }
}

/// The shape of a page with all that stands around it. It says that somebody is signed in, and not who.
#[derive(Serialize)]
pub(super) struct Frame<S> {
    user: Option<Known>,
    pieces: Option<Count<Mark>>,
    csrf: Mark,
    nonce: Mark,
    path: &'static str,
    kept: bool,
    notices: Option<Mark>,
    flash: Option<Message>,
    #[serde(flatten)]
    page: S,
}

#[derive(Serialize)]
struct Known {
    is_admin: bool,
}

#[derive(Serialize)]
struct Message {
    kind: Kind,
    text: Mark,
    undo: Option<Mark>,
}

impl<S> Frame<S> {
    pub(super) fn new(
        pen: &mut Pen,
        layout: &Layout,
        nonce: &str,
        path: &'static str,
        kept: bool,
        flash: Option<&Flash>,
        page: S,
    ) -> Result<Self> {
        let message = |pen: &mut Pen, flash: &Flash| Message {
            kind: flash.kind,
            text: pen.text(&flash.text),
            undo: flash.undo.as_deref().map(|undo| pen.text(undo)),
        };
        Ok(Self {
            user: layout.user.as_ref().map(|user| Known { is_admin: user.is_admin }),
            pieces: (layout.cart_count > 0).then(|| pen.count(layout.cart_count)),
            csrf: pen.csrf(),
            nonce: pen.text(nonce),
            path,
            kept,
            notices: notice::rows(pen, &layout.notices)?,
            flash: flash.map(|flash| message(pen, flash)),
            page,
        })
    }
}
