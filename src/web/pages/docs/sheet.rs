//! An operation as people read it.
//!
//! Invariant: an address that is only another name of an operation stands with it, not beside it.

use super::members;
use super::shape::{self, Row, Text};
use serde::Serialize;
use serde_json::Value;

/// What can be answered.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    status: String,
    text: Text,
    rows: Vec<Row>,
    /// The answer is as a whole of this shape.
    whole: Option<String>,
    headers: Vec<Row>,
}

/// One operation.
#[derive(Debug, Serialize)]
pub(super) struct Sheet {
    anchor: String,
    method: String,
    pub(super) path: String,
    pub(super) also: Vec<String>,
    title: String,
    text: Text,
    open: bool,
    parameters: Vec<Row>,
    body: Vec<Row>,
    may_be_empty: bool,
    pub(super) curl: String,
    pub(super) answers: Vec<Answer>,
}

/// The operations of a noun, in the document's order.
pub(super) fn of(document: &Value, noun: &str, origin: &str) -> Vec<Sheet> {
    let all = || {
        members(&document["paths"]).flat_map(|(path, methods)| members(methods).map(move |(method, told)| (path, method, told)))
    };
    let also = |main: &str, method: &str| -> Vec<String> {
        let same = |told: &Value, other: &str| told["x-alias-of"] == main && other == method;
        all().filter(|(_, other, told)| same(told, other)).map(|(path, ..)| path.clone()).collect()
    };
    let of_noun = all().filter(|(.., told)| told["tags"][0] == noun && told["x-alias-of"].is_null());
    of_noun.map(|(path, method, told)| sheet(path, method, told, also(path, method), origin)).collect()
}

fn sheet(path: &str, method: &str, told: &Value, also: Vec<String>, origin: &str) -> Sheet {
    let body = &told["requestBody"]["content"]["application/json"]["schema"];
    let open = told["security"].is_null();
    let parameter = |told: &Value| {
        let place = if told["in"] == "query" {
            ""
        } else if told["in"] == "header" {
            "header, "
        } else {
            "path, "
        };
        let name = shape::text(&told["name"]);
        let row = shape::row(&name, &told["schema"], told["required"] == true, &shape::text(&told["description"]));
        Row { kind: format!("{place}{}", row.kind), ..row }
    };
    let parameters = told["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    Sheet {
        anchor: shape::text(&told["operationId"]),
        method: method.to_uppercase(),
        curl: curl(origin, method, path, parameters, open, body),
        path: path.to_owned(),
        also,
        title: shape::text(&told["summary"]),
        text: Text::of(&shape::text(&told["description"])),
        open,
        parameters: parameters.iter().map(parameter).collect(),
        may_be_empty: told["requestBody"]["required"] != true,
        body: shape::rows(body),
        // What every operation may answer stands once on the page.
        answers: members(&told["responses"]).filter(|(_, told)| told["$ref"].is_null()).map(answer).collect(),
    }
}

fn answer((status, told): (&String, &Value)) -> Answer {
    let schema = &told["content"]["application/json"]["schema"];
    let header = |(name, told): (&String, &Value)| shape::row(name, &told["schema"], false, &shape::text(&told["description"]));
    Answer {
        status: status.clone(),
        text: Text::of(&shape::text(&told["description"])),
        whole: shape::row("", schema, true, "").shape.filter(|_| schema["properties"].is_null()),
        rows: if schema["$ref"].is_null() { shape::rows(schema) } else { Vec::new() },
        headers: members(&told["headers"]).map(header).collect(),
    }
}

/// A call as one types it.
fn curl(origin: &str, method: &str, path: &str, parameters: &[Value], open: bool, body: &Value) -> String {
    let text = |schema: &Value| {
        shape::example(schema).map_or_else(String::new, |value| value.as_str().map_or(value.to_string(), str::to_owned))
    };
    let named = parameters.iter().filter(|parameter| parameter["in"] == "path");
    let path = named.fold(path.to_owned(), |path, parameter| {
        path.replace(&format!("{{{}}}", shape::text(&parameter["name"])), &text(&parameter["schema"]))
    });
    let first = parameters.iter().find(|parameter| parameter["in"] == "query");
    let query = first.map(|parameter| format!("?{}={}", shape::text(&parameter["name"]), text(&parameter["schema"])));
    let posted = !body.is_null() && method == "post";
    let verb = if posted || method == "get" { String::new() } else { format!(" -X {}", method.to_uppercase()) };
    let (quote, query) = query.map_or(("", String::new()), |query| ("'", query));
    let token = if open { "" } else { " \\\n     -H 'Authorization: Bearer TOKEN'" };
    let sent = match sent(body) {
        sent if sent.is_empty() => String::new(),
        sent => format!(" \\\n     -H 'Content-Type: application/json' \\\n     -d '{{{}}}'", sent.join(",\n          ")),
    };
    format!("curl -s{verb} {quote}{origin}{path}{query}{quote}{token}{sent}")
}

/// The members of a body that a call needs: those that must be there, or else all. Of several ways to send one, the first.
fn sent(body: &Value) -> Vec<String> {
    let way = body["oneOf"].get(0).unwrap_or(body);
    let required: Vec<&str> = way["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let member = |(name, schema): (&String, &Value)| {
        let wanted = required.is_empty() || required.contains(&name.as_str());
        wanted.then(|| shape::example(schema)).flatten().map(|value| format!("\"{name}\": {value}"))
    };
    members(&way["properties"]).filter_map(member).collect()
}
