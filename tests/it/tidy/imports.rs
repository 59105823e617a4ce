//! Who may import whom: strictly down.
//!
//! Invariant: the table is that of docs/ARCHITECTURE.md, "The rooms"; a room that is not in it may not exist.

use super::{Source, assert_complains, assert_tidy, program};

/// A room, the rooms it may use, and the crates it must never see.
const TABLE: [(&str, &[&str], &[&str]); 16] = [
    ("error", GROUND, NO_WEB),
    ("ids", GROUND, NO_WEB),
    ("clock", GROUND, NO_WEB),
    ("column", GROUND, NO_WEB),
    ("config", GROUND, NO_WEB),
    // Files for spreadsheets: written from `shop` and from `web`.
    ("sheet", GROUND, NO_WEB),
    ("db", GROUND, NO_WEB),
    ("audit", &["error", "ids", "clock", "column", "config", "db"], NO_WEB),
    // Letters and the outbox; whoever sends sees neither the tables nor pages, and nobody but the edge sees it.
    ("mail", &["error", "ids", "clock", "column", "config", "db"], NO_WEB),
    ("mail::sender", &["error", "ids", "clock", "column", "config", "db", "mail"], NO_WEB_NO_TABLES),
    ("auth", &["error", "ids", "clock", "column", "config", "db", "audit", "mail"], NO_EDGE),
    ("shop", &["error", "ids", "clock", "column", "config", "sheet", "db", "audit", "mail"], NO_EDGE),
    (
        "web",
        &["error", "ids", "clock", "column", "config", "sheet", "db", "audit", "mail", "auth", "shop"],
        &["diesel", "diesel_migrations", "r2d2", "schema"],
    ),
    ("cli", EVERYTHING, &[]),
    ("main", EVERYTHING, &[]),
    ("lib", EVERYTHING, &[]),
];

const GROUND: &[&str] = &["error", "ids", "clock", "column", "config"];
const EVERYTHING: &[&str] =
    &["error", "ids", "clock", "column", "config", "sheet", "db", "audit", "mail", "auth", "shop", "web", "cli"];
const NO_WEB: &[&str] = &["actix_web", "actix_files", "actix_governor", "actix_http", "tera", "tera_contrib"];
const NO_WEB_NO_TABLES: &[&str] = &["actix_web", "actix_http", "tera", "tera_contrib", "diesel", "schema"];
const NO_EDGE: &[&str] = &[
    "actix_web",
    "actix_files",
    "actix_governor",
    "actix_http",
    "tera",
    "tera_contrib",
    "std::env",
    "reqwest",
    "lettre",
    "mail::sender",
    "mail::transport",
];

fn complaints(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let room = room(&source.path);
        let Some((_, may_use, never)) = TABLE.iter().find(|(name, ..)| *name == room) else {
            complaints.push(format!("{}: the room `{room}` is not in the table of who may import whom", source.path));
            continue;
        };
        for (at, line) in &joined(source) {
            for used in rooms_used(line) {
                if used != room && !may_use.contains(&used) && EVERYTHING.contains(&used) {
                    complaints.push(format!("{}:{at}: `{room}` must not see `{used}`", source.path));
                }
            }
            for name in never.iter().filter(|name| sees(line, name)) {
                complaints.push(format!("{}:{at}: `{room}` must not see `{name}`", source.path));
            }
        }
    }
    complaints
}

/// The lines of a file, where a `use` that goes over several lines is one.
fn joined(source: &Source) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, line) in source.code() {
        match lines.last_mut() {
            Some((_, whole)) if open => whole.push_str(line),
            _ => lines.push((at, line.to_owned())),
        }
        let (_, whole) = lines.last().expect("a line was just added");
        open = (whole.starts_with("use ") || whole.starts_with("pub use ")) && !whole.contains(';');
    }
    lines
}

/// `src/web/pages/cart.rs` is in the room `web`, and so is `src/web.rs`; sending mail is a room of its own.
fn room(path: &str) -> &str {
    let inside = path.trim_start_matches("src/");
    if inside.starts_with("mail/sender") || inside.starts_with("mail/transport") {
        return "mail::sender";
    }
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The rooms named on a line: `crate::db::Db` is `db`; `use crate::{db, shop::cart}` are two.
fn rooms_used(line: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for rest in line.split("crate::").skip(1).chain(line.split("latchkey::").skip(1)) {
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(top_level(group).into_iter().map(first_word)),
            None => rooms.push(first_word(rest)),
        }
    }
    rooms
}

/// The members of a group, without looking into the groups inside it.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&group[start..at]);
                return members;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    members.push(&group[start..]);
    members
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|sign: char| !sign.is_alphanumeric() && sign != '_').next().unwrap_or_default()
}

/// Does the line name this crate or module as the start or a part of a path?
fn sees(line: &str, name: &str) -> bool {
    let word = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        let path = after.starts_with("::") || (before.ends_with("use ") || before.ends_with("::") || before.ends_with('{'));
        path && !word(before.chars().next_back()) && !word(after.chars().next())
    })
}

#[test]
fn rooms_import_strictly_down() {
    assert_tidy(&complaints(&program()));
}

#[test]
fn an_import_upwards_is_found() {
    let example = [
        Source::example(
            "src/auth/session.rs",
            "use crate::{\n    clock::Clock,\n    shop::{cart, order},\n};\nuse actix_web::web;\n",
        ),
        Source::example("src/shop/cart.rs", "fn a() {\n    let all = std::env::vars();\n    crate::web::view::show();\n}\n"),
        Source::example("src/web/pages/cart.rs", "use crate::db::schema::carts;\nuse crate::db::Db;\nuse diesel::prelude::*;\n"),
        Source::example("src/mail/sender.rs", "use crate::db::schema::outbox;\nuse crate::mail::letter::Letter;\n"),
        Source::example("src/auth/user.rs", "use crate::mail::outbox::Postbox;\nuse crate::mail::sender::Sender;\n"),
        Source::example("src/utils.rs", ""),
        Source::example("src/error.rs", "// crate::web knows\nuse crate::ids::UserId;\n"),
    ];
    assert_complains(
        &complaints(&example),
        &[
            "`auth` must not see `shop`",
            "`actix_web`",
            "`std::env`",
            "`shop` must not see `web`",
            "`schema`",
            "`diesel`",
            "`mail::sender` must not see `schema`",
            "`auth` must not see `mail::sender`",
            "not in the table",
        ],
    );
}
