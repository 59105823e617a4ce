//! Reads each setting into its kind and refuses what does not go together.
//!
//! Invariant: what comes out is valid as a whole. It does not know where the texts came from.

use super::currency::Currency;
use super::sources::{Found, Sources};
use super::values::{Limit, Proxies, Registration, Secret, Word, duration};
use super::{
    Algorithm, BadSetting, Config, Lifetime, Limits, Mail, MailFrom, MetricsListen, Origins, PaidBy, Payment, SessionLimits,
    Shop, Terms, Tries, is_loopback,
};
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// Reads all settings.
///
/// # Errors
/// The first setting that is wrong, with the fix.
pub fn load(sources: &Sources) -> Result<Config, BadSetting> {
    let found = Found::gather(sources)?;
    let var = PathBuf::from(found.text("LATCHKEY_VAR"));
    let public_url = found.optional("LATCHKEY_PUBLIC_URL", public_url)?;
    let listen = found.read("LATCHKEY_LISTEN", parse::<std::net::SocketAddr>)?;
    let loopback = public_url.as_ref().map_or(listen.ip().is_loopback(), is_loopback);
    if public_url.is_none() && !loopback {
        return Err(found.bad("LATCHKEY_PUBLIC_URL", "the site listens to the network, and nobody said under which name"));
    }
    let secret = secret(&found)?;
    if let Some(url) = &public_url
        && !loopback
    {
        if url.scheme() != "https" {
            return Err(found.bad("LATCHKEY_PUBLIC_URL", "a public shop must be https: its cookies are Secure"));
        }
        if secret.is_none() {
            return Err(found.bad("LATCHKEY_SECRET", "a public shop needs a secret of its own"));
        }
        if !found.is_said("LATCHKEY_MAIL") {
            return Err(found.bad("LATCHKEY_MAIL", "a public shop must say where its mail goes"));
        }
    }
    let cost = found.read("LATCHKEY_BCRYPT_COST", |text| within(text, if loopback { 4 } else { 10 }, 16))?;
    let demo: Word = found.read("LATCHKEY_DEMO", parse)?;
    let shop_name = found.read("LATCHKEY_SHOP_NAME", shop_name)?;
    Ok(Config {
        mail: found.read("LATCHKEY_MAIL", |text| mail(&text.replace("{var}", &var.to_string_lossy())))?,
        mail_from: mail_from(&found, &shop_name, public_url.as_ref())?,
        database: found.read("DATABASE_URL", |text| text.replace("{var}", &var.to_string_lossy()).parse())?,
        listen,
        metrics: metrics(&found)?,
        public_url,
        secret,
        previous_secrets: found.read("LATCHKEY_SECRET_PREVIOUS", |text| {
            text.split(',').filter(|part| !part.trim().is_empty()).map(str::parse).collect()
        })?,
        var,
        jwt_algorithm: found.read("LATCHKEY_JWT_ALGORITHM", parse::<Algorithm>)?,
        sessions: session_limits(&found)?,
        limits: Limits {
            sign_in: found.read("LATCHKEY_LIMIT_SIGN_IN", parse::<Limit>)?,
            register: found.read("LATCHKEY_LIMIT_REGISTER", parse::<Limit>)?,
            refresh: found.read("LATCHKEY_LIMIT_REFRESH", parse::<Limit>)?,
            checkout: found.read("LATCHKEY_LIMIT_CHECKOUT", parse::<Limit>)?,
            api: found.read("LATCHKEY_LIMIT_API", parse::<Limit>)?,
            reset: found.read("LATCHKEY_LIMIT_RESET", parse::<Limit>)?,
            email: found.read("LATCHKEY_LIMIT_EMAIL", parse::<Limit>)?,
            code: found.read("LATCHKEY_LIMIT_CODE", parse::<Limit>)?,
            code_account: found.read("LATCHKEY_LIMIT_CODE_ACCOUNT", parse::<Limit>)?,
            account: found.read("LATCHKEY_LIMIT_ACCOUNT", parse::<Tries>)?,
        },
        cors_origins: found.read("LATCHKEY_CORS_ORIGINS", |text| cors_origins(text, loopback))?,
        proxies: found.read("LATCHKEY_TRUSTED_PROXIES", parse::<Proxies>)?,
        bcrypt_cost: cost,
        password_min: found.read("LATCHKEY_PASSWORD_MIN", |text| within(text, 8, 64))?,
        admin_second_factor: found.read("LATCHKEY_ADMIN_SECOND_FACTOR", on_off)?,
        delete_keeps_orders: found.read("LATCHKEY_DELETE_KEEPS_ORDERS", on_off)?,
        registration: found.read("LATCHKEY_REGISTRATION", parse::<Registration>)?,
        shop: shop(&found, shop_name, loopback)?,
        log: found.read("LATCHKEY_LOG", log)?,
        workers: found.read("LATCHKEY_WORKERS", |text| within(text, 0, 256))?,
        pool: found.read("LATCHKEY_POOL", |text| within(text, 1, 200))?,
        demo,
        dev: found.read("LATCHKEY_DEV", on_off)?,
        shown: found.shown(),
    })
}

fn metrics(found: &Found) -> Result<Option<MetricsListen>, BadSetting> {
    const NAME: &str = "LATCHKEY_METRICS_LISTEN";
    let chosen = found.is_said(NAME);
    found.read(NAME, |text| match text {
        "off" => Ok(None),
        text => parse(text).map(|address| Some(MetricsListen { address, chosen })),
    })
}

fn shop(found: &Found, name: String, loopback: bool) -> Result<Shop, BadSetting> {
    let currency = found.read("LATCHKEY_SHOP_CURRENCY", parse::<Currency>)?;
    // The defaults are those of the demo shop, whatever it counts in.
    let amount = |name: &str, text: &str| {
        if found.is_said(name) { currency.minor_units(text) } else { currency.like_cents(text) }
    };
    let (delivery, free_from) = ("LATCHKEY_SHOP_DELIVERY", "LATCHKEY_SHOP_DELIVERY_FREE_FROM");
    Ok(Shop {
        name,
        currency,
        time_zone: found.read("LATCHKEY_SHOP_TIME_ZONE", |text| {
            jiff::tz::TimeZone::get(text).map_err(|_| format!("`{text}` is not a time zone"))
        })?,
        terms: Terms {
            delivery: found.read(delivery, |text| amount(delivery, text))?,
            delivery_free_from: found.optional(free_from, |text| amount(free_from, text))?,
            tax_rate: found.read("LATCHKEY_SHOP_TAX_RATE", percent)?,
        },
        payment: Payment {
            by: found.read("LATCHKEY_PAYMENT", |text| PaidBy::read(text, loopback))?,
            within: found.read("LATCHKEY_PAYMENT_WITHIN", |text| between(text, 60, 30 * 86_400))?,
        },
    })
}

fn session_limits(found: &Found) -> Result<SessionLimits, BadSetting> {
    let life = |who: &str| {
        let (idle, max) = (format!("LATCHKEY_{who}_IDLE"), format!("LATCHKEY_{who}_MAX"));
        let life = Lifetime {
            idle: found.read(&idle, |text| between(text, 5, 90 * 86_400))?,
            max: found.read(&max, |text| between(text, 5, 90 * 86_400))?,
        };
        if life.max < life.idle {
            return Err(found.bad(&max, "a session cannot end before it is idle for so long"));
        }
        Ok(life)
    };
    Ok(SessionLimits {
        access: found.read("LATCHKEY_ACCESS_TTL", |text| between(text, 2, 900))?,
        grace: found.read("LATCHKEY_REFRESH_GRACE", |text| between(text, 0, 60))?,
        session: life("SESSION")?,
        remember: life("REMEMBER")?,
        admin: life("ADMIN")?,
        api: life("API")?,
    })
}

/// The secret, from its variable or its file, never both.
fn secret(found: &Found) -> Result<Option<Secret>, BadSetting> {
    let direct = found.optional("LATCHKEY_SECRET", parse::<Secret>)?;
    let file = found.optional("LATCHKEY_SECRET_FILE", |path| {
        std::fs::read_to_string(path).map_err(|cause| format!("{path} cannot be read: {cause}"))?.parse::<Secret>()
    })?;
    match (direct, file) {
        (Some(_), Some(_)) => Err(found.bad("LATCHKEY_SECRET_FILE", "LATCHKEY_SECRET is set as well; keep one")),
        (direct, file) => Ok(direct.or(file)),
    }
}

/// Where mail goes; a file of certificates that cannot be read is told now, not with the first letter.
fn mail(text: &str) -> Result<Mail, String> {
    let mail: Mail = text.parse()?;
    if let Mail::Smtp(smtp) = &mail
        && let Some(ca) = &smtp.ca
    {
        std::fs::read(ca).map_err(|cause| format!("{} cannot be read: {cause}", ca.display()))?;
    }
    Ok(mail)
}

/// Whoever can change a plain page on its way could act in its name; among programs of one machine nobody stands between.
fn cors_origins(text: &str, loopback: bool) -> Result<Origins, String> {
    let origins: Origins = parse(text)?;
    match origins.unsafe_one() {
        Some(plain) if !loopback => Err(format!("`{plain}` is not https")),
        _ => Ok(origins),
    }
}

fn mail_from(found: &Found, shop: &str, public_url: Option<&Url>) -> Result<MailFrom, BadSetting> {
    match found.optional("LATCHKEY_MAIL_FROM", |text| MailFrom::read(text, shop))? {
        Some(from) => Ok(from),
        None => MailFrom::of(shop, public_url)
            .ok_or_else(|| found.bad("LATCHKEY_MAIL_FROM", "the shop has no name of its own to send mail from")),
    }
}

fn parse<T: FromStr>(text: &str) -> Result<T, String>
where
    T::Err: Display,
{
    text.parse().map_err(|cause: T::Err| cause.to_string())
}

fn within<T: FromStr + PartialOrd + Display>(text: &str, least: T, most: T) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("`{text}` is not a number from {least} to {most}")),
    }
}

fn between(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    let length = duration(text)?;
    if (least..=most).contains(&length.as_secs()) { Ok(length) } else { Err(format!("`{text}` is out of range")) }
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("`{text}` is neither on nor off")),
    }
}

/// A percentage, in hundredths.
fn percent(text: &str) -> Result<i64, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = || format!("`{text}` is not a percentage from 0 to 100 with at most two decimals");
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return Err(wrong());
    }
    match format!("{whole}{part:0<2}").parse() {
        Ok(hundredths @ 0..=10_000) => Ok(hundredths),
        _ => Err(wrong()),
    }
}

fn shop_name(text: &str) -> Result<String, String> {
    // Signs for private use stand for words where pages are drawn (`view::stencil`).
    let is_private = |c: char| u32::from(c) >= 0xF_0000;
    let fits = (1..=60).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() || is_private(c));
    if fits { Ok(text.to_owned()) } else { Err("the name is empty, too long, or has control or private characters".to_owned()) }
}

fn log(text: &str) -> Result<String, String> {
    let known = |word: &str| matches!(word, "error" | "warn" | "info" | "debug" | "trace" | "json" | "pretty");
    if text.split(',').all(known) { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a level and a format")) }
}

fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|cause| format!("`{text}` is not a URL: {cause}"))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.password().is_some() || !bare {
        return Err(format!("`{text}` is more or less than an origin"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_at_most_two_decimals() {
        for (text, hundredths) in [("0", 0), ("19", 1_900), ("7.7", 770), ("8.25", 825), ("100", 10_000), ("0.05", 5)] {
            assert_eq!(percent(text), Ok(hundredths), "{text}");
        }
        for wrong in ["", "-1", "101", "100.01", "7.777", "7.", ".5", "19 %", "1e1", "99999999999999999999"] {
            assert!(percent(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_defaults_fit_every_currency_and_a_chosen_amount_must() {
        let with = |settings: &[(&str, &str)]| {
            let environment = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            load(&Sources { environment, ..Sources::default() }).map(|config| config.shop.terms)
        };
        let terms = |delivery, free_from| Terms { delivery, delivery_free_from: Some(free_from), tax_rate: 1_900 };
        assert_eq!(with(&[]), Ok(terms(490, 6_000)));
        assert_eq!(with(&[("LATCHKEY_SHOP_CURRENCY", "JPY")]), Ok(terms(490, 6_000)));
        assert_eq!(with(&[("LATCHKEY_SHOP_CURRENCY", "KWD")]), Ok(terms(4_900, 60_000)));
        let never = with(&[("LATCHKEY_SHOP_DELIVERY_FREE_FROM", "")]).expect("terms");
        assert_eq!(never.delivery_free_from, None);
        for wrong in ["-1", "4,90", "4.901", "", "free"] {
            assert!(with(&[("LATCHKEY_SHOP_DELIVERY", wrong)]).is_err_and(|bad| bad.name == "LATCHKEY_SHOP_DELIVERY"), "{wrong}");
        }
        assert!(with(&[("LATCHKEY_SHOP_CURRENCY", "JPY"), ("LATCHKEY_SHOP_DELIVERY", "4.90")]).is_err());
    }
}
