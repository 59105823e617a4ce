//! An answer, and what a person reads in it.
//!
//! Invariant: it holds exactly what came over the wire. Questions that cannot be answered panic with the page's own words.

use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};
use std::cell::OnceCell;

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it came from: path and query.
    pub path: String,
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
    document: OnceCell<Html>,
}

impl Page {
    /// What an answer held.
    pub fn new(path: &str, status: u16, headers: HeaderMap, body: String) -> Self {
        Self { path: path.to_owned(), status, headers, body, document: OnceCell::new() }
    }

    fn document(&self) -> &Html {
        self.document.get_or_init(|| Html::parse_document(&self.body))
    }

    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers of ours are ASCII"))
    }

    /// Every `Set-Cookie` of the answer.
    pub fn cookies_set(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("cookies of ours are ASCII")).collect()
    }

    /// Where it sends to.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|cause| panic!("{cause}: {} {}", self.status, self.body))
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}{}: {}", self.path, self.to(), self.words());
        self
    }

    /// Fails unless it is a 303 to this place.
    #[track_caller]
    pub fn expect_to(self, location: &str) -> Self {
        assert_eq!((self.status, self.location()), (303, location), "{}: {}", self.path, self.words());
        self
    }

    fn to(&self) -> String {
        if self.location().is_empty() { String::new() } else { format!(" -> {}", self.location()) }
    }

    /// All words of the page's main part, for messages.
    pub fn words(&self) -> String {
        if self.header("content-type").starts_with("text/html") { self.texts("main").join(" ") } else { self.body.clone() }
    }

    /// The words of every element that matches, white space made plain.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.document().select(&selector(css)).map(words).collect()
    }

    /// The words of the first element that matches.
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        self.texts(css).into_iter().next().unwrap_or_else(|| panic!("{}: no {css} in: {}", self.path, self.words()))
    }

    /// Is there such an element?
    pub fn has(&self, css: &str) -> bool {
        !self.texts(css).is_empty()
    }

    /// An attribute of every element that matches.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        self.document().select(&selector(css)).filter_map(|element| element.attr(name).map(str::to_owned)).collect()
    }

    /// The title of the browser's tab.
    #[track_caller]
    pub fn title(&self) -> String {
        self.text("title")
    }

    /// The one heading.
    #[track_caller]
    pub fn heading(&self) -> String {
        let headings = self.texts("h1");
        assert_eq!(headings.len(), 1, "{}: one h1, not {headings:?}", self.path);
        headings.into_iter().next().unwrap_or_default()
    }

    /// What the last act did: the messages near the top.
    pub fn messages(&self) -> Vec<String> {
        self.texts(".flash > p")
    }

    /// What is wrong with a field; empty when nothing is.
    pub fn wrong(&self, field: &str) -> String {
        self.texts(&format!("[id='{field}-error']")).join(" ")
    }

    /// The value of a field.
    #[track_caller]
    pub fn value(&self, field: &str) -> String {
        let found = self.attributes(&format!("main [name='{field}']"), "value");
        found.into_iter().next().unwrap_or_else(|| panic!("{}: no field {field} in: {}", self.path, self.words()))
    }

    /// What a browser would send with the form that posts to `action`, as it stands on the page.
    #[track_caller]
    pub fn form(&self, action: &str) -> Vec<(String, String)> {
        let form = self
            .document()
            .select(&selector("form[method='post']"))
            .find(|form| form.attr("action").unwrap_or(&self.path) == action)
            .unwrap_or_else(|| panic!("{} ({}): no form for {action} in: {}", self.path, self.status, self.words()));
        form.select(&selector("input[name], textarea[name], select[name]")).filter_map(field).collect()
    }

    /// Where the page's forms post to.
    pub fn actions(&self) -> Vec<String> {
        self.attributes("form[method='post']", "action")
    }
}

/// The name and value of one control, if it is sent.
fn field(control: ElementRef<'_>) -> Option<(String, String)> {
    let name = control.attr("name")?.to_owned();
    let value = match control.value().name() {
        "textarea" => control.text().collect(),
        "select" => {
            let options = selector("option");
            let chosen = control
                .select(&options)
                .find(|option| option.attr("selected").is_some())
                .or_else(|| control.select(&options).next())?;
            chosen.attr("value").unwrap_or_default().to_owned()
        }
        _ => {
            if control.attr("type") == Some("checkbox") && control.attr("checked").is_none() {
                return None;
            }
            control.attr("value").unwrap_or_default().to_owned()
        }
    };
    Some((name, value))
}

fn words(element: ElementRef<'_>) -> String {
    element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|cause| panic!("{css}: {cause}"))
}
