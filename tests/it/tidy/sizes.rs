//! Files stay small enough to be read in one sitting, and open with what they are.
//!
//! Invariant: none over 300 lines, half of them under 120, each with its own `//!`.

use super::{Source, assert_complains, assert_tidy, rust};

const MOST: usize = 300;
const MEDIAN: usize = 120;

fn too_long(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > MOST {
            complaints.push(format!("{}: {lines} lines are two nouns", source.path));
        }
    }
    let mut lengths: Vec<usize> = sources.iter().map(|source| source.text.lines().count()).collect();
    lengths.sort_unstable();
    match lengths.get(lengths.len() / 2) {
        Some(median) if *median >= MEDIAN => {
            complaints.push(format!("the median file has {median} lines, {MEDIAN} are too many"));
        }
        _ => {}
    }
    complaints
}

fn without_opening(sources: &[Source]) -> Vec<String> {
    let silent = sources.iter().filter(|source| !source.text.starts_with("//! "));
    silent.map(|source| format!("{}: does not open with `//!` and what it is", source.path)).collect()
}

#[test]
fn no_file_is_two_nouns() {
    assert_tidy(&too_long(&[rust("src"), rust("tests"), rust("benches")].concat()));
}

#[test]
fn every_module_opens_with_what_it_is() {
    assert_tidy(&without_opening(&[rust("src"), rust("tests"), rust("benches")].concat()));
}

#[test]
fn a_long_file_a_long_median_and_a_silent_file_are_found() {
    let example =
        [Source::example("src/long.rs", &"//! Long.\n".repeat(301)), Source::example("src/silent.rs", "fn main() {}\n")];
    assert_complains(&too_long(&example), &["src/long.rs: 301 lines", "the median"]);
    assert_complains(&without_opening(&example), &["src/silent.rs"]);
}
