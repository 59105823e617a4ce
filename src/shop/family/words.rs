//! The words of an option: what it is called beside its family, in titles and in files.
//!
//! Invariant: what is written for a file is read back as it was. It does not know rows.

/// Most names that options differ in.
pub const MOST_NAMES: usize = 3;

/// Longest name or word, in characters.
pub const LONGEST: usize = 30;

/// What an option is called: in carts, orders, letters.
#[must_use]
pub fn titled(title: &str, words: &[String]) -> String {
    if words.is_empty() { title.to_owned() } else { format!("{title}, {}", said(words)) }
}

/// The words one after the other.
#[must_use]
pub fn said(words: &[String]) -> String {
    words.join(", ")
}

/// The names with their words, for a file: `Colour: moss; Size: M`.
#[must_use]
pub fn written(names: &[String], words: &[String]) -> String {
    let pairs: Vec<String> = names.iter().zip(words).map(|(name, word)| format!("{name}: {word}")).collect();
    pairs.join("; ")
}

/// Reads what `written` writes: the names, and a word for each.
///
/// # Errors
/// A sentence for whoever wrote it.
pub fn parted(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut names, mut words) = (Vec::new(), Vec::new());
    for pair in text.split(';') {
        let Some((name, word)) = pair.split_once(':') else {
            return Err(format!("`{}` is not a name and its word, such as Colour: moss", pair.trim()));
        };
        names.push(plain(name)?);
        words.push(plain(word)?);
    }
    if names.len() > MOST_NAMES {
        return Err(format!("an option has at most {MOST_NAMES} names"));
    }
    if let Some(again) = twice(&names) {
        return Err(format!("`{again}` is there twice"));
    }
    Ok((names, words))
}

/// A name or a word, as it may be.
///
/// # Errors
/// A sentence for whoever wrote it.
pub fn plain(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => return Err("a name or a word of an option is empty".to_owned()),
        1..=LONGEST => {}
        length => return Err(format!("`{text}` has {length} characters; {LONGEST} is the most")),
    }
    if text.chars().any(|sign| sign.is_control() || matches!(sign, ';' | ':')) {
        return Err(format!("`{text}` has a colon or a semicolon in it, which part names and words"));
    }
    Ok(text.to_owned())
}

/// A name that is there twice, whatever its case.
pub(super) fn twice(names: &[String]) -> Option<&String> {
    let same = |one: &String, other: &String| one.to_lowercase() == other.to_lowercase();
    names.iter().enumerate().find(|(at, name)| names[..*at].iter().any(|before| same(before, name))).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_option_is_called_after_its_family_and_its_words() {
        let words = ["moss".to_owned(), "M".to_owned()];
        assert_eq!(titled("Linen Towel", &words), "Linen Towel, moss, M");
        assert_eq!(titled("Linen Towel", &[]), "Linen Towel");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (text, why) in [
            ("moss", "not a name and its word"),
            ("Colour: moss; ", "not a name"),
            ("Colour: ", "empty"),
            ("Colour: moss; colour: oat", "twice"),
            ("A: 1; B: 2; C: 3; D: 4", "at most 3"),
            ("Colour: a:b", "colon"),
            ("Colour: 1234567890123456789012345678901", "31 characters"),
        ] {
            let told = parted(text).expect_err(text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(words in proptest::collection::vec("[a-zà-ü][a-zà-ü ,.%-]{0,20}[a-z]", 1..=3)) {
            let names: Vec<String> = ["Colour", "Size", "Wood"].map(str::to_owned)[..words.len()].to_vec();
            prop_assert_eq!(parted(&written(&names, &words)), Ok((names, words)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            if let Ok((names, words)) = parted(&text) {
                prop_assert!(names.len() == words.len() && (1..=MOST_NAMES).contains(&names.len()));
            }
        }
    }
}
