//! What points somewhere points at something: comments at headings of the docs, the docs at files and tests.
//!
//! Invariant: a reader with nothing but the repository can follow every reference.

use super::{Source, assert_complains, assert_tidy, file, rust, tree};

/// Every `docs/X.md` that is named is there, and so is each heading that is quoted behind it.
fn dangling(sources: &[Source], docs: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let text = flowing(&source.text);
        for (name, rest) in text.split("docs/").skip(1).filter_map(|rest| rest.split_once(".md")) {
            if !name.bytes().all(|letter| letter.is_ascii_uppercase()) {
                continue;
            }
            let path = format!("docs/{name}.md");
            let Some(doc) = docs.iter().find(|doc| doc.path == path) else {
                complaints.push(format!("{}: there is no {path}", source.path));
                continue;
            };
            let quoted = rest.strip_prefix(", \"").and_then(|rest| rest.split_once('"'));
            if let Some((heading, _)) = quoted.filter(|(heading, _)| !headings(doc).any(|known| known == *heading)) {
                complaints.push(format!("{}: {path} has no heading \"{heading}\"", source.path));
            }
        }
    }
    complaints
}

/// The text without line breaks and the signs that open a line of a comment.
fn flowing(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches(['/', '!', '#']).trim());
    lines.collect::<Vec<_>>().join(" ")
}

fn headings(doc: &Source) -> impl Iterator<Item = &str> {
    doc.text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim())
}

/// Every `src/...` and `tests/...` in a document is there, and so is each function that is named behind a file: `a.rs`: `one`, `two`.
fn lost(docs: &[Source], there: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for doc in docs {
        let (text, mut at) = (doc.text.split_whitespace().collect::<Vec<_>>().join(" "), None::<&Source>);
        let mut before = "";
        for (number, part) in text.split('`').enumerate() {
            if number % 2 == 0 {
                before = part;
            } else if part.starts_with("src/") || part.starts_with("tests/") {
                at = there.iter().find(|source| source.path == part);
                let folder = format!("{}/", part.trim_end_matches('/'));
                if at.is_none() && !there.iter().any(|source| source.path.starts_with(&folder)) {
                    complaints.push(format!("{}: there is no {part}", doc.path));
                }
            } else if let Some(source) = at.filter(|_| before == ": " || before == ", ") {
                if !source.text.contains(&format!("fn {part}(")) {
                    complaints.push(format!("{}: {} has no `{part}`", doc.path, source.path));
                }
            } else {
                at = None;
            }
        }
    }
    complaints
}

fn documents() -> Vec<Source> {
    tree("docs").into_iter().filter(|source| source.is(".md")).chain([file("README.md")]).collect()
}

#[test]
fn every_reference_to_the_docs_can_be_followed() {
    let folders = ["src", "tests", "benches", "templates", "static", "migrations", "seed", "docs"];
    let mut sources: Vec<Source> = folders.into_iter().flat_map(tree).collect();
    sources.extend(["build.rs", "Cargo.toml", "README.md"].map(file));
    sources.retain(|source| !source.is("tidy/references.rs"));
    assert_tidy(&dangling(&sources, &tree("docs")));
}

#[test]
fn every_file_and_test_that_the_docs_name_is_there() {
    assert_tidy(&lost(&documents(), &[rust("src"), rust("tests"), rust("benches")].concat()));
}

#[test]
fn a_reference_that_leads_nowhere_is_found() {
    let text = "# Tea\n\n## How to pour\n\n`src/tea.rs`: `pour`,\n`drink`. `src/`, `src/milk.rs`: `pour`\n";
    let doc = Source::example("docs/TEA.md", text);
    let code = "//! See docs/TEA.md,\n//! \"How to pour\", docs/TEA.md, \"How to drink\", docs/MILK.md.\nfn pour() {}\n";
    let code = Source::example("src/tea.rs", code);
    let docs = [doc];
    assert_complains(&dangling(std::slice::from_ref(&code), &docs), &["\"How to drink\"", "docs/MILK.md"]);
    assert_complains(&lost(&docs, &[code]), &["no `drink`", "no src/milk.rs"]);
}
