//! An import beside everything else: shoppers, other operators, other nodes, the end of a node.
//!
//! Invariant: there is one import at a time in the whole shop, every node tells the same of it, and nobody waits for it.

use super::{HEAD, PAGE, comes_to, lines, readies, starts, titles};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{Admin, Shopper};
use crate::support::soon;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{imports, orders, users};
use latchkey::ids::UserKey;
use latchkey::shop::import;
use latchkey::shop::upkeep;
use std::time::Duration;

on_both! {
    shoppers_order_while_a_file_is_taken,
    of_several_operators_at_once_one_is_first_and_the_others_are_told,
    both_nodes_tell_the_same_and_either_begins_it,
    what_is_stopped_stays_as_far_as_it_came,
    a_node_that_is_gone_leaves_an_import_that_can_be_run_again,
}

async fn shoppers_order_while_a_file_is_taken(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 500).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    // The product that is ordered is changed by the same file.
    let text = format!("{}SKU-oak-bowl,Oak Bowl,New words.,tableware,24.00,\n", lines(2_500));
    let path = readies(&grace, &text).await;
    starts(&grace, &path).await.expect_to(&path);
    let (mut placed, mut seen) = (0, Vec::new());
    loop {
        ada.adds(&bowl.slug, 1).await.expect_to("/cart");
        ada.orders().await.expect(303);
        placed += 1;
        let page = grace.get(&path).await.expect(200);
        if page.heading() == "The import is done" {
            assert_eq!(page.texts(".tallies dd")[..2], ["2,500", "1"]);
            break;
        }
        assert_eq!((page.heading().as_str(), page.header("refresh")), ("Importing products", "2"), "{}", page.words());
        seen.extend(page.attributes("progress", "value"));
        let still = grace.get(&format!("{path}?still=1")).await.expect(200);
        assert!(still.header("refresh").is_empty(), "it can be held still");
    }
    assert!(placed > 1 && !seen.is_empty(), "{placed} orders meanwhile");
    assert_eq!((app.stock_of(&bowl), titles(app).len()), (500 - placed, 2_501));
    let count = orders::table.count().get_result::<i64>(&mut app.storage.second_connection());
    assert_eq!(count, Ok(placed));
}

async fn of_several_operators_at_once_one_is_first_and_the_others_are_told(app: &TestApp) {
    let (grace, other) = (Admin::registered(app).await, Admin::registered(app).await);
    other.submit("/account", &[("name", "Katherine Johnson")]).await.expect(303);
    let page = grace.get(PAGE).await.expect(200);
    let text = lines(3);
    let tabs: Vec<_> = (0..6).map(|_| grace.copy()).collect();
    let sent = join_all(tabs.iter().map(|tab| tab.uploads(&page, PAGE, &[], ("file", "a.csv", text.as_bytes())))).await;
    let mut statuses: Vec<u16> = sent.iter().map(|page| page.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409, 409, 409]);
    let told = sent.iter().find(|page| page.status == 409).expect("one was told");
    assert!(told.text(".summary").contains("Another import is open"), "{}", told.words());
    let path = sent.iter().find(|page| page.status == 303).expect("one was first").location().to_owned();
    comes_to(&grace, &path, "What would change").await;
    let seen = other.get(PAGE).await.expect(200);
    assert!(seen.text(".now").starts_with("Grace Hopper sent a file on ") && !seen.has("#file"), "{}", seen.words());
    let waits = other.get(&path).await.expect(200);
    assert!(waits.words().contains("It is Grace Hopper’s to carry it out"), "{}", waits.words());
    let csrf = waits.value("csrf");
    other.post(&format!("{path}/start"), &[("csrf", &csrf)]).await.expect_to(&path);
    assert!(other.get(&path).await.messages()[0].contains("Only who sent the file"));
    other.press(&waits, &format!("{path}/stop"), &[]).await.expect_to(&path);
    let stopped = comes_to(&other, &path, "The import was stopped").await;
    assert!(titles(app).is_empty() && stopped.words().contains("Nothing was changed"), "{}", stopped.words());
    readies(&other, &lines(1)).await;
}

async fn both_nodes_tell_the_same_and_either_begins_it(app: &TestApp) {
    let second = app.second_node().await;
    let grace = Admin::registered(app).await;
    let form = grace.get(PAGE).await.expect(200);
    let path = readies(&grace, &lines(300)).await;
    grace.is_sent_to(second.address);
    assert_eq!(grace.get(&path).await.texts(".tallies dd"), ["300", "0", "0", "0"]);
    grace.uploads(&form, PAGE, &[], ("file", "more.csv", lines(1).as_bytes())).await.expect(409);
    starts(&grace, &path).await.expect_to(&path);
    let here = comes_to(&grace, &path, "The import is done").await;
    grace.is_sent_to(app.address());
    let there = grace.get(&path).await.expect(200);
    assert_eq!((here.texts(".tallies dd"), titles(app).len()), (there.texts(".tallies dd"), 300));
    second.stop().await.expect("it closes");
}

async fn what_is_stopped_stays_as_far_as_it_came(app: &TestApp) {
    let second = app.second_node().await;
    let grace = Admin::registered(app).await;
    let path = readies(&grace, &lines(10_000)).await;
    starts(&grace, &path).await.expect_to(&path);
    soon("the first lines", async || !titles(app).is_empty()).await;
    let page = grace.get(&path).await.expect(200);
    grace.press(&page, &format!("{path}/stop"), &[]).await.expect_to(&path);
    comes_to(&grace, &path, "The import was stopped").await;
    let taken = titles(app).len();
    assert!(taken < 10_000 && super::events(app, "imported")[0].starts_with(&format!("stopped: {taken} new")), "{taken}");
    // The same again, at a node that is told to stop.
    grace.is_sent_to(second.address);
    let path = readies(&grace, &lines(10_000)).await;
    starts(&grace, &path).await.expect_to(&path);
    soon("some more lines", async || titles(app).len() > taken).await;
    second.stop().await.expect("it closes");
    grace.is_sent_to(app.address());
    let page = grace.get(&path).await.expect(200);
    assert_eq!(page.heading(), "The import was interrupted", "at once, not after a silence");
    assert!(page.words().contains("The shop was stopped"), "{}", page.words());
    let taken = titles(app).len();
    let path = readies(&grace, &lines(taken + 1)).await;
    let plan = grace.get(&path).await.expect(200);
    assert_eq!(plan.texts(".tallies dd")[2].replace(',', ""), taken.to_string(), "what was taken is left alone");
}

async fn a_node_that_is_gone_leaves_an_import_that_can_be_run_again(app: &TestApp) {
    let grace = Admin::registered(app).await;
    let (doors, now) = (app.storage.doors(), app.clock.now());
    let user: UserKey = users::table
        .filter(users::email.eq(&grace.email))
        .select(users::id)
        .first(&mut app.storage.second_connection())
        .expect("she is there");
    // A node claimed it, and was never heard of again.
    doors.write_here(|conn| import::claim(conn, now, user, 1_000)).expect("a claim");
    let seen = grace.get(PAGE).await.expect(200);
    assert!(seen.text(".now").contains("Being checked"), "{}", seen.words());
    app.pass(Duration::from_secs(31));
    let seen = grace.get(PAGE).await.expect(200);
    assert_eq!((seen.texts(".past tbody th"), seen.has("#file")), (vec!["Interrupted".to_owned()], true));
    let path = readies(&grace, &format!("{HEAD}A-1,Mug,Blue.,Mugs,1,1\n")).await;
    starts(&grace, &path).await.expect_to(&path);
    comes_to(&grace, &path, "The import is done").await;
    doors.write_here(|conn| import::claim(conn, app.clock.now(), user, 1_000)).expect("another claim");
    app.pass(Duration::from_secs(31));
    let now = app.clock.now();
    assert_eq!(upkeep::sweep(&doors, now).expect("swept").imports, 0, "they are told of for a month");
    let open = imports::table.filter(imports::slot.is_not_null()).count();
    assert_eq!(open.get_result::<i64>(&mut app.storage.second_connection()), Ok(0), "nothing stays open behind a dead node");
    app.pass(import::KEPT);
    assert_eq!(upkeep::sweep(&doors, app.clock.now()).expect("swept").imports, 3);
}
