//! The tokens that a search is made of.
//!
//! Invariant: a text is taken apart here exactly as the database does it when a product is stored (the migration `search` of each
//! database), or a product could not be found by its own words. What begins with a control character cannot be typed, so a mark
//! never meets a word. It does not know what the tokens are asked of.

/// Begins the token of a symbol.
const SYMBOL: char = '\u{91}';

/// Begins a word of the title.
pub(super) const TITLE: &str = "\u{92}";

/// Begins a word of the category's name or of the code.
pub(super) const NAMED: &str = "\u{93}";

/// Begins the number of the category.
pub(super) const CATEGORY: &str = "\u{95}";

/// Symbols that are letters: each is a token of its own.
const SYMBOLS: &str = "\"#$%&'*+@_€£";

/// Other punctuation parts words. What is neither in ASCII nor here is part of a word.
const GAPS: &str = "–—‐«»„‚•·×→®©°⁄\u{200b}\u{feff}";

/// Takes folded text apart.
pub(super) fn tokens(folded: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    for letter in folded.chars().map(plain) {
        if SYMBOLS.contains(letter) {
            tokens.push(format!("{SYMBOL}{:x}", u32::from(letter)));
            tokens.push(String::new());
        } else if GAPS.contains(letter) || letter.is_ascii() && !letter.is_ascii_alphanumeric() {
            tokens.push(String::new());
        } else if let Some(token) = tokens.last_mut() {
            token.push(letter);
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// Is it a word, which stands in the text as it stands here?
pub(super) fn is_word(token: &str) -> bool {
    !token.starts_with(SYMBOL)
}

/// The quotes of a typesetter are those of a keyboard.
fn plain(letter: char) -> char {
    match letter {
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_tokens_and_other_punctuation_parts_words() {
        assert_eq!(tokens("100%"), ["100", "\u{91}25"]);
        assert_eq!(tokens("t-shirt (m)"), ["t", "shirt", "m"]);
        assert_eq!(tokens("o’brien"), tokens("o'brien"));
        assert_eq!(tokens("20×30"), ["20", "30"]);
        assert_eq!(tokens("茶碗"), ["茶碗"]);
        assert_eq!(tokens("!? ~"), [""; 0]);
        assert!(is_word("tea") && !is_word(&tokens("*")[0]));
    }
}
