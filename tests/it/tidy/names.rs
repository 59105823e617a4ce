//! One noun, one word: names that say nothing are refused.
//!
//! Invariant: files, functions and types are looked at; a name that a foreign trait asks for is not ours to choose.

use super::{Source, assert_complains, assert_tidy, rust};

const BANNED: [&str; 11] =
    ["util", "utils", "helper", "helpers", "manager", "service", "common", "process", "data", "info", "handle"];

fn complaints(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let folders_and_file = source.path.trim_end_matches(".rs").split('/');
        for name in folders_and_file.filter(|name| is_banned(name) || *name == "mod") {
            complaints.push(format!("{}: `{name}` says nothing", source.path));
        }
        let mut for_a_trait = false;
        for (at, line) in source.code() {
            if line.starts_with("impl") {
                for_a_trait = line.contains(" for ");
            } else if line.starts_with('}') {
                for_a_trait = false;
            }
            if let Some(name) = named(line).filter(|name| is_banned(name) && !for_a_trait) {
                complaints.push(format!("{}:{at}: `{name}` says nothing", source.path));
            }
        }
    }
    complaints
}

/// The name that a line gives to a function, a type or a module.
fn named(line: &str) -> Option<&str> {
    let mut words = line.split(|sign: char| !sign.is_alphanumeric() && sign != '_').filter(|word| !word.is_empty());
    let first_words = line.trim_start();
    let gives = ["pub", "fn", "struct", "enum", "trait", "type", "mod", "async", "const"];
    if !gives.iter().any(|word| first_words.starts_with(word)) {
        return None;
    }
    words.find(|word| ["fn", "struct", "enum", "trait", "type", "mod"].contains(word))?;
    words.next()
}

/// `Manager`, `PoolManager`, `user_data` and `handle_login` are; `database` and `information` are not.
fn is_banned(name: &str) -> bool {
    let mut snake = String::new();
    for sign in name.chars() {
        if sign.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(sign.to_lowercase());
    }
    let (first, last) = (snake.split('_').next().unwrap_or_default(), snake.rsplit('_').next().unwrap_or_default());
    BANNED.contains(&snake.as_str())
        || ["handle", "process"].contains(&first)
        || BANNED[..6].contains(&last)
        || ["data", "info"].contains(&last)
}

#[test]
fn every_name_says_something() {
    assert_tidy(&complaints(&[rust("src"), rust("tests"), rust("benches")].concat()));
}

#[test]
fn a_name_that_says_nothing_is_found() {
    let example = [
        Source::example("src/web/helpers.rs", "pub async fn handle_login() {}\nstruct UserData;\n"),
        Source::example(
            "src/a.rs",
            "impl Handle for Us {\n    fn handle_error(&self) {}\n}\nfn process(information: u8) {}\nmod database;\n",
        ),
    ];
    assert_complains(&complaints(&example), &["`helpers`", "`handle_login`", "`UserData`", "`process`"]);
}
