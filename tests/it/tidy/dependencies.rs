//! Every dependency has its reason, and the licence is what it says.
//!
//! Invariant: a reason is a comment on the line above.

use super::{Source, assert_complains, assert_tidy, file};

fn without_reason(manifest: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let (mut in_dependencies, mut above) = (false, "");
    for line in manifest.text.lines() {
        if line.starts_with('[') {
            in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies
            && let Some((name, _)) = line.split_once(" = ")
            && !above.starts_with('#')
        {
            complaints.push(format!("{}: `{name}` has no reason above it", manifest.path));
        }
        above = line;
    }
    complaints
}

#[test]
fn every_dependency_has_its_reason() {
    assert_tidy(&without_reason(&file("Cargo.toml")));
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = "[package]\nname = \"a\"\n\n[dependencies]\n# Why.\ntea = \"1\"\nmilk = { version = \"2\" }\n\n[dev-dependencies]\nsugar = \"3\"\n";
    assert_complains(&without_reason(&Source::example("Cargo.toml", manifest)), &["`milk`", "`sugar`"]);
}

#[test]
fn the_licence_is_the_gpl_in_full() {
    assert!(file("Cargo.toml").text.contains("\nlicense = \"GPL-3.0-or-later\"\n"));
    let licence = file("LICENSE").text;
    assert!(licence.trim_start().starts_with("GNU GENERAL PUBLIC LICENSE"));
    for part in [
        "Version 3, 29 June 2007",
        "TERMS AND CONDITIONS",
        "17. Interpretation of Sections 15 and 16.",
        "END OF TERMS AND CONDITIONS",
    ] {
        assert!(licence.contains(part), "{part}");
    }
}
