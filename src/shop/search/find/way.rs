//! Which part of a search the index is asked for.
//!
//! Invariant: whichever it is, the same rows match. A server's index of words gives all products that have a word before it gives the
//! first, and all that have any word with a beginning; of a word that very many have, it is less work to look at the rows that another
//! word leads to, or at the newest. FTS5 gives the matches of each word one by one, and is always asked for all. It does not know how
//! common a word is.

use crate::ids::CategoryKey;
use crate::shop::search::Search;
use crate::shop::search::expression::{Language, Plan, Tier};

/// How the rows that match are come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// The index finds them.
    Index,
    /// The index finds those with the parts that are marked, and they are looked at for the others.
    Marked(Vec<bool>),
    /// Rows are looked at, as they come.
    Rows,
}

/// A condition on the row `w` of the index, and what is bound in it, from `$1` on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub text: String,
    pub bound: Vec<String>,
}

impl Condition {
    /// The rows that match at least so well.
    pub fn of((language, plan): (Language, Plan), search: &Search, category: Option<CategoryKey>, tier: Tier, way: &Way) -> Self {
        let parts = language.parts(search, tier, category);
        let (mut found, mut seen): (Vec<_>, Vec<_>) = match way {
            Way::Index => (parts, Vec::new()),
            Way::Rows => (Vec::new(), parts),
            Way::Marked(marked) => {
                debug_assert_eq!(parts.len(), marked.len(), "each part is marked or not");
                let (found, seen): (Vec<_>, Vec<_>) = parts.into_iter().zip(marked).partition(|(_, marked)| **marked);
                (found.into_iter().map(|(part, _)| part).collect(), seen.into_iter().map(|(part, _)| part).collect())
            }
        };
        if tier == Tier::Named {
            let any = language.parts(search, Tier::Any, None);
            if language == Language::Fts5 { found.extend(any) } else { seen.extend(any) }
        }
        let (mut text, mut bound) = (Vec::new(), Vec::new());
        // FTS5 is asked once. A server has less work with parts that it is asked for one by one.
        let found = if language == Language::Fts5 && !found.is_empty() { vec![language.every(&found)] } else { found };
        for part in found {
            bound.push(part);
            text.push(language.condition(bound.len(), plan));
        }
        if !seen.is_empty() {
            bound.push(language.every(&seen));
            // The same, in words that no index is made for.
            text.push(format!("({}) IS TRUE", language.condition(bound.len(), plan)));
        }
        Self { text: text.join(" AND "), bound }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_asked_for_once() {
        let search = Search::read("ember vase");
        let of = |way: &Way| Condition::of((Language::Tsquery, Plan::Once), &search, Some(CategoryKey(7)), Tier::Words, way);
        let [ember, vase, category] = ["('ember')", "('vase')", "('\u{95}7')"];
        let found = of(&Way::Index);
        let each = "w.tokens @@ (SELECT $1::tsquery) AND w.tokens @@ (SELECT $2::tsquery) AND w.tokens @@ (SELECT $3::tsquery)";
        assert_eq!((found.text.as_str(), found.bound), (each, [ember, vase, category].map(str::to_owned).to_vec()));
        let here = Condition::of((Language::Fts5, Plan::Once), &search, None, Tier::Words, &Way::Index);
        assert_eq!((here.text.as_str(), here.bound), ("w.tokens MATCH $1", vec!["\"ember\" AND \"vase\"".to_owned()]));
        let seen = of(&Way::Rows);
        assert_eq!((seen.text.as_str(), seen.bound.len()), ("(w.tokens @@ (SELECT $1::tsquery)) IS TRUE", 1));
        let both = of(&Way::Marked(vec![false, true, false]));
        assert_eq!(both.text, "w.tokens @@ (SELECT $1::tsquery) AND (w.tokens @@ (SELECT $2::tsquery)) IS TRUE");
        assert_eq!(both.bound, [vase.to_owned(), [ember, category].join(" & ")]);
        let named = Condition::of((Language::Tsquery, Plan::Once), &Search::read("tea"), None, Tier::Named, &Way::Index);
        assert_eq!(named.bound, ["(('\u{92}tea':*) | ('\u{93}tea':*))", "('tea':*)"]);
    }
}
