//! What somebody puts into a cart while they leave.
//!
//! Invariant: it is told no, or it goes with everything else of theirs; a cart of nobody is never left behind.

use super::DELETE;
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::Shopper;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{carts, users};
use latchkey::error::Error;
use latchkey::ids::UserKey;
use latchkey::shop::cart;
use latchkey::shop::quantity::Quantity;

on_both! {
    nobody_opens_a_cart_for_who_has_left,
    a_deletion_and_full_hands_at_once_leave_no_cart_of_nobody,
}

/// Carts of those who left.
fn of_nobody(app: &TestApp) -> i64 {
    let left = carts::table.inner_join(users::table).filter(users::deleted_at.is_not_null()).count();
    left.get_result(&mut app.storage.second_connection()).expect("carts can be counted")
}

async fn nobody_opens_a_cart_for_who_has_left(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 12).await;
    let ada = Shopper::registered(app).await;
    let key: UserKey = users::table.select(users::id).first(&mut app.storage.second_connection()).expect("Ada");
    super::leaves(&ada).await.expect_to("/");
    // As by a request that was let in before and is carried out after.
    let (now, product) = (app.clock.now(), bowl.id);
    let late = app.db().write(move |conn| cart::add(conn, now, key, product, Quantity::ONE)).await;
    assert!(matches!(late, Err(Error::SignedOut)), "{late:?}");
    assert_eq!(of_nobody(app), 0);
}

async fn a_deletion_and_full_hands_at_once_leave_no_cart_of_nobody(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 500).await;
    let second = app.second_node().await;
    for _ in 0..4 {
        let ada = Shopper::registered(app).await;
        let (ware, page) = (ada.get("/products/oak-bowl").await.expect(200), ada.get(DELETE).await.expect(200));
        let tabs: Vec<Visitor> = (0..16).map(|_| ada.copy()).collect();
        tabs.iter().step_by(2).for_each(|tab| tab.is_sent_to(second.address));
        let adds = join_all(tabs.iter().map(|tab| tab.press(&ware, "/cart/items", &[("quantity", "1")])));
        let (answers, left) = tokio::join!(adds, ada.press(&page, DELETE, &[]));
        left.expect_to("/");
        let statuses: Vec<u16> = answers.iter().map(|page| page.status).collect();
        assert!(statuses.iter().all(|status| *status == 303), "in the cart, or to the sign-in: {statuses:?}");
        assert_eq!(of_nobody(app), 0, "{}", bowl.slug);
    }
    second.stop().await.expect("it closes");
}
