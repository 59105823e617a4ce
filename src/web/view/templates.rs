//! The templates and what they can call.
//!
//! Invariant: every template is parsed before the first request, so a mistake in one stops the start and not a page. With
//! `LATCHKEY_DEV=on` they are read from the tree at each page. It does not know what the pages show.

mod parse;

use super::stencil::Stencils;
use crate::clock::{Moment, unix};
use crate::config::{Config, Currency};
use crate::error::{Error, Result};
use crate::shop::money::Money;
use crate::web::assets::Assets;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tera::{Context, Kwargs, State, Tera};

/// The templates as they are now.
#[derive(Debug)]
pub struct Templates {
    set: Arc<Set>,
    dev: bool,
}

/// All templates, parsed.
#[derive(Debug)]
pub struct Set {
    tera: Tera,
    /// Bytes of the last page each template made, so that the next one needs one allocation.
    sizes: HashMap<String, AtomicUsize>,
    /// What was drawn of those of which only words change.
    pub(super) stencils: Stencils,
    words: Words,
    shop: tera::Value,
}

const DAY: &str = "%-d %B %Y";
const MOMENT: &str = "%-d %B %Y, %H:%M";

/// What filters and functions need.
#[derive(Debug, Clone)]
struct Words {
    currency: Currency,
    time_zone: TimeZone,
    assets: Arc<Assets>,
}

impl Templates {
    /// Parses all templates.
    ///
    /// # Errors
    /// `Internal`, with Tera's words for what is wrong in which line.
    pub fn new(config: &Config, public_url: &str, assets: Arc<Assets>) -> Result<Self> {
        let words = Words { currency: config.shop.currency, time_zone: config.shop.time_zone.clone(), assets };
        let shop = HashMap::from([("name", config.shop.name.as_str()), ("public_url", public_url)]);
        let set = Set::parse(words, tera::Value::from_serializable(&shop), config.dev)?;
        Ok(Self { set: Arc::new(set), dev: config.dev })
    }

    /// `shop` as every page gets it.
    #[must_use]
    pub fn shop(&self) -> &tera::Value {
        self.set.shop()
    }

    /// What one page is drawn with.
    ///
    /// # Errors
    /// `Internal`, when the tree has a mistake in it that is not there otherwise.
    pub fn set(&self) -> Result<Arc<Set>> {
        if self.dev {
            return Ok(Arc::new(Set::parse(self.set.words.clone(), self.set.shop.clone(), true)?));
        }
        Ok(Arc::clone(&self.set))
    }

    /// Draws a page.
    ///
    /// # Errors
    /// `Internal`, with Tera's words.
    pub fn render(&self, template: &str, context: &Context) -> Result<Vec<u8>> {
        self.set()?.render(template, context)
    }
}

impl Set {
    fn parse(words: Words, shop: tera::Value, dev: bool) -> Result<Self> {
        let tera = if dev { words.tree()? } else { words.compiled_in()? };
        let sizes = tera.get_template_names().map(|name| (name.to_owned(), AtomicUsize::new(4096))).collect();
        Ok(Self { tera, sizes, stencils: Stencils::default(), words, shop })
    }

    /// `shop` as every page gets it.
    #[must_use]
    pub fn shop(&self) -> &tera::Value {
        &self.shop
    }

    /// Draws a page.
    ///
    /// # Errors
    /// `Internal`, with Tera's words.
    pub fn render(&self, template: &str, context: &Context) -> Result<Vec<u8>> {
        let mut page = Vec::with_capacity(self.room(template));
        let drawn = self.tera.render_to(template, context, &mut page);
        drawn.map_err(|cause| Error::Internal(format!("{template}: {}", told(&cause))))?;
        self.note_size(template, &page);
        Ok(page)
    }

    /// Bytes of what the template made last, and a little more.
    pub(super) fn room(&self, template: &str) -> usize {
        let last = self.sizes.get(template).map_or(4096, |size| size.load(Ordering::Relaxed));
        last + last / 8
    }

    /// Remembers how long a page became.
    pub(super) fn note_size(&self, template: &str, page: &[u8]) {
        if let Some(size) = self.sizes.get(template) {
            size.store(page.len(), Ordering::Relaxed);
        }
    }

    /// An amount as the filter `money` writes it.
    #[must_use]
    pub fn money(&self, amount: Money) -> String {
        amount.show(&self.words.currency)
    }

    /// A time as the filter `day` writes it.
    #[must_use]
    pub fn day(&self, at: Moment) -> String {
        local(unix(at), &self.words.time_zone, DAY)
    }

    /// A time as the filter `moment` writes it.
    #[must_use]
    pub fn moment(&self, at: Moment) -> String {
        local(unix(at), &self.words.time_zone, MOMENT)
    }
}

impl Words {
    fn teach(&self, tera: &mut Tera) {
        let currency = self.currency;
        tera.register_filter("money", move |amount: i64, _: Kwargs, _: &State| money(amount, &currency));
        let zone = self.time_zone.clone();
        tera.register_filter("day", move |at: &str, _: Kwargs, _: &State| written(at, &zone, DAY));
        let zone = self.time_zone.clone();
        tera.register_filter("moment", move |at: &str, _: Kwargs, _: &State| written(at, &zone, MOMENT));
        tera.register_filter("urlencode", tera_contrib::urlencode::urlencode);
        let assets = Arc::clone(&self.assets);
        // A page calls this a dozen times: the values are made once, and handed out by reference count.
        let known: HashMap<&str, tera::Value> = assets.urls().map(|(name, url)| (name, url.into())).collect();
        tera.register_function("asset", move |arguments: Kwargs, _: &State| -> tera::TeraResult<tera::Value> {
            let name: &str = arguments.must_get("name")?;
            let found = known.get(name).cloned().or_else(|| assets.url(name).map(tera::Value::from));
            found.ok_or_else(|| tera::Error::message(format!("there is no asset {name}")))
        });
    }
}

/// Tera's message with what lies under it.
fn told(cause: &tera::Error) -> String {
    let mut text = cause.to_string();
    let mut under = std::error::Error::source(cause);
    while let Some(cause) = under {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        under = cause.source();
    }
    text
}

/// An amount of minor units as people write it: `€1,234.50`; with a minus where it is taken off.
fn money(amount: i64, currency: &Currency) -> String {
    match Money::new(amount) {
        Some(money) => money.show(currency),
        None => Money::new(amount.saturating_neg()).map_or_else(String::new, |money| format!("\u{2212}{}", money.show(currency))),
    }
}

/// An RFC 3339 time in the shop's time zone; text that is none is shown as it is.
fn written(at: &str, zone: &TimeZone, format: &str) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(at) => at.to_zoned(zone.clone()).strftime(format).to_string(),
        Err(_) => at.to_owned(),
    }
}

/// A count of seconds since 1970 in the shop's time zone.
fn local(seconds: i64, zone: &TimeZone, format: &str) -> String {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_is_taken_off_has_a_minus() {
        let currency = "EUR".parse::<Currency>().expect("a currency");
        assert_eq!(money(123_450, &currency), "€1,234.50");
        assert_eq!(money(-150, &currency), "\u{2212}€1.50");
        assert!(!money(i64::MIN, &currency).is_empty());
    }

    #[test]
    fn days_are_those_of_the_shop() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        assert_eq!(written("2026-11-21T23:05:00Z", &zone, "%-d %B %Y, %H:%M"), "22 November 2026, 00:05");
        assert_eq!(written("soon", &zone, "%Y"), "soon");
    }
}
