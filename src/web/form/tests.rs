//! Forms and JSON bodies as people and programs get them wrong.

use super::*;

#[derive(Debug)]
struct Add {
    quantity: u8,
    name: String,
    note: Option<String>,
    remember: bool,
}

impl Fields for Add {
    const NAME: &'static str = "add";
    const FIELDS: &'static [&'static str] = &["quantity", "name", "note", "remember", "password"];
    fn read(reader: &mut Reader) -> Option<Self> {
        let quantity = reader.required("quantity", |text| text.parse().map_err(|_| "A number from 1 to 99.".to_owned()));
        let name = reader.text("name", 5);
        let note = reader.optional_text("note", 20);
        let remember = reader.flag("remember");
        Some(Self { quantity: quantity?, name: name?, note: note?, remember: remember? })
    }
}

fn form(body: &str) -> Form<Add> {
    Form { sent: sent::from_form(body.as_bytes()).expect("a form"), stale: false, kind: PhantomData }
}

fn json(body: &str) -> Result<Add, Vec<FieldError>> {
    read(&sent::from_json(body.as_bytes()).expect("an object"), None)
}

fn wrong(body: &str) -> Vec<(String, String)> {
    let typed = form(body).parse().expect_err("it is wrong");
    assert_eq!(typed.status, StatusCode::UNPROCESSABLE_ENTITY);
    typed.errors.into_iter().map(|error| (error.field, error.message)).collect()
}

#[test]
fn what_is_right_is_read() {
    let add = form("csrf=x&quantity=3&name=+Ada+&note=a%0D%0Ab&remember=on").parse().expect("it is right");
    assert_eq!((add.quantity, add.name.as_str(), add.note.as_deref(), add.remember), (3, "Ada", Some("a\r\nb"), true));
    let add = form("quantity=3&name=Ada&note=&remember=").parse().expect("it is right");
    assert_eq!((add.note, add.remember), (None, false));
    let add = json(r#"{"quantity": 3, "name": "Ada", "note": null, "remember": true}"#).expect("it is right");
    assert_eq!((add.quantity, add.remember), (3, true));
}

#[test]
fn each_wrong_field_gets_its_sentence_and_the_page_what_was_typed() {
    let fields: Vec<_> = wrong("quantity=lots&name=Adalbert&remember=yes").into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["quantity", "name", "remember"]);
    assert_eq!(wrong("quantity=1")[0].1, "Enter your name.");
    assert_eq!(wrong("quantity=1&name=+")[0].1, "This has nothing but spaces in it.");
    let typed = form("quantity=lots&name=Ada&password=hunter2&other=x").parse().expect_err("it is wrong");
    assert_eq!(typed.values.get("quantity").map(String::as_str), Some("lots"));
    assert!(!typed.values.contains_key("password") && !typed.values.contains_key("other"));
}

#[test]
fn what_no_form_of_ours_sends_is_named() {
    for (body, field) in [
        ("quantity=1&name=Ada&admin=1", "admin"),
        ("quantity=1&quantity=2&name=Ada", "quantity"),
        ("quantity=1&name=A%00da", "name"),
        ("quantity=1&name=A%0Ada", "name"),
        ("quantity=1&name=A%C2%85", "name"),
        ("quantity=1&name=%FF", "name"),
        ("quantity=1&name=Ada&note=%07", "note"),
    ] {
        let errors = wrong(body);
        assert_eq!((errors.len(), errors[0].0.as_str()), (1, field), "{body}");
    }
}

#[test]
fn a_json_body_is_as_strict() {
    for (body, field) in [
        (r#"{"quantity": 1, "name": "Ada", "csrf": "x"}"#, "csrf"),
        (r#"{"quantity": 1, "quantity": 1, "name": "Ada"}"#, "quantity"),
        (r#"{"quantity": 1.5, "name": "Ada"}"#, "quantity"),
        (r#"{"quantity": true, "name": "Ada"}"#, "quantity"),
        (r#"{"quantity": 1, "name": 7}"#, "name"),
        (r#"{"quantity": 1, "name": ["Ada"]}"#, "name"),
        (r#"{"quantity": 1, "name": "A\u0000"}"#, "name"),
        (r#"{"quantity": 1, "name": "Ada", "remember": 3}"#, "remember"),
    ] {
        let errors = json(body).expect_err("it is wrong");
        assert_eq!((errors.len(), errors[0].field.as_str()), (1, field), "{body}");
    }
}

#[test]
fn a_stale_form_keeps_what_was_typed() {
    let typed = Form { stale: true, ..form("quantity=3&name=Ada&password=x") }.parse().expect_err("it is stale");
    assert_eq!(typed.status, StatusCode::FORBIDDEN);
    assert_eq!(typed.values.len(), 2);
    let shown = serde_json::to_value(&typed).expect("it is JSON");
    assert_eq!((shown["name"].as_str(), shown["errors"].as_array().map(Vec::len)), (Some("add"), Some(1)));
}
