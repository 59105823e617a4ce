//! A schema as lines that people read.
//!
//! Invariant: only what stands in the schema is told. It does not know which operation it belongs to.

use super::members;
use serde::Serialize;
use serde_json::Value;

/// One field, parameter or member.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// The shape it has, if that has a place of its own on the page.
    pub shape: Option<String>,
    /// Must it be sent, or is it always there?
    pub needed: bool,
    /// What one must know of it.
    pub text: Text,
}

/// Words, some of them code: a text in the document writes those between backticks.
#[derive(Debug, Serialize)]
pub(super) struct Text(Vec<(bool, String)>);

impl Text {
    pub(super) fn of(text: &str) -> Self {
        let part = |(at, part): (usize, &str)| (at % 2 == 1, part.to_owned());
        Self(text.split('`').enumerate().map(part).filter(|(_, part)| !part.is_empty()).collect())
    }
}

/// The text of a JSON string; nothing for anything else.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The members of an object.
pub(super) fn rows(schema: &Value) -> Vec<Row> {
    let parts = schema["allOf"].as_array().or_else(|| schema["oneOf"].as_array());
    let mut rows: Vec<Row> = Vec::new();
    for row in parts.map_or(std::slice::from_ref(schema), Vec::as_slice).iter().flat_map(of_object) {
        // Of several ways to send a body, each member is told once.
        if row.name.is_empty() || rows.iter().all(|other| other.name != row.name) {
            rows.push(row);
        }
    }
    rows
}

fn of_object(schema: &Value) -> Vec<Row> {
    if let Some(name) = named(schema) {
        return vec![Row {
            name: String::new(),
            kind: format!("and all of {name}"),
            shape: Some(name),
            needed: true,
            text: Text::of(""),
        }];
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let member =
        |(name, value): (&String, &Value)| row(name, value, required.contains(&name.as_str()), &text(&value["description"]));
    members(&schema["properties"]).map(member).collect()
}

/// One line.
pub(super) fn row(name: &str, schema: &Value, needed: bool, words: &str) -> Row {
    let shape = named(schema).or_else(|| named(&schema["items"])).or_else(|| schema["oneOf"].as_array()?.iter().find_map(named));
    Row { name: name.to_owned(), kind: kind(schema), shape, needed, text: Text::of(words) }
}

/// The name of the shape that is meant.
fn named(schema: &Value) -> Option<String> {
    Some(schema["$ref"].as_str()?.rsplit('/').next()?.to_owned())
}

/// What a value is, in words.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = named(schema) {
        return name;
    }
    if let Some(ways) =
        schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()).filter(|_| schema["properties"].is_null())
    {
        return ways.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", kind_of_items(&schema["items"])),
        Value::String(kind) => format!("{kind}{}", bounds(schema)),
        Value::Array(kinds) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join(" or ") + &bounds(schema)
        }
        _ => "object".to_owned(),
    }
}

fn kind_of_items(items: &Value) -> String {
    if items["properties"].is_null() {
        kind(items)
    } else {
        members(&items["properties"]).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" and ")
    }
}

/// How long, or how much.
fn bounds(schema: &Value) -> String {
    let (least, most) = match (&schema["minLength"], &schema["maxLength"], &schema["minimum"], &schema["maximum"]) {
        (Value::Null, Value::Null, least, most) => (least, most),
        (least, most, ..) => (least, most),
    };
    // The most that a number of JSON can be is no limit that anybody needs to know of.
    let most = most.as_i64().filter(|most| *most < 1_000_000_000);
    match (least.as_i64(), most) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (None, Some(most)) => format!(", at most {most}"),
        _ => String::new(),
    }
}

/// A value of that kind, as an example; none for what has none.
pub(super) fn example(schema: &Value) -> Option<Value> {
    if named(schema).is_some() {
        return Some(Value::from("Zk3v9QpLx2TqWm8RbY5nHg"));
    }
    schema["examples"].get(0).cloned()
}
