//! A buyer of the race: one who repeats what was not answered, until it is.
//!
//! Invariant: the same form is sent again, at the other node where there is one, as a proxy and a patient person would. Only an answer
//! ends it.

use super::nodes::Nodes;
use super::{CODE, Race};
use crate::support::app::TestApp;
use crate::support::goods::Goods;
use crate::support::page::Page;
use crate::support::people::{ADDRESS, Shopper};
use crate::support::visitor::Visitor;
use futures_util::future::join_all;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Somebody with a full cart and the checkout in front of them.
pub struct Buyer {
    nth: usize,
    shopper: Shopper,
    checkout: Page,
}

/// What one click came to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Here is your order.
    Ordered(String),
    /// There are not enough left.
    SoldOut,
    /// There is nothing in your cart any more.
    Emptied,
}

impl Buyer {
    /// Somebody registers and fills a cart, every second one in the opposite order.
    pub async fn comes(app: &TestApp, race: Race, nth: usize, [rare, plenty]: [&Goods; 2]) -> Self {
        let shopper = Shopper::registered(app).await;
        let mut wishes = [(rare, race.wanted), (plenty, 1)];
        wishes.rotate_left(nth % 2);
        for (goods, pieces) in wishes {
            shopper.adds(&goods.slug, u32::try_from(pieces).expect("a few")).await.expect_to("/cart");
        }
        if race.code.is_some() {
            let cart = shopper.get("/cart").await.expect(200);
            shopper.press(&cart, "/cart/discount", &[("code", CODE)]).await.expect_to("/cart");
        }
        let checkout = shopper.get("/checkout").await.expect(200);
        Self { nth, shopper, checkout }
    }

    /// Presses the button so many times at once, and then pays; what each click came to.
    pub async fn buys(&self, race: Race, nodes: &Nodes) -> Vec<Told> {
        let tabs: Vec<Tab<'_>> = (0..race.clicks).map(|click| Tab::copy_of(&self.shopper, nodes, self.nth + click)).collect();
        let told = join_all(tabs.iter().map(|tab| tab.orders(&self.checkout))).await;
        if race.payment == "trial"
            && let Some(Told::Ordered(order)) = told.iter().find(|told| matches!(told, Told::Ordered(_)))
        {
            join_all(tabs.iter().map(|tab| tab.pays(order))).await;
        }
        told
    }
}

/// A tab, and where its next try is sent.
struct Tab<'a> {
    browser: Visitor,
    nodes: &'a Nodes,
    next: Cell<usize>,
    since: Instant,
}

impl<'a> Tab<'a> {
    fn copy_of(browser: &Visitor, nodes: &'a Nodes, first: usize) -> Self {
        Self { browser: browser.copy(), nodes, next: Cell::new(first), since: Instant::now() }
    }

    /// Presses "Place order" on that page, and on every review that shows what changed.
    async fn orders(&self, checkout: &Page) -> Told {
        let mut answer = self.sends("/checkout", &filled(checkout, "/checkout", &ADDRESS)).await;
        loop {
            match (answer.status, answer.location()) {
                (303, "/cart") => return Told::Emptied,
                (303, order) => return Told::Ordered(order.to_owned()),
                (409, _) if answer.words().contains("sold out") || answer.words().contains(" left") => return Told::SoldOut,
                (409, _) => answer = self.sends("/checkout", &filled(&answer, "/checkout", &[])).await,
                (status, _) => panic!("{status}: {}", answer.words()),
            }
        }
    }

    /// Goes to the provider and approves, unless another tab was faster.
    async fn pays(&self, order: &str) {
        let pay = format!("{order}/pay");
        let page = self.opens(order).await;
        if !page.actions().contains(&pay) {
            return;
        }
        let led = self.sends(&pay, &filled(&page, &pay, &[])).await;
        if led.status == 303 && led.location().starts_with("/pay/") {
            let bill = self.opens(led.location()).await;
            if bill.has("[name='answer']") {
                self.sends(&bill.path, &filled(&bill, &bill.path, &[("answer", "twice")])).await;
            }
        }
    }

    async fn sends(&self, action: &str, form: &str) -> Page {
        self.repeats(action, |browser| browser.form_request(action).body(form.to_owned())).await
    }

    async fn opens(&self, path: &str) -> Page {
        self.repeats(path, |browser| browser.request(reqwest::Method::GET, path)).await.expect(200)
    }

    /// Asks until somebody answers who is not too busy.
    async fn repeats(&self, path: &str, request: impl Fn(&Visitor) -> reqwest::RequestBuilder) -> Page {
        loop {
            assert!(self.since.elapsed() < Duration::from_mins(1), "{path}: nobody answers");
            self.browser.is_sent_to(self.nodes.nth(self.next.get()));
            match self.browser.try_to_send(path, request(&self.browser)).await {
                Ok(page) if page.status != 503 => return page,
                _ => self.next.set(self.next.get() + 1),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The body of a form of that page, with these fields changed.
fn filled(page: &Page, action: &str, fields: &[(&str, &str)]) -> String {
    let mut form = page.form(action);
    form.retain(|(name, _)| fields.iter().all(|(changed, _)| changed != name));
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}
