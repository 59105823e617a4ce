//! What is asked of the list of products, as it stands in an address.
//!
//! Invariant: what is not legal is as absent, and an address that is made here is read here as the same wish. It does not know what is
//! found.

use crate::shop::catalogue::{Query, Sort};
use crate::shop::paging::PageNumber;
use crate::shop::search::{Search, Vocabulary};

/// The query as it came; what is not legal is as absent (docs/API.md, "General").
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub(super) q: String,
    pub(super) category: Option<String>,
    pub(super) sort: Option<Sort>,
    pub(super) in_stock: bool,
    page: PageNumber,
}

impl Wish {
    /// Reads a query string. The last of a repeated parameter counts.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => value.chars().filter(|c| !c.is_control()).take(100).collect::<String>().trim().clone_into(&mut wish.q),
                "category" => wish.category = Some(value.into_owned()).filter(|slug| !slug.is_empty()),
                "sort" => wish.sort = Sort::read(&value),
                "in_stock" => wish.in_stock = matches!(&*value, "1" | "on" | "true"),
                "page" => wish.page = PageNumber::read(Some(&value)),
                _ => {}
            }
        }
        wish
    }

    /// As the catalogue takes it.
    #[must_use]
    pub fn query(&self, vocabulary: &Vocabulary) -> Query {
        Query {
            vocabulary: vocabulary.clone(),
            q: Search::read(&self.q),
            category: self.category.clone(),
            sort: self.sort,
            in_stock: self.in_stock,
            page: self.page,
        }
    }

    /// The address of this list at a page.
    pub(super) fn url(&self, page: i64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        if let Some(category) = &self.category {
            query.append_pair("category", category);
        }
        if let Some(sort) = self.sort {
            query.append_pair("sort", sort.word());
        }
        if self.in_stock {
            query.append_pair("in_stock", "1");
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { "/products".to_owned() } else { format!("/products?{query}") }
    }

    /// Another search, in the whole catalogue.
    pub(super) fn way(&self, q: &str) -> Chip {
        let label = if q == self.q { format!("“{q}” in all products") } else { format!("“{q}”") };
        Chip { label, url: Self { q: q.to_owned(), ..Self::default() }.url(1) }
    }

    /// What narrows the list, each with the address that takes it away.
    pub(super) fn chips(&self, category: Option<&str>) -> Vec<Chip> {
        let without = |change: fn(&mut Self)| {
            let mut other = self.clone();
            change(&mut other);
            other.url(1)
        };
        let mut chips = Vec::new();
        if !self.q.is_empty() {
            chips.push(Chip { label: format!("“{}”", self.q), url: without(|wish| wish.q.clear()) });
        }
        if let Some(name) = category {
            chips.push(Chip { label: name.to_owned(), url: without(|wish| wish.category = None) });
        }
        if self.in_stock {
            chips.push(Chip { label: "In stock only".to_owned(), url: without(|wish| wish.in_stock = false) });
        }
        chips
    }
}

/// A word that leads to a list.
pub(super) struct Chip {
    pub label: String,
    pub url: String,
}
