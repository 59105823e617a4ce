//! `/docs`: the API described for people, drawn from the very document that programs read.
//!
//! Invariant: it says nothing that `/openapi.json` does not say; it needs no script, and nothing from elsewhere.

mod shape;
mod sheet;

use crate::error::Result;
use crate::web::api::openapi;
use crate::web::view::View;
use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::Value;
use shape::{Row, Text};
use sheet::Sheet;

/// What belongs together.
#[derive(Serialize)]
struct Group {
    anchor: String,
    name: String,
    text: String,
    sheets: Vec<Sheet>,
}

/// One of the shapes that answers are made of.
#[derive(Serialize)]
struct Shape {
    name: String,
    rows: Vec<Row>,
    kind: String,
}

/// An answer that every operation may give.
#[derive(Serialize)]
struct Usual {
    status: String,
    text: Text,
}

#[derive(Serialize)]
struct Page {
    about: String,
    origin: String,
    groups: Vec<Group>,
    usual: Vec<Usual>,
    shapes: Vec<Shape>,
}

/// `GET /docs`.
///
/// # Errors
/// `Unavailable` from the database, for the frame of the page.
pub async fn show(view: View) -> Result<HttpResponse> {
    let page = page(openapi::document(), view.app().origin.as_str());
    view.show("docs/show.html", |_| Ok(page)).await
}

fn page(document: &Value, origin: &str) -> Page {
    let group = |tag: &Value| {
        let name = shape::text(&tag["name"]);
        Group {
            anchor: format!("about-{}", name.to_lowercase().replace(' ', "-")),
            text: shape::text(&tag["description"]),
            sheets: sheet::of(document, &name, origin),
            name,
        }
    };
    let usual = |(_, response): (&String, &Value)| {
        let codes = &response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"];
        Usual { status: codes["status"]["enum"][0].to_string(), text: Text::of(&shape::text(&response["description"])) }
    };
    let shape =
        |(name, schema): (&String, &Value)| Shape { name: name.clone(), rows: shape::rows(schema), kind: shape::kind(schema) };
    let mut usual: Vec<Usual> = members(&document["components"]["responses"]).map(usual).collect();
    usual.sort_by(|one, other| one.status.cmp(&other.status));
    Page {
        about: shape::text(&document["info"]["description"]),
        origin: origin.to_owned(),
        groups: document["tags"].as_array().into_iter().flatten().map(group).collect(),
        usual,
        shapes: members(&document["components"]["schemas"]).map(shape).collect(),
    }
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_place_and_every_line_its_words() {
        let page = page(openapi::document(), "http://localhost:8080");
        let sheets: Vec<&Sheet> = page.groups.iter().flat_map(|group| &group.sheets).collect();
        let addresses: usize = sheets.iter().map(|sheet| 1 + sheet.also.len()).sum();
        let operations = members(&openapi::document()["paths"]).map(|(_, methods)| members(methods).count()).sum::<usize>();
        assert_eq!(addresses, operations);
        assert!(page.groups.iter().all(|group| !group.sheets.is_empty() && !group.text.is_empty()));
        assert!(sheets.iter().all(|sheet| sheet.curl.contains(&sheet.path[..8]) && !sheet.answers.is_empty()));
        let login = sheets.iter().find(|sheet| sheet.path == "/api/auth/login").expect("it is there");
        assert!(login.curl.contains(r#""email": "ada@example.com""#) && !login.curl.contains("Bearer"), "{}", login.curl);
    }
}
