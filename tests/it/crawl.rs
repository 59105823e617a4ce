//! Every page there is, found by following every link, in the demo shop.
//!
//! Invariant: no link leads nowhere, and every page can be read by everyone: by eye, by keyboard, by screen reader.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::Shopper;
use crate::support::visitor::Visitor;
use latchkey::shop::demo;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

on_both! { every_link_leads_to_a_page_that_everyone_can_read }

/// Opens every page that can be reached from `/` by links alone.
async fn crawl(browser: &Visitor) -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    let (mut known, mut waiting) = (BTreeSet::new(), VecDeque::from(["/".to_owned()]));
    while let Some(path) = waiting.pop_front() {
        // Of the many lists that differ in their query only, a few are enough.
        let lists = pages.keys().filter(|seen: &&String| seen.starts_with("/products?")).count();
        if !known.insert(path.clone()) || (path.starts_with("/products?") && lists > 25) {
            continue;
        }
        let page = browser.visit(&path).await;
        assert_eq!(page.status, 200, "a link leads to {path}");
        if page.header("content-type").starts_with("text/html") {
            waiting.extend(
                page.attributes("a[href^='/']", "href")
                    .into_iter()
                    .map(|href| href.split('#').next().unwrap_or_default().to_owned()),
            );
        }
        pages.insert(path, page);
    }
    pages
}

async fn every_link_leads_to_a_page_that_everyone_can_read(app: &TestApp) {
    let now = app.clock.now();
    let currency = app.server().config.shop.currency;
    let seeded = app.server().db.clone();
    demo::products(&seeded, now, &currency, &mut |_, _| {}).expect("the demo shop is filled");
    let visitors = crawl(&Visitor::new(app)).await;
    assert!(visitors.len() > 45, "{:?}", visitors.keys());
    let ada = Shopper::registered(app).await;
    let product = visitors.values().find(|page| page.has(".product-add")).expect("something is for sale");
    ada.adds(product.path.trim_start_matches("/products/"), 1).await.expect_to("/cart");
    ada.orders().await.expect(303);
    ada.adds(product.path.trim_start_matches("/products/"), 1).await.expect_to("/cart");
    let shoppers = crawl(&ada).await;
    assert!(shoppers.keys().any(|path| path.starts_with("/orders/")), "{:?}", shoppers.keys());
    let wrong = ada.submit("/account", &[("name", "")]).await.expect(422);
    for page in visitors.values().chain(shoppers.values()).chain([&wrong, &ada.get("/no/such/page").await]) {
        // A file is for programs.
        if page.header("content-type").starts_with("text/html") {
            can_be_read(page);
        }
    }
    let pictures: BTreeSet<String> = visitors.values().flat_map(|page| page.attributes("img", "src")).collect();
    assert!(pictures.len() > 40, "{}", pictures.len());
    for picture in pictures {
        let answer = ada.get(&picture).await.expect(200);
        assert!(answer.header("content-type").starts_with("image/"), "{picture}");
        assert!(answer.header("cache-control").contains("immutable") && answer.cookies_set().is_empty(), "{picture}");
        assert!(!answer.body.contains("<script") && !answer.body.contains(" style="), "{picture}");
    }
}

fn can_be_read(page: &Page) {
    let path = &page.path;
    assert!(page.body.starts_with("<!doctype html>"), "{path}");
    assert_eq!(page.attributes("html", "lang"), ["en"], "{path}");
    page.heading();
    assert!(page.title().len() > 10, "{path}: {}", page.title());
    for (css, count) in [("main", 1), ("header.top", 1), ("footer", 1), ("a.skip", 1), ("meta[name='viewport']", 1)] {
        assert_eq!(page.texts(css).len(), count, "{path}: {css}");
    }
    let mut ids = page.attributes("[id]", "id");
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "{path}: an id stands twice");
    for control in ["input", "select", "textarea"] {
        let css = format!("{control}:not([type='hidden']):not([hidden])");
        let labelled = page.attributes(&css, "id");
        assert_eq!(page.texts(&css).len(), labelled.len(), "{path}: a control has no id for its label");
        for id in labelled {
            assert!(page.has(&format!("label[for='{id}']")), "{path}: nothing labels {id}");
        }
    }
    for described in
        page.attributes("[aria-describedby], [aria-labelledby]", "aria-describedby").iter().flat_map(|ids| ids.split(' '))
    {
        assert!(ids.contains(&described.to_owned()), "{path}: {described} describes nothing");
    }
    let images = page.texts("img").len();
    assert_eq!(images, page.texts("img[alt][width][height]").len(), "{path}: an image without alt, width and height");
    assert_eq!(
        page.texts("form[method='post']").len(),
        page.texts("form[method='post'] input[name='csrf']").len(),
        "{path}: a form without csrf"
    );
    assert!(!page.texts("a[href], button").iter().any(String::is_empty), "{path}: a link or button says nothing");
    for inline in [
        "[style]",
        "style",
        "script:not([src])",
        "[onclick]",
        "[onload]",
        "a[href^='javascript']",
        "[placeholder]",
        "button[disabled]",
    ] {
        assert!(!page.has(inline), "{path}: {inline}");
    }
}
