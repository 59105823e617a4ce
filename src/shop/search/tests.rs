//! What is read of a search.

use super::*;

#[test]
fn wildcards_are_letters_and_every_word_counts() {
    let search = Search::read("  100% Wool_Blend \\ ! ");
    assert_eq!(search.words, [vec!["100", "\u{91}25"], vec!["wool", "\u{91}5f", "blend"]]);
    assert_eq!(search.text(), "100% Wool_Blend \\ !");
    assert!(!search.is_wordless() && Search::read(" ! ").is_wordless() && !Search::read("  ").is_wordless());
}

#[test]
fn case_and_accents_are_folded() {
    assert_eq!(fold("CRÈME Brûlée"), "creme brulee");
    assert_eq!(fold("ÅNGSTRÖM ﬁne"), "angstrom fine");
}

#[test]
fn controls_are_gaps_and_length_is_bounded() {
    assert_eq!(Search::read("a\0b").words, [["a"], ["b"]]);
    assert_eq!(Search::read("a\u{92}b").words, [["a"], ["b"]], "nobody types the mark of a title");
    assert!(Search::read("\0\n\t ").is_empty());
    assert_eq!(Search::read(&"a ".repeat(1000)).words.len(), WORDS);
    assert_eq!(Search::read(&"é".repeat(1000)).text().chars().count(), CHARACTERS);
}
