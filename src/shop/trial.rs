//! A database for one test, with people and products in it.
//!
//! Invariant: every test runs on a SQLite file of its own, and also on a Postgres schema of its own where
//! `LATCHKEY_TEST_POSTGRES` names a server. It does not know what is tested.

use crate::audit::Actor;
use crate::clock::{Clock, Moment};
use crate::config::{Currency, DatabaseUrl, PaidBy, Payment, Shop, Terms};
use crate::db::schema::{products, users};
use crate::db::{Conn, Db, migrate};
use crate::error::Result;
use crate::ids::{ProductId, ProductKey, UserId, UserKey};
use crate::mail::outbox::{Postbox, Seal};
use crate::shop::checkout::{House, Wish};
use crate::shop::money::Money;
use crate::shop::product::{NewProduct, Status, insert};
use crate::shop::quantity::Quantity;
use crate::shop::{address, cart, category, stock};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

/// Runs a test on every database there is.
pub fn on_each(test: impl Fn(&Db)) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("shop.db"));
    migrate(&url).expect("a schema");
    test(&Db::open(&url, 4).expect("a database"));
    let Ok(server) = std::env::var("LATCHKEY_TEST_POSTGRES") else { return };
    let schema = format!("t{}", UserId::random().as_str().replace(['-', '_'], "x").to_lowercase());
    let mut admin = Conn::open(&server.parse().expect("a URL")).expect("a server");
    admin.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema");
    let mut url = url::Url::parse(&server).expect("a URL");
    url.query_pairs_mut().append_pair("options", &format!("-csearch_path={schema}"));
    let url: DatabaseUrl = url.as_str().parse().expect("a URL");
    migrate(&url).expect("a schema");
    test(&Db::open(&url, 16).expect("a database"));
    admin.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).expect("no schema");
}

pub fn now() -> Moment {
    Clock::default().now()
}

pub fn eur() -> Currency {
    "EUR".parse().expect("a currency")
}

pub fn money(minor: i64) -> Money {
    Money::new(minor).expect("an amount")
}

pub fn pieces(count: i64) -> Quantity {
    Quantity::new(count).expect("a quantity")
}

pub fn home() -> address::Address {
    address::Address {
        name: "Ada Lovelace".to_owned(),
        address1: "12 Analytical Row".to_owned(),
        address2: String::new(),
        city: "London".to_owned(),
        postal_code: "W1".to_owned(),
        country: "GB".parse().expect("a country"),
        phone: String::new(),
    }
}

/// A new person.
pub fn person(db: &Db) -> UserKey {
    let insert = |conn: &mut Conn| -> Result<UserKey> {
        let id = UserId::random();
        Ok(diesel::insert_into(users::table)
            .values((
                users::public_id.eq(id),
                users::email.eq(format!("{id}@example.com")),
                users::name.eq("Ada"),
                users::role.eq("shopper"),
                users::password_hash.eq(""),
                users::epoch.eq(0_i64),
                users::created_at.eq(now()),
            ))
            .returning(users::id)
            .get_result(conn)?)
    };
    db.write_here(insert).expect("a person")
}

/// A new active product of category "Things", whose slug is its title in lower case.
pub fn product(db: &Db, title: &str, price: i64, stock: i64) -> ProductId {
    product_in(db, "Things", title, price, stock, Status::Active)
}

/// A new product.
pub fn product_in(db: &Db, category: &str, title: &str, price: i64, stock: i64, status: Status) -> ProductId {
    let slug = title.to_lowercase().replace(' ', "-");
    let insert = |conn: &mut Conn| -> Result<ProductId> {
        let key = category::ensure(conn, &category.to_lowercase(), category, 0)?;
        let new = NewProduct {
            sku: &slug,
            slug: &slug,
            title,
            description: "Thrown by hand.",
            category: (key, category),
            price: money(price),
            stock,
            status,
            picture: None,
        };
        assert!(insert(conn, now(), &new)?);
        Ok(products::table.filter(products::slug.eq(&slug)).select(products::public_id).first(conn)?)
    };
    db.write_here(insert).expect("a product")
}

/// Changes a product behind everyone's back.
pub fn change(db: &Db, id: ProductId, price: i64, stock: i64, status: Status) {
    let update = |conn: &mut Conn| -> Result<usize> {
        let product = products::table.filter(products::public_id.eq(id));
        let (key, before): (ProductKey, i64) = product.select((products::id, products::stock)).first(conn)?;
        stock::open(conn, now(), &Actor::default(), &[(key, stock - before)])?;
        let values = (products::price.eq(price), products::stock.eq(stock), products::status.eq(status.word()));
        Ok(diesel::update(product).set(values).execute(conn)?)
    };
    assert_eq!(db.write_here(update).expect("an update"), 1);
}

/// Pieces in stock.
pub fn stock(db: &Db, id: ProductId) -> i64 {
    let read = |conn: &mut Conn| Ok(products::table.filter(products::public_id.eq(id)).select(products::stock).first(conn)?);
    db.read_here(read).expect("a product")
}

/// The shop's settings: it delivers for nothing and pays no tax.
pub fn shop() -> Shop {
    let terms = Terms { delivery: 0, delivery_free_from: None, tax_rate: 0 };
    let payment = Payment { by: PaidBy::Invoice, within: std::time::Duration::from_hours(24) };
    Shop { name: "Hearth & Grain".to_owned(), currency: eur(), time_zone: jiff::tz::TimeZone::UTC, terms, payment }
}

/// A postbox that hides nothing.
pub fn post() -> Postbox {
    struct Glass;
    impl Seal for Glass {
        fn id(&self) -> &'static str {
            "glass"
        }
        fn seal(&self, _: &str, plain: &[u8]) -> (String, String) {
            ("glass".to_owned(), String::from_utf8_lossy(plain).into_owned())
        }
        fn open(&self, _: &str, _: &str, sealed: &str) -> Option<Vec<u8>> {
            Some(sealed.as_bytes().to_vec())
        }
    }
    Postbox::new(Glass)
}

/// Who sells.
pub fn house<'a>(shop: &'a Shop, post: &'a Postbox) -> House<'a> {
    House { shop, post }
}

/// What the person asks for when they order the cart as it stands.
pub fn wish(db: &Db, user: UserKey) -> Wish {
    wish_at(db, &shop(), user)
}

/// The same, in another shop.
pub fn wish_at(db: &Db, shop: &Shop, user: UserKey) -> Wish {
    let cart = db.read_here(|conn| cart::show(conn, now(), &shop.terms, user)).expect("a cart");
    Wish { address: home(), note: String::new(), cart_version: cart.version_text(), expected_total: cart.sums.total, key: None }
}
