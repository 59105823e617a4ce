//! The house keeps its own rules: the tree is read as text and compared with what docs/ARCHITECTURE.md says.
//!
//! Invariant: every check is a function from files to complaints, and has a test beside it that makes it complain, so that none
//! can fall asleep. It does not know what the program does.

mod asvs;
mod dependencies;
mod imports;
mod names;
mod references;
mod sizes;
mod templates;
mod words;

use std::fs;
use std::path::Path;

/// A file of the tree: its path from the root, with `/`, and its text.
#[derive(Debug, Clone)]
pub struct Source {
    /// Such as `src/web/pages/cart.rs`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// A file for an example.
    pub fn example(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The numbered lines of the program itself: no comments, and nothing from the file's unit tests on.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let body = self.text.split("\n#[cfg(test)]").next().unwrap_or_default();
        let numbered = body.lines().enumerate().map(|(at, line)| (at + 1, line.split("// ").next().unwrap_or_default()));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Does its name end so?
    pub fn is(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }
}

/// Every text file under a folder of the repository, in order; nothing if there is no such folder.
pub fn tree(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), folder, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(folder: &Path, name: &str, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.expect("a folder of the repository can be listed");
        let path = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("an entry has a type").is_dir() {
            collect(&entry.path(), &path, found);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            found.push(Source { path, text }); // what is no text (fonts, pictures) has no rules here
        }
    }
}

/// One file of the repository.
pub fn file(path: &str) -> Source {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read_to_string(&place).unwrap_or_else(|cause| panic!("{path}: {cause}"));
    Source { path: path.to_owned(), text }
}

/// The Rust files of a folder.
pub fn rust(folder: &str) -> Vec<Source> {
    tree(folder).into_iter().filter(|source| source.is(".rs")).collect()
}

/// The Rust files of the program, without those that are only for its unit tests (`#[cfg(test)] mod name;`).
pub fn program() -> Vec<Source> {
    let all = rust("src");
    let for_tests: Vec<String> = all.iter().flat_map(test_modules).collect();
    all.into_iter().filter(|source| !for_tests.iter().any(|path| source.path.starts_with(path))).collect()
}

/// `src/shop.rs` that says `#[cfg(test)] mod trial;` names `src/shop/trial`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = source.path.trim_end_matches(".rs").trim_end_matches("/lib");
    let declared = source.text.split("#[cfg(test)]\nmod ").skip(1).filter_map(|rest| rest.split_once(';'));
    declared.filter(|(name, _)| !name.contains('{')).map(|(name, _)| format!("{folder}/{name}")).collect()
}

/// Fails with every complaint at once.
#[track_caller]
pub fn assert_tidy(complaints: &[String]) {
    assert!(complaints.is_empty(), "the house is not tidy:\n  {}", complaints.join("\n  "));
}

/// Is there a complaint about this, and only this many of them?
#[track_caller]
pub fn assert_complains(complaints: &[String], about: &[&str]) {
    assert_eq!(complaints.len(), about.len(), "{complaints:#?}");
    for (complaint, about) in complaints.iter().zip(about) {
        assert!(complaint.contains(about), "{complaint} is not about {about}");
    }
}
