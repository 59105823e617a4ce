//! A name in URLs, made from what a thing is called.
//!
//! Invariant: small letters a to z, digits, and single dashes between them; never empty, at most 80 of them. What is made once is not
//! made again when the thing is renamed, so that links keep working. It does not know which ones are taken.

use crate::ids::{base64url, random_bytes};
use crate::shop::search::fold;

/// Longest one that is made from a title.
const LONGEST: usize = 80;

/// How often a number is tried behind a name that is taken.
const TRIES: u32 = 20;

/// The slug of this title; `else_be` if nothing of it can stand in a URL.
#[must_use]
pub fn of(title: &str, else_be: &str) -> String {
    let mut slug = String::new();
    for sign in fold(title).chars() {
        if sign.is_ascii_alphanumeric() {
            slug.push(sign);
        } else if is_gap(sign) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == LONGEST {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    // The word of the page that makes one would hide the thing behind it.
    if slug.is_empty() || slug == "new" { else_be.to_owned() } else { slug.to_owned() }
}

/// Does it part two words? What is neither this nor a letter is left out.
fn is_gap(sign: char) -> bool {
    sign.is_whitespace() || (sign.is_ascii_punctuation() && sign != '\'')
}

/// The slug, then others like it, for as long as they are taken.
pub fn candidates(slug: &str) -> impl Iterator<Item = String> {
    let chance = move || format!("{slug}-{}", of(&base64url(random_bytes::<6>()), "x"));
    std::iter::once(slug.to_owned()).chain(numbered(slug)).chain(std::iter::repeat_with(chance).take(2))
}

/// Those of them that have a number.
pub fn numbered(slug: &str) -> impl Iterator<Item = String> {
    (2..TRIES).map(move |nth| format!("{slug}-{nth}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_plain_whatever_the_title_is() {
        for (title, slug) in [
            ("Oak Bowl", "oak-bowl"),
            ("  Ole\u{301} & Löv's -- Krug!  ", "ole-lovs-krug"),
            ("Ⅻ ﬁne", "xii-fine"),
            ("花瓶", "product"),
            ("", "product"),
            ("New", "product"),
            ("New Vase", "new-vase"),
            ("a/../b?c#d", "a-b-c-d"),
        ] {
            assert_eq!(of(title, "product"), slug, "{title}");
        }
        assert_eq!(of(&"ab ".repeat(60), "x").len(), 80);
    }

    #[test]
    fn what_is_taken_gets_a_number() {
        let all: Vec<String> = candidates("mug").collect();
        assert_eq!((all[0].as_str(), all[1].as_str(), all.len()), ("mug", "mug-2", 21));
        assert!(all[19].len() > "mug-20".len() && all[19] != all[20]);
    }
}
