//! `latchkey shop discount`: discount codes.

use super::{Failure, say};
use crate::audit::Actor;
use crate::clock::rfc3339;
use crate::config::{Config, Shop};
use crate::shop::discount::{self, Discount, NewDiscount, Off};
use crate::shop::money::Money;
use clap::Subcommand;
use jiff::civil::Date;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a code that takes a percentage or an amount off an order, once a person
    Add {
        /// What people type: 3 to 32 letters, digits and dashes
        code: String,
        /// Take so many percent off, 1 to 100
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=100), required_unless_present = "amount", conflicts_with = "amount")]
        percent: Option<i64>,
        /// Take an amount off, such as 5.00
        #[arg(long)]
        amount: Option<String>,
        /// At most so many orders in all
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
        uses: Option<i64>,
        /// From the beginning of this day on, such as 2027-03-01
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// Until the end of this day
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
    },
    /// List the codes and how often each was used
    List,
}

pub(super) fn run(config: &Config, command: Command) -> Result<ExitCode, Failure> {
    let (db, _, clock) = super::open(config)?;
    let shop = &config.shop;
    match command {
        Command::List => {
            for discount in db.read_here(discount::list)? {
                say(line(&discount, shop));
            }
        }
        Command::Add { code, percent, amount, uses, from, until } => {
            let off = match (percent, amount) {
                (Some(percent), _) => Off::Percent(percent),
                (None, amount) => Off::Amount(read_amount(&amount.unwrap_or_default(), shop)?),
            };
            let (starts_at, ends_at) = discount::days(from, until, &shop.time_zone).map_err(Failure::Told)?;
            let code = code.parse().map_err(Failure::Told)?;
            let new = NewDiscount { code, off, starts_at, ends_at, most_uses: uses };
            if !db.write_here(|conn| discount::make(conn, clock.now(), &Actor::default(), &new))? {
                return Err(Failure::Told(format!("there is a code {} already", new.code)));
            }
            say(line(&Discount { what: new, uses: 0 }, shop));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read_amount(text: &str, shop: &Shop) -> Result<Money, Failure> {
    match Money::parse(text, &shop.currency).map_err(Failure::Told)? {
        Money::ZERO => Err(Failure::Told("a discount of nothing is none".to_owned())),
        amount => Ok(amount),
    }
}

fn line(discount: &Discount, shop: &Shop) -> String {
    let what = &discount.what;
    let off = match what.off {
        Off::Percent(percent) => format!("{percent} % off"),
        Off::Amount(amount) => format!("{} off", amount.show(&shop.currency)),
    };
    let of = what.most_uses.map(|most| format!(" of {most}")).unwrap_or_default();
    let from = what.starts_at.map(|at| format!(", from {}", rfc3339(at))).unwrap_or_default();
    let until = what.ends_at.map(|at| format!(", until {}", rfc3339(at))).unwrap_or_default();
    format!("{}: {off}, used {}{of} times{from}{until}", what.code, discount.uses)
}
