//! Reads the templates, from the program or from the tree.
//!
//! Invariant: what is read is whole: every include is put in its place, and every file has its address. It does not know what templates
//! can call.

use super::{Words, told};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;
use tera::Tera;

/// Name and text of every template, compiled in by `build.rs`.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/templates.rs"));
}

impl Words {
    /// The templates that the program was built with.
    pub(super) fn compiled_in(&self) -> Result<Tera> {
        self.parsed(embedded::TEMPLATES.iter().copied())
    }

    fn parsed<N: AsRef<str>, C: AsRef<str>>(&self, templates: impl IntoIterator<Item = (N, C)>) -> Result<Tera> {
        let mut tera = Tera::new();
        self.teach(&mut tera);
        let texts: BTreeMap<String, String> =
            templates.into_iter().map(|(name, text)| (name.as_ref().to_owned(), self.addressed(text.as_ref()))).collect();
        let whole = texts.iter().map(|(name, text)| Ok((name, included(text, &texts, name)?))).collect::<Result<Vec<_>>>()?;
        tera.add_raw_templates(whole).map_err(|cause| Error::Internal(format!("templates: {}", told(&cause))))?;
        Ok(tera)
    }

    /// The address of a file is known when the template is parsed: it needs no call at each page.
    fn addressed(&self, text: &str) -> String {
        let call = |name: &str| format!("{{{{ asset(name=\"{name}\") }}}}");
        self.assets.urls().fold(text.to_owned(), |text, (name, url)| text.replace(&call(name), url))
    }

    /// The templates of the tree, for whoever changes them.
    pub(super) fn tree(&self) -> Result<Tera> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        let failed = |cause: std::io::Error| Error::Internal(format!("templates cannot be read: {cause}"));
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(&root) {
                    found.push((name.to_string_lossy().replace('\\', "/"), std::fs::read_to_string(&path).map_err(failed)?));
                }
            }
        }
        self.parsed(found)
    }
}

/// Puts the text of every include in its place. It says the same and is drawn faster: each include would begin with a scope and a
/// search of its own, and the rows of a list have several.
fn included(text: &str, texts: &BTreeMap<String, String>, path: &str) -> Result<String> {
    let mut parts = text.split("{% include \"");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("\" %}").ok_or_else(|| Error::Internal(format!("{path}: an include has no end")))?;
        let inner = texts.get(name).ok_or_else(|| Error::Internal(format!("{path}: there is no template {name}")))?;
        if path.split(' ').any(|outer| outer == name) {
            return Err(Error::Internal(format!("{path}: {name} includes itself")));
        }
        whole.push_str(included(inner, texts, &format!("{path} {name}"))?.trim_end());
        whole.push_str(rest);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_is_put_in_its_place() {
        let texts =
            [("a", "<i>{% include \"b\" %}</i>"), ("b", "[{% include \"c\" %}]\n"), ("c", "x\n"), ("d", "{% include \"d\" %}")];
        let texts: BTreeMap<String, String> = texts.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        assert_eq!(included(&texts["a"], &texts, "a").expect("it is whole"), "<i>[x]</i>");
        for wrong in ["{% include \"none\" %}", "{% include \"a", &texts["d"]] {
            assert!(included(wrong, &texts, "d").is_err(), "{wrong}");
        }
    }
}
