//! What is on the shelves of a test.
//!
//! Invariant: a test says exactly what there is; prices and stocks change behind the server's back, as another node would do it.

use super::app::TestApp;
use diesel::prelude::*;
use latchkey::audit::Actor;
use latchkey::db::Conn;
use latchkey::db::schema::products;
use latchkey::ids::ProductId;
use latchkey::shop::category;
use latchkey::shop::money::Money;
use latchkey::shop::product::{self, NewProduct, Status};
use latchkey::shop::stock::{Booking, Why, book};

/// A product as a test knows it.
#[derive(Debug, Clone)]
pub struct Goods {
    /// What URLs call it.
    pub slug: String,
    /// What forms call it.
    pub id: ProductId,
}

impl TestApp {
    /// Puts a product on the shelf: its title, its price in minor units, how many there are.
    pub async fn stocks(&self, title: &str, price: i64, stock: i64) -> Goods {
        self.stocks_in("tableware", title, price, stock).await
    }

    /// The same, in a category.
    pub async fn stocks_in(&self, category: &'static str, title: &str, price: i64, stock: i64) -> Goods {
        let (title, now) = (title.to_owned(), self.clock.now());
        let slug = title.to_lowercase().replace(' ', "-");
        let put = move |conn: &mut Conn| {
            let shelf = category::ensure(conn, category, category, 1)?;
            let new = NewProduct {
                sku: &format!("SKU-{slug}"),
                slug: &slug,
                title: &title,
                description: &format!("{title}, made of patience."),
                category: (shelf, category),
                price: Money::new(price).expect("a price"),
                stock,
                status: Status::Active,
                picture: None,
            };
            assert!(product::insert(conn, now, &new)?, "{slug} is on the shelf already");
            let id = products::table.filter(products::slug.eq(&slug)).select(products::public_id).first(conn)?;
            Ok(Goods { slug, id })
        };
        self.db().write(put).await.expect("the shelf has room")
    }

    /// Changes what a product costs.
    pub async fn prices(&self, goods: &Goods, price: i64) {
        let id = goods.id;
        let change = move |conn: &mut Conn| {
            Ok(diesel::update(products::table.filter(products::public_id.eq(id))).set(products::price.eq(price)).execute(conn)?)
        };
        self.db().write(change).await.expect("a price can change");
    }

    /// Changes how many there are.
    pub async fn restocks(&self, goods: &Goods, stock: i64) {
        let (slug, now) = (goods.slug.clone(), self.clock.now());
        let change = move |conn: &mut Conn| {
            let seen = products::table.filter(products::slug.eq(&slug)).select(products::stock).first(conn)?;
            let booking = Booking { why: Why::Counted, count: stock, seen, note: String::new() };
            book(conn, now, &Actor::default(), &slug, &booking)
        };
        self.db().write(change).await.expect("a stock can change");
    }

    /// How many are left, looked at from outside the server.
    pub fn stock_of(&self, goods: &Goods) -> i64 {
        let mut conn = self.storage.second_connection();
        products::table
            .filter(products::public_id.eq(goods.id))
            .select(products::stock)
            .first(&mut conn)
            .expect("it is on the shelf")
    }
}
