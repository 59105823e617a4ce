//! `latchkey shop`: the goods.

use super::{Failure, demo, discount, listing, say};
use crate::config::Config;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Put the demo shop into the database: 40 products, two accounts, 90 days of orders. What is there stays
    Seed {
        /// Give the demo accounts new passwords, and print them
        #[arg(long)]
        new_passwords: bool,
    },
    /// Read products from a CSV file: what it names is made or changed, by its stock-keeping code; what it does not name stays
    Import {
        /// The file, such as one that `export` wrote; `seed/products.csv` in the source is an example
        file: PathBuf,
        /// Check the file and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Write every product into a CSV file
    Export {
        /// The file; one that is there is replaced when all is written
        file: PathBuf,
    },
    /// Discount codes
    #[command(subcommand)]
    Discount(discount::Command),
}

pub(super) fn run(config: &Config, command: Command) -> Result<ExitCode, Failure> {
    let new_passwords = match command {
        Command::Seed { new_passwords } => new_passwords,
        Command::Import { file, dry_run } => return listing::import(config, &file, dry_run),
        Command::Export { file } => return listing::export(config, &file),
        Command::Discount(command) => return discount::run(config, command),
    };
    let (db, secrets, clock) = super::open(config)?;
    demo::seed(config, &db, &secrets, &clock, new_passwords)?;
    say(format!("the demo shop is in {}", config.database));
    Ok(ExitCode::SUCCESS)
}
