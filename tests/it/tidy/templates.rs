//! Pages keep to the Content-Security-Policy and to escaping, and none lies about unused.
//!
//! Invariant: nothing inline, nothing marked safe; a template that nothing draws is not there.

use super::{Source, assert_complains, assert_tidy, rust, tree};

fn loose(templates: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in templates.iter().filter(|source| source.is(".html")) {
        for (at, line) in source.text.lines().enumerate() {
            let mut say = |why: &str| complaints.push(format!("{}:{}: {why}", source.path, at + 1));
            let plain = line.to_ascii_lowercase();
            if plain.replace(' ', "").contains("|safe") {
                say("`| safe` turns escaping off");
            }
            // A letter is read without our style sheets, and no policy of ours applies to it.
            let letter = source.path.starts_with("templates/mail/");
            if !letter && (plain.contains("<style") || plain.contains(" style=")) {
                say("a style belongs into static/css");
            }
            if plain.contains("<script") && !plain.contains(" src=") {
                say("a script belongs into static/js");
            }
            if handlers(&plain) {
                say("a handler belongs into static/js");
            }
            if plain.contains("javascript:") || plain.contains("src=\"http") || letter && plain.contains("src=") {
                say("nothing is loaded from elsewhere");
            }
        }
    }
    complaints
}

/// ` onclick=` and its like.
fn handlers(line: &str) -> bool {
    line.split(" on").skip(1).any(|rest| {
        let name = rest.split('=').next().unwrap_or_default();
        rest.contains('=') && !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_lowercase())
    })
}

/// A page is drawn when the program names it; a layout when a template extends it; a file of components when one of them is used.
fn unused(templates: &[Source], program: &[Source]) -> Vec<String> {
    let pages = templates.iter().filter(|source| !source.path.starts_with("templates/components/"));
    let mut complaints = Vec::new();
    for page in pages {
        let name = page.path.trim_start_matches("templates/");
        let quoted = format!("\"{name}\"");
        let drawn = program.iter().any(|source| source.code().any(|(_, line)| line.contains(&quoted)));
        if !drawn
            && !templates.iter().any(|other| {
                other.text.contains(&format!("extends {quoted}")) || other.text.contains(&format!("include {quoted}"))
            })
        {
            complaints.push(format!("{}: nothing draws it", page.path));
        }
    }
    for source in templates.iter().filter(|source| source.path.starts_with("templates/components/")) {
        for name in components(&source.text) {
            let used = templates
                .iter()
                .any(|other| other.text.contains(&format!("<{name} ")) || other.text.contains(&format!("<{name}>")));
            if !used {
                complaints.push(format!("{}: nothing uses `<{name}>`", source.path));
            }
        }
    }
    complaints
}

fn components(text: &str) -> impl Iterator<Item = &str> {
    text.split("{% component ").skip(1).filter_map(|rest| rest.split('(').next())
}

#[test]
fn nothing_in_a_template_is_inline_or_unescaped() {
    assert_tidy(&loose(&tree("templates")));
}

#[test]
fn every_template_is_drawn() {
    assert_tidy(&unused(&tree("templates"), &rust("src")));
}

#[test]
fn a_loose_and_an_unused_template_are_found() {
    let page = Source::example(
        "templates/tea/show.html",
        "{% extends \"layout.html\" %}\n{{ name | safe }}<p style=\"\">\n<a href=\"#\" onclick=\"x()\">on = off</a>\n",
    );
    let cup = Source::example("templates/components/cup.html", "{% component cup(size: string) %}{% endcomponent cup %}");
    let layout = Source::example("templates/layout.html", "<script>x</script>");
    let templates = [page, cup, layout];
    assert_complains(&loose(&templates), &["`| safe`", "static/css", "static/js", "static/js"]);
    let program = Source::example("src/web/pages/tea.rs", "view.show(\"tea/show.html\")");
    assert_complains(&unused(&templates, &[]), &["tea/show.html", "<cup>"]);
    assert_complains(&unused(&templates[..1], &[program]), &[]);
}
