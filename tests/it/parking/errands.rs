//! A visitor presses "Add to cart": signing in puts it there.
//!
//! Invariant: once, however often the sign-in is sent, and whatever came of it is said.

use super::kept;
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::products;

on_both! {
    signing_in_puts_it_into_the_cart_and_says_so,
    an_account_made_on_the_way_has_it_too,
    a_sign_in_sent_several_times_puts_it_in_once,
    of_two_people_at_one_browser_one_has_it,
    everything_a_visitor_added_is_there,
    what_cannot_be_had_is_said_and_keeps_nobody_out,
    a_quantity_that_cannot_be_read_comes_back_as_the_page,
    who_was_going_elsewhere_gets_there,
    a_wrong_password_carries_nothing_out,
}

/// A fresh browser presses "Add to cart" on a product's page.
async fn visitor_adds(app: &TestApp, slug: &str, quantity: &str) -> Visitor {
    let visitor = Visitor::new(app);
    adds(&visitor, slug, quantity).await;
    visitor
}

async fn adds(visitor: &Visitor, slug: &str, quantity: &str) {
    let page = visitor.get(&format!("/products/{slug}")).await.expect(200);
    visitor.press(&page, "/cart/items", &[("quantity", quantity)]).await.expect_to("/login?next=/parked");
}

async fn signs_in(visitor: &Visitor, person: &Shopper) -> Page {
    visitor.submit("/login?next=/parked", &[("email", &person.email), ("password", PASSWORD)]).await
}

/// What is in the cart, a line's quantity each.
async fn in_cart(visitor: &Visitor) -> Vec<String> {
    visitor.get("/cart").await.expect(200).attributes("main input[name='quantity']", "value")
}

async fn signing_in_puts_it_into_the_cart_and_says_so(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    let visitor = visitor_adds(app, &bowl.slug, "2").await;
    let login = visitor.get("/login?next=/parked").await.expect(200);
    assert!(login.words().contains("Sign in to add 2 × Oak Bowl to your cart."), "{}", login.words());
    signs_in(&visitor, &ada).await.expect_to("/cart");
    assert!(!visitor.jar.borrow().has("__Host-park"));
    let cart = visitor.get("/cart").await.expect(200);
    assert_eq!(cart.messages(), ["Oak Bowl is in your cart."]);
    assert_eq!((cart.value("quantity"), kept(app)), ("2".to_owned(), 0));
    // Back, and forward again: there is nothing left to do.
    visitor.get("/login?next=/parked").await.expect_to("/parked");
    assert_eq!(visitor.get("/parked").await.expect(200).heading(), "Nothing is kept");
    assert_eq!(in_cart(&visitor).await, ["2"]);
}

async fn an_account_made_on_the_way_has_it_too(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let visitor = visitor_adds(app, &bowl.slug, "1").await;
    let login = visitor.get("/login?next=/parked").await.expect(200);
    assert!(login.has("a[href='/register?next=/parked']"), "{:?}", login.attributes("main a", "href"));
    let register = visitor.get("/register?next=/parked").await.expect(200);
    assert!(register.words().contains("Create an account to add Oak Bowl to your cart."), "{}", register.words());
    let fields = [("name", "Eve"), ("email", "eve@example.com"), ("password", PASSWORD)];
    visitor.press(&register, "/register", &fields).await.expect_to("/cart");
    let cart = visitor.get("/cart").await.expect(200);
    assert_eq!(cart.messages(), ["Welcome, Eve. Your account is ready. Oak Bowl is in your cart."]);
    assert_eq!(cart.value("quantity"), "1");
}

async fn a_sign_in_sent_several_times_puts_it_in_once(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    let visitor = visitor_adds(app, &bowl.slug, "3").await;
    adds(&visitor, &bowl.slug, "3").await; // Back, and the same button again
    let login = visitor.get("/login?next=/parked").await.expect(200);
    let tabs: Vec<Visitor> = (0..8).map(|_| visitor.copy()).collect();
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let sent = join_all(tabs.iter().map(|tab| tab.press(&login, "/login", &fields))).await;
    for (tab, page) in tabs.iter().zip(sent) {
        page.expect_to("/cart");
        let cart = tab.get("/cart").await.expect(200);
        assert_eq!(cart.messages(), ["Oak Bowl is in your cart."]);
        assert_eq!(cart.value("quantity"), "3", "eight answers, one act");
    }
}

async fn of_two_people_at_one_browser_one_has_it(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let people = [Shopper::registered(app).await, Shopper::registered(app).await];
    let visitor = visitor_adds(app, &bowl.slug, "1").await;
    let login = visitor.get("/login?next=/parked").await.expect(200);
    let tabs = [visitor.copy(), visitor.copy()];
    let pressed = tabs.iter().zip(&people).map(async |(tab, person)| {
        tab.press(&login, "/login", &[("email", person.email.as_str()), ("password", PASSWORD)])
            .await
            .expect(303)
            .location()
            .to_owned()
    });
    let mut places = join_all(pressed).await;
    places.sort();
    assert_eq!(places, ["/cart", "/parked"]);
    let mut pieces = 0;
    for tab in &tabs {
        pieces += in_cart(tab).await.len();
    }
    assert_eq!(pieces, 1);
}

async fn everything_a_visitor_added_is_there(app: &TestApp) {
    let (bowl, towel) = (app.stocks("Oak Bowl", 2_400, 5).await, app.stocks("Linen Towel", 900, 5).await);
    let ada = Shopper::registered(app).await;
    let visitor = visitor_adds(app, &bowl.slug, "1").await;
    let list = visitor.get("/products").await.expect(200);
    // The button of a list: its form has no quantity.
    let fields = [("product_id", towel.id.to_string()), ("csrf", list.value("csrf"))];
    visitor.post("/cart/items", &fields).await.expect_to("/login?next=/parked");
    let login = visitor.get("/login").await.expect(200);
    assert!(
        login.words().contains("Sign in to add Oak Bowl to your cart and add Linen Towel to your cart."),
        "{}",
        login.words()
    );
    sign_in(&visitor, &ada.email, PASSWORD).await.expect_to("/cart");
    assert_eq!(visitor.get("/cart").await.messages(), ["Oak Bowl is in your cart. Linen Towel is in your cart."]);
    assert_eq!(in_cart(&visitor).await, ["1", "1"]);
}

async fn what_cannot_be_had_is_said_and_keeps_nobody_out(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (bowl, mug, jar) =
        (app.stocks("Oak Bowl", 2_400, 5).await, app.stocks("Tall Mug", 900, 5).await, app.stocks("Oil Jar", 900, 5).await);
    for (goods, said) in [
        (&bowl, "Oak Bowl is sold out."),
        (&mug, "Tall Mug is no longer sold."),
        (&jar, "Oil Jar: Only 2 are in stock, so that is how many you have."),
    ] {
        let visitor = visitor_adds(app, &goods.slug, "4").await;
        app.restocks(&bowl, 0).await;
        app.restocks(&jar, 2).await;
        let archive = diesel::update(products::table.filter(products::public_id.eq(mug.id))).set(products::status.eq("archived"));
        if goods.slug == mug.slug {
            archive.execute(&mut app.storage.second_connection()).expect("a product can be archived");
        }
        signs_in(&visitor, &ada).await.expect_to("/cart");
        assert_eq!(visitor.get("/cart").await.messages(), [said]);
    }
    assert_eq!(in_cart(&ada).await, ["2"]);
}

async fn a_quantity_that_cannot_be_read_comes_back_as_the_page(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    let visitor = visitor_adds(app, &bowl.slug, "lots").await;
    let login = visitor.get("/login?next=/parked").await.expect(200);
    assert!(login.words().contains("What you typed is kept."), "{}", login.words());
    signs_in(&visitor, &ada).await.expect_to("/parked");
    let page = visitor.get("/parked").await.expect(200);
    let product = visitor.press(&page, "/parked", &[]).await.expect(422);
    assert_eq!((product.heading(), product.value("quantity")), ("Oak Bowl".to_owned(), "lots".to_owned()));
    assert!(!product.wrong("quantity").is_empty());
    visitor.press(&product, "/cart/items", &[("quantity", "2")]).await.expect_to("/cart");
    assert_eq!(in_cart(&visitor).await, ["2"]);
}

async fn who_was_going_elsewhere_gets_there(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    let visitor = visitor_adds(app, &bowl.slug, "1").await;
    visitor.submit("/login?next=/orders", &[("email", &ada.email), ("password", PASSWORD)]).await.expect_to("/orders");
    assert_eq!(visitor.get("/orders").await.messages(), ["Oak Bowl is in your cart."]);
    assert_eq!(in_cart(&visitor).await, ["1"]);
}

async fn a_wrong_password_carries_nothing_out(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    let visitor = visitor_adds(app, &bowl.slug, "1").await;
    let fields = [("email", ada.email.as_str()), ("password", "wrong-wagon-lantern")];
    let again = visitor.submit("/login?next=/parked", &fields).await.expect(401);
    assert!(again.words().contains("Sign in to add Oak Bowl to your cart."), "{}", again.words());
    assert_eq!((kept(app), in_cart(&ada).await.len()), (1, 0));
    visitor.press(&again, "/login", &[("password", PASSWORD)]).await.expect_to("/cart");
    assert_eq!(in_cart(&ada).await, ["1"]);
}
