//! `latchkey shop`: the goods.

use super::{Failure, demo, discount, say};
use crate::config::Config;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Put the demo shop into the database: 40 products, two accounts, 90 days of orders. What is there stays
    Seed {
        /// Give the demo accounts new passwords, and print them
        #[arg(long)]
        new_passwords: bool,
    },
    /// Discount codes
    #[command(subcommand)]
    Discount(discount::Command),
}

pub(super) fn run(config: &Config, command: Command) -> Result<ExitCode, Failure> {
    let new_passwords = match command {
        Command::Seed { new_passwords } => new_passwords,
        Command::Discount(command) => return discount::run(config, command),
    };
    let (db, secrets, clock) = super::open(config)?;
    demo::seed(config, &db, &secrets, &clock, new_passwords)?;
    say(format!("the demo shop is in {}", config.database));
    Ok(ExitCode::SUCCESS)
}
