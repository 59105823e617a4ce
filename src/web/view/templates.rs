//! The templates and what they can call.
//!
//! Invariant: every template is parsed before the first request, so a mistake in one stops the start and not a page. With
//! `LATCHKEY_DEV=on` they are read from the tree at each page. It does not know what the pages show.

use crate::config::{Config, Currency};
use crate::error::{Error, Result};
use crate::shop::money::Money;
use crate::web::assets::Assets;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tera::{Context, Kwargs, State, Tera};

/// Name and text of every template, compiled in by `build.rs`.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/templates.rs"));
}

/// All templates.
#[derive(Debug)]
pub struct Templates {
    tera: Tera,
    /// Bytes of the last page each template made, so that the next one needs one allocation.
    sizes: HashMap<String, AtomicUsize>,
    words: Words,
    shop: tera::Value,
    dev: bool,
}

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
        let tera = if config.dev { words.tree()? } else { words.parsed(embedded::TEMPLATES.iter().copied())? };
        let sizes = tera.get_template_names().map(|name| (name.to_owned(), AtomicUsize::new(4096))).collect();
        let shop = HashMap::from([("name", config.shop.name.as_str()), ("public_url", public_url)]);
        Ok(Self { tera, sizes, words, shop: tera::Value::from_serializable(&shop), dev: config.dev })
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
        let size = self.sizes.get(template);
        let last = size.map_or(4096, |size| size.load(Ordering::Relaxed));
        let mut page = Vec::with_capacity(last + last / 8);
        let drawn = if self.dev {
            self.words.tree()?.render_to(template, context, &mut page)
        } else {
            self.tera.render_to(template, context, &mut page)
        };
        drawn.map_err(|cause| Error::Internal(format!("{template}: {}", told(&cause))))?;
        if let Some(size) = size {
            size.store(page.len(), Ordering::Relaxed);
        }
        Ok(page)
    }
}

impl Words {
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

    fn tree(&self) -> Result<Tera> {
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

    fn teach(&self, tera: &mut Tera) {
        let currency = self.currency;
        tera.register_filter("money", move |amount: i64, _: Kwargs, _: &State| money(amount, &currency));
        let zone = self.time_zone.clone();
        tera.register_filter("day", move |at: &str, _: Kwargs, _: &State| written(at, &zone, "%-d %B %Y"));
        let zone = self.time_zone.clone();
        tera.register_filter("moment", move |at: &str, _: Kwargs, _: &State| written(at, &zone, "%-d %B %Y, %H:%M"));
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
    fn an_include_is_put_in_its_place() {
        let texts =
            [("a", "<i>{% include \"b\" %}</i>"), ("b", "[{% include \"c\" %}]\n"), ("c", "x\n"), ("d", "{% include \"d\" %}")];
        let texts: BTreeMap<String, String> = texts.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        assert_eq!(included(&texts["a"], &texts, "a").expect("it is whole"), "<i>[x]</i>");
        for wrong in ["{% include \"none\" %}", "{% include \"a", &texts["d"]] {
            assert!(included(wrong, &texts, "d").is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_are_those_of_the_shop() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        assert_eq!(written("2026-11-21T23:05:00Z", &zone, "%-d %B %Y, %H:%M"), "22 November 2026, 00:05");
        assert_eq!(written("soon", &zone, "%Y"), "soon");
    }
}
