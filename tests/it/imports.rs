//! Products that come in as a CSV file, by a page, and go out as one.
//!
//! Invariant: a file is only read until its sender says more, and shoppers go on ordering while its lines are taken; of everything that is
//! wrong with it the page says where.

mod large;
mod together;

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, Shopper};
use crate::support::soon;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, categories, imports, products};
use std::fmt::Write as _;

on_both! {
    a_file_changes_nothing_until_its_sender_says_so,
    whatever_is_wrong_with_a_file_is_told_with_its_line,
    only_a_form_of_ours_brings_a_file_in,
    what_is_exported_is_guarded_and_comes_back_as_it_was,
}

const HEAD: &str = "sku,title,description,category,price,stock\n";
const PAGE: &str = "/admin/import";

/// Sends a file, as it stands.
async fn sends(operator: &Visitor, bytes: &[u8]) -> Page {
    let page = operator.get(PAGE).await.expect(200);
    operator.uploads(&page, PAGE, &[], ("file", "goods.csv", bytes)).await
}

/// Looks at the page of an import until it says so.
async fn comes_to(operator: &Visitor, path: &str, heading: &str) -> Page {
    let mut page = operator.get(path).await.expect(200);
    soon(heading, async || {
        page = operator.get(path).await.expect(200);
        page.heading() == heading
    })
    .await;
    page
}

/// Sends a good file and waits until it is read; the path of its page.
async fn readies(operator: &Visitor, text: &str) -> String {
    let path = sends(operator, text.as_bytes()).await.expect(303).location().to_owned();
    comes_to(operator, &path, "What would change").await;
    path
}

async fn starts(operator: &Visitor, path: &str) -> Page {
    let page = operator.get(path).await.expect(200);
    operator.press(&page, &format!("{path}/start"), &[]).await
}

fn titles(app: &TestApp) -> Vec<String> {
    let all = products::table.order(products::sku).select(products::title);
    all.load(&mut app.storage.second_connection()).expect("the titles")
}

fn events(app: &TestApp, kind: &str) -> Vec<String> {
    let found = audit_events::table.filter(audit_events::kind.eq(kind)).filter(audit_events::user_id.is_not_null());
    let found = found.order(audit_events::id).select(audit_events::detail);
    found.load(&mut app.storage.second_connection()).expect("the audit")
}

/// So many lines of new products.
fn lines(count: usize) -> String {
    let mut text = HEAD.to_owned();
    for nth in 0..count {
        writeln!(text, "NEW-{nth},Mug {nth},Blue.,Mugs,12.50,5").expect("memory");
    }
    text
}

async fn a_file_changes_nothing_until_its_sender_says_so(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    app.stocks("Ash Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let text = "\u{feff}SKU,title,description,category,price,stock\r\n\
        SKU-oak-bowl,Oak Bowl,\"Oak Bowl, made of patience.\",tableware,24.00,5\r\n\
        SKU-ash-bowl,Ash Dish,\"Two\r\nlines.\",tableware,25.00,4\r\nA-1,\"=1+1, \"\"<b>\"\"\",Blue.,Mugs,12.50,";
    let path = readies(&grace, text).await;
    let plan = grace.get(&path).await.expect(200);
    assert_eq!(plan.texts(".tallies dd"), ["1", "1", "1", "0"], "{}", plan.words());
    assert!(plan.words().contains("It makes a new category: Mugs."), "{}", plan.words());
    assert_eq!((titles(app), plan.header("refresh")), (vec!["Ash Bowl".to_owned(), "Oak Bowl".to_owned()], ""));
    assert!(events(app, "import_started").is_empty());
    starts(&grace, &path).await.expect_to(&path);
    let done = comes_to(&grace, &path, "The import is done").await;
    assert!(done.words().contains("Sent by Grace Hopper"), "{}", done.words());
    assert_eq!((done.texts(".tallies dd"), done.header("refresh")), (["1", "1", "1", "0"].map(str::to_owned).to_vec(), ""));
    assert_eq!(titles(app), ["=1+1, \"<b>\"", "Ash Dish", "Oak Bowl"]);
    assert_eq!(events(app, "import_started").len(), 1);
    assert_eq!(events(app, "imported"), ["1 new, 1 changed, 1 as they were"]);
    starts_nothing(&grace, &path, &done).await;
    let again = sends(&grace, text.as_bytes()).await.expect(303).location().to_owned();
    let again = comes_to(&grace, &again, "The import is done").await;
    assert!(again.words().contains("Nothing had to be changed"), "{}", again.words());
    let list = grace.get(PAGE).await.expect(200);
    assert_eq!(list.texts(".past tbody th"), ["Done", "Done"]);
    assert!(list.words().contains("1 new, 1 changed, 1 as they were"), "{}", list.words());
}

/// The page of an import that is over has no button; a form that was kept from before does it no harm.
async fn starts_nothing(grace: &Visitor, path: &str, page: &Page) {
    assert!(page.actions().iter().all(|action| !action.starts_with(path)), "{:?}", page.actions());
    let csrf = grace.get(PAGE).await.value("csrf");
    for act in ["start", "stop"] {
        grace.post(&format!("{path}/{act}"), &[("csrf", &csrf)]).await.expect_to(path);
    }
    grace.get(path).await.expect(200);
    assert_eq!(grace.get(path).await.heading(), "The import is done");
}

async fn whatever_is_wrong_with_a_file_is_told_with_its_line(app: &TestApp) {
    let grace = Admin::registered(app).await;
    let good = "A-1,Mug,Blue.,Mugs,12.50,3\n";
    let latin = [HEAD.as_bytes(), good.as_bytes(), b"A-2,L\xf6v,x,Mugs,1,1\n"].concat();
    let many = format!("{HEAD}{}", "A-1,,x,Mugs,1,1\n".repeat(130));
    for (bytes, told) in [
        (HEAD.replace(',', ";").into_bytes(), "Line 1 the columns are parted by semicolons"),
        (HEAD.replace(',', "\t").into_bytes(), "Line 1 the columns are parted by tabs"),
        (b"PK\x03\x04\0\0\0\0[Content_Types].xml".to_vec(), "Line 1 there is no column"),
        (Vec::new(), "Line 1 the file is empty"),
        (HEAD.as_bytes().to_vec(), "Line 1 there are no products"),
        (format!("{HEAD}{good}A-2,Cup,\"Re").into_bytes(), "Line 3 this line has 3 cells, the first line has 6"),
        (format!("{HEAD}{good}A-2,Cup,Red.,Mugs,=1+1,3\n").into_bytes(), "Line 3 price: `=1+1`"),
        (format!("{HEAD}{good}A-2,Cup,Red.,Mugs,1,<b>\0</b>\n").into_bytes(), "Line 3 stock: `<b>\u{fffd}</b>`"),
        (latin, "Line 3 this has characters that are not UTF-8"),
        (format!("{HEAD}A-1,\"{}", "x".repeat(400_000)).into_bytes(), "Line 2 a line has no end"),
        (many.into_bytes(), "Line 2 title: this is empty"),
    ] {
        let path = sends(&grace, &bytes).await.expect(303).location().to_owned();
        let page = comes_to(&grace, &path, "This file cannot be imported").await;
        let said = page.texts(".complaints li");
        assert!(said[0].starts_with(told) && said.len() <= 100, "{told}: {said:?}");
        assert!(!page.has(".complaints b") && page.words().contains("othing was changed"), "{}", page.words());
        assert_eq!(page.words().contains("And 30 more"), told.contains("title"), "{}", page.words());
    }
    let shelves: Vec<String> = (0..101).map(|nth| format!("A-{nth},Mug,x,<b>Shelf {nth},1,1\n")).collect();
    let path = sends(&grace, format!("{HEAD}{}", shelves.concat()).as_bytes()).await.expect(303).location().to_owned();
    let page = comes_to(&grace, &path, "This file cannot be imported").await;
    let said = page.texts(".complaints li");
    assert!(said.len() == 1 && said[0].starts_with("Line 102 category: `<b>Shelf 100` is not there"), "{said:?}");
    let page = grace.get(&readies(&grace, &format!("{HEAD}{}", shelves[..2].concat())).await).await.expect(200);
    assert!(page.words().contains("It makes 2 new categories: <b>Shelf 0, <b>Shelf 1."), "{}", page.words());
    let away = page.actions().into_iter().find(|it| it.ends_with("/stop")).expect("a way out");
    grace.press(&page, &away, &[]).await.expect(303);
    comes_to(&grace, away.trim_end_matches("/stop"), "The import was stopped").await;
    let page = grace.get(PAGE).await.expect(200);
    let none = grace.uploads(&page, PAGE, &[], ("file", "", b"")).await.expect(422);
    assert!(none.wrong("file").contains("Choose a CSV file") && none.title().starts_with("Error:"), "{}", none.words());
    assert!(titles(app).is_empty() && events(app, "import_started").is_empty());
}

async fn only_a_form_of_ours_brings_a_file_in(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let file = ("file", "goods.csv", lines(2).into_bytes());
    let file = (file.0, file.1, file.2.as_slice());
    let page = grace.get(PAGE).await.expect(200);
    let stale = grace.uploads(&page, PAGE, &[("csrf", "stale")], file).await.expect(403);
    assert!(stale.text(".summary").contains("too old") && stale.has("#file"), "{}", stale.words());
    assert_eq!(ada.uploads(&page, PAGE, &[], file).await.status, 404);
    let elsewhere = grace.file_request(PAGE).header("sec-fetch-site", "cross-site").body("x");
    grace.send(PAGE, elsewhere).await.expect(403);
    grace.post(PAGE, &[("csrf", page.value("csrf"))]).await.expect(415);
    let count = imports::table.count().get_result(&mut app.storage.second_connection());
    assert_eq!(count, Ok(0_i64));
    let path = readies(&grace, &lines(2)).await;
    let start = format!("{path}/start");
    grace.post(&start, &[("csrf", "stale")]).await.expect(403);
    ada.post(&start, &[("csrf", ada.get("/cart").await.attributes("input[name='csrf']", "value").remove(0))]).await.expect(404);
    ada.get(&path).await.expect(404);
    assert_eq!(grace.get(&path).await.heading(), "What would change");
    assert!(titles(app).is_empty());
}

async fn what_is_exported_is_guarded_and_comes_back_as_it_was(app: &TestApp) {
    let grace = Admin::registered(app).await;
    let text = format!(
        "{HEAD}A-1,\"=HYPERLINK(\"\"x\"\")\",+49,Löv & Co,12.50,3\nA-2,'=Cup,\"a,b\nc\",@Mugs,0,0\nA-3,Tea,,茶,1,1\nA-4,Vase,,花瓶,1,1\n{}",
        &lines(700)[HEAD.len()..]
    );
    let path = readies(&grace, &text).await;
    starts(&grace, &path).await.expect_to(&path);
    comes_to(&grace, &path, "The import is done").await;
    // An address stays when its category is called otherwise.
    let renamed = diesel::update(categories::table.filter(categories::name.eq("@Mugs"))).set(categories::name.eq("Cups"));
    let conn = &mut app.storage.second_connection();
    assert_eq!(renamed.execute(conn).expect("a row"), 1);
    assert_eq!(categories::table.count().get_result::<i64>(conn).expect("a count"), 4, "茶 is not 花瓶, though @Mugs are Mugs");
    assert_eq!(grace.request(reqwest::Method::HEAD, "/admin/export").send().await.expect("an answer").status().as_u16(), 200);
    let export = grace.get("/admin/export").await.expect(200);
    assert_eq!((export.header("content-type"), export.header("cache-control")), ("text/csv; charset=utf-8", "no-store"));
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"products.csv\"");
    let mut rows = csv::Reader::from_reader(export.body.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 704);
    assert_eq!(["'=HYPERLINK(\"x\")", "'+49"], [&rows[0][2], &rows[0][3]]);
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "no cell begins a formula");
    assert_eq!(events(app, "exported"), ["products.csv"], "to look at its head is no export");
    let again = sends(&grace, export.body.as_bytes()).await.expect(303).location().to_owned();
    let again = comes_to(&grace, &again, "The import is done").await;
    assert!(again.words().contains("Nothing had to be changed"), "{}", again.words());
}
