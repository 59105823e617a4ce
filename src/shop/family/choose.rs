//! Where the words on a product's page lead.
//!
//! Invariant: every word of every option is offered under its name, and whoever follows the words of an option, name by name, gets to it.
//! It does not know pages.

use super::Member;
use crate::ids::ProductKey;

/// A name, and the words to choose from.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The name.
    pub name: &'a str,
    /// The words, in the order of the options.
    pub choices: Vec<Choice<'a>>,
}

/// A word, and the option that it leads to.
#[derive(Debug, Clone)]
pub struct Choice<'a> {
    /// The word.
    pub word: &'a str,
    /// The option.
    pub member: &'a Member,
    /// Is it the one that is shown?
    pub current: bool,
    /// Does it differ from that one in this word alone?
    pub alone: bool,
}

/// What to choose from, on the page of one of them.
#[must_use]
pub fn choose<'a>(names: &'a [String], members: &'a [Member], current: ProductKey) -> Vec<Row<'a>> {
    let Some(shown) = members.iter().find(|member| member.key == current) else { return Vec::new() };
    let row = |(at, name): (usize, &'a String)| {
        let mut choices: Vec<Choice<'a>> = Vec::new();
        for word in members.iter().filter_map(|member| member.words.get(at)) {
            if choices.iter().any(|choice| choice.word == word) {
                continue;
            }
            let having = members.iter().filter(|member| member.words.get(at) == Some(word));
            if let Some((_, member)) =
                having.map(|member| (distance(shown, member, at), member)).min_by_key(|(far, _)| far.clone())
            {
                let alone = distance(shown, member, at).0.iter().all(|other| !other);
                choices.push(Choice { word, member, current: member.key == current, alone });
            }
        }
        Row { name, choices }
    };
    names.iter().enumerate().map(row).collect()
}

/// In which of the other names they differ, the first names counting most; of those alike, what is in stock is nearer.
fn distance(shown: &Member, member: &Member, at: usize) -> (Vec<bool>, bool) {
    let differs = |(other, (one, two)): (usize, (&String, &String))| other != at && one != two;
    (shown.words.iter().zip(&member.words).enumerate().map(differs).collect(), member.stock == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ProductId;
    use crate::shop::product::Status;
    use crate::shop::trial::money;
    use proptest::prelude::*;

    fn member(key: i64, words: &[&str], stock: i64) -> Member {
        Member {
            key: ProductKey(key),
            id: ProductId::random(),
            sku: key.to_string(),
            slug: key.to_string(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            price: money(100),
            stock,
            status: Status::Active,
        }
    }

    fn names(count: usize) -> Vec<String> {
        ["Colour", "Size", "Wood"].map(str::to_owned)[..count].to_vec()
    }

    #[test]
    fn a_word_leads_to_the_option_that_differs_least() {
        let members = [
            member(1, &["moss", "S"], 1),
            member(2, &["moss", "M"], 0),
            member(3, &["oat", "M"], 5),
            member(4, &["oat", "L"], 0),
        ];
        let names = names(2);
        let told = |current: i64| -> Vec<(String, i64, bool, bool)> {
            let rows = choose(&names, &members, ProductKey(current));
            let choices = rows.into_iter().flat_map(|row| row.choices);
            choices.map(|it| (it.word.to_owned(), it.member.key.0, it.current, it.alone)).collect()
        };
        let choice = |word: &str, key, current, alone| (word.to_owned(), key, current, alone);
        assert_eq!(
            told(1),
            [
                choice("moss", 1, true, true),
                choice("oat", 3, false, false), // there is no small one; the one in stock is nearer
                choice("S", 1, true, true),
                choice("M", 2, false, true), // sold out, and still the moss one
                choice("L", 4, false, false),
            ]
        );
        assert!(choose(&names, &members, ProductKey(9)).is_empty());
    }

    proptest! {
        #[test]
        fn every_option_is_reached_word_by_word(
            all in (1_usize..=3).prop_flat_map(|many| proptest::collection::hash_set(proptest::collection::vec(0_u8..4, many), 1..20)),
            stocks in proptest::collection::vec(0_i64..2, 20),
        ) {
            let all: Vec<Vec<String>> = all.into_iter().map(|words| words.iter().map(u8::to_string).collect()).collect();
            let names = names(all[0].len());
            let members: Vec<Member> = (1..).zip(&all).zip(stocks).map(|((key, words), stock)| {
                member(key, &words.iter().map(String::as_str).collect::<Vec<_>>(), stock)
            }).collect();
            for from in &members {
                for to in &members {
                    let mut at = from.key;
                    for (name, word) in to.words.iter().enumerate() {
                        let rows = choose(&names, &members, at);
                        prop_assert_eq!(rows[name].choices.iter().filter(|choice| choice.current).count(), 1);
                        at = rows[name].choices.iter().find(|choice| choice.word == word).expect("offered").member.key;
                    }
                    prop_assert_eq!(at, to.key);
                }
            }
        }
    }
}
