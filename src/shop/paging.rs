//! Pages of a list.
//!
//! Invariant: a page number is 1 or more and small enough to count with; a page past the end is empty, not wrong.
//! It does not know what is listed.

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber(i64);

impl Default for PageNumber {
    fn default() -> Self {
        Self::FIRST
    }
}

impl PageNumber {
    /// The first page.
    pub const FIRST: Self = Self(1);

    /// Reads a page number; what is not one is the first page, as if nothing had been said (docs/API.md, "General").
    #[must_use]
    pub fn read(text: Option<&str>) -> Self {
        let legal = |text: &&str| (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.filter(legal).and_then(|text| text.parse().ok()).filter(|number| *number >= 1).map_or(Self::FIRST, Self)
    }

    /// The number, from 1.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Where in the list a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// The page, from 1.
    pub page: i64,
    /// Things on a page.
    pub per_page: i64,
    /// Things in all.
    pub total: i64,
}

impl Paging {
    /// The place of `page` in a list of `total`.
    #[must_use]
    pub const fn new(page: PageNumber, per_page: i64, total: i64) -> Self {
        Self { page: page.0, per_page, total }
    }

    /// Pages in all; an empty list has one.
    #[must_use]
    pub const fn pages(&self) -> i64 {
        let pages = (self.total + self.per_page - 1) / self.per_page;
        if pages < 1 { 1 } else { pages }
    }

    /// Things before this page.
    #[must_use]
    pub const fn offset(&self) -> i64 {
        (self.page - 1) * self.per_page
    }

    /// Is the page behind the last thing?
    #[must_use]
    pub const fn is_past_the_end(&self) -> bool {
        self.offset() >= self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_page_number_is_the_first_page() {
        for wrong in ["", "0", "-1", "+2", "two", "1.5", "9999999", "٢"] {
            assert_eq!(PageNumber::read(Some(wrong)), PageNumber::FIRST, "{wrong}");
        }
        assert_eq!(PageNumber::read(None), PageNumber::FIRST);
        assert_eq!(PageNumber::read(Some("12")).get(), 12);
    }

    #[test]
    fn a_list_ends_where_it_ends() {
        let at = |page, total| Paging::new(PageNumber(page), 24, total);
        assert_eq!((at(1, 0).pages(), at(1, 24).pages(), at(1, 25).pages()), (1, 1, 2));
        assert!(at(2, 24).is_past_the_end());
        assert!(!at(2, 25).is_past_the_end());
    }
}
