//! Those who have an account.
//!
//! Invariant: each is made over HTTP, the way people are; only an admin's role is given by hand, as an operator would.

use super::app::TestApp;
use super::page::Page;
use super::visitor::Visitor;
use diesel::prelude::*;
use latchkey::auth::password::Password;
use latchkey::auth::registration::{self, Applicant};
use latchkey::auth::user::Role;
use latchkey::db::schema::users;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

/// The password of everyone here.
pub const PASSWORD: &str = "correct-wagon-lantern-42";

/// Somebody with an account, signed in.
pub struct Shopper {
    browser: Visitor,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
}

impl Deref for Shopper {
    type Target = Visitor;
    fn deref(&self) -> &Visitor {
        &self.browser
    }
}

impl Shopper {
    /// A new account in a fresh browser.
    pub async fn registered(app: &TestApp) -> Self {
        Self::named(app, "Ada Lovelace").await
    }

    /// A new account under this name.
    pub async fn named(app: &TestApp, name: &str) -> Self {
        let shopper = Self::unknown(app, name);
        let fields = [("name", name), ("email", &shopper.email), ("password", PASSWORD)];
        shopper.submit("/register", &fields).await.expect_to("/dashboard");
        shopper
    }

    /// An account made by an operator's hand, without a letter, signed in.
    pub async fn added(app: &TestApp) -> Self {
        let shopper = Self::unknown(app, "Ada Lovelace");
        let applicant = Applicant {
            name: shopper.name.clone(),
            email: shopper.email.parse().expect("an address"),
            password: Password::typed(PASSWORD),
        };
        let (latch, now) = (&app.server().latch, app.clock.now());
        let made = registration::add(app.db(), &latch.secrets, 4, now, &applicant, Role::Shopper).expect("the database is there");
        assert!(made.is_some());
        sign_in(&shopper, &shopper.email, PASSWORD).await.expect_to("/dashboard");
        shopper
    }

    /// Somebody with a name and an address and a fresh browser, and no account.
    pub fn unknown(app: &TestApp, name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let email = format!("shopper{}@example.com", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { browser: Visitor::new(app), email, name: name.to_owned() }
    }

    /// The same person in another browser.
    pub async fn elsewhere(&self, app: &TestApp) -> Self {
        let browser = Visitor::new(app);
        sign_in(&browser, &self.email, PASSWORD).await.expect_to("/dashboard");
        Self { browser, email: self.email.clone(), name: self.name.clone() }
    }

    /// Puts so many of a product into the cart, from its page.
    pub async fn adds(&self, slug: &str, quantity: u32) -> Page {
        let page = self.get(&format!("/products/{slug}")).await.expect(200);
        self.press(&page, "/cart/items", &[("quantity", &quantity.to_string())]).await
    }

    /// Fills in the checkout and places the order.
    pub async fn orders(&self) -> Page {
        self.submit("/checkout", &ADDRESS).await
    }
}

/// Fills in the sign-in form.
pub async fn sign_in(browser: &Visitor, email: &str, password: &str) -> Page {
    browser.submit("/login", &[("email", email), ("password", password)]).await
}

/// A good address for the checkout.
pub const ADDRESS: [(&str, &str); 8] = [
    ("name", "Ada Lovelace"),
    ("address1", "12 St James's Square"),
    ("address2", ""),
    ("city", "London"),
    ("postal_code", "SW1Y 4JH"),
    ("country", "GB"),
    ("phone", "+44 20 7946 0018"),
    ("note", "Please ring twice."),
];

/// Somebody who runs the shop, signed in.
pub struct Admin(Shopper);

impl Deref for Admin {
    type Target = Shopper;
    fn deref(&self) -> &Shopper {
        &self.0
    }
}

impl Admin {
    /// A new account that was given the role, signed in afterwards.
    pub async fn registered(app: &TestApp) -> Self {
        let shopper = Shopper::named(app, "Grace Hopper").await;
        let email = shopper.email.clone();
        let change = move |conn: &mut latchkey::db::Conn| {
            let admin = (users::role.eq("admin"), users::epoch.eq(users::epoch + 1));
            Ok(diesel::update(users::table.filter(users::email.eq(email))).set(admin).execute(conn)?)
        };
        assert_eq!(app.db().write(change).await.expect("a role can be given"), 1);
        let browser = Visitor::new(app);
        sign_in(&browser, &shopper.email, PASSWORD).await.expect(303);
        Self(Shopper { browser, ..shopper })
    }
}
