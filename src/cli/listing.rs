//! `latchkey shop import` and `export`: the catalogue as a CSV file.
//!
//! Invariant: a file is checked as a whole before its first line is taken; one that is written is whole or not there.

use super::{Failure, say};
use crate::audit::{self, Actor, Kind};
use crate::config::Config;
use crate::db;
use crate::shop::listing::{self, Complaint, Count, Reader, TOLD, Taken};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

/// Reads products from a file.
pub(super) fn import(config: &Config, path: &Path, dry_run: bool) -> Result<ExitCode, Failure> {
    let currency = config.shop.currency;
    let opened = || File::open(path).map_err(|cause| Failure::Told(format!("{} cannot be read: {cause}", path.display())));
    let size = opened()?.metadata().map_err(|cause| Failure::Told(format!("{}: {cause}", path.display())))?.len();
    let bar = ProgressBar::new(size);
    bar.set_style(
        ProgressStyle::with_template("{msg:10} {wide_bar} {percent:>3}%").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message("checking");
    let checked = match Reader::new(opened()?, currency) {
        Ok(file) => listing::check(file, |at| bar.set_position(at)),
        Err(complaint) => Err(vec![complaint]),
    };
    let lines = match checked {
        Ok(lines) => lines,
        Err(complaints) => {
            bar.finish_and_clear();
            return Err(Failure::Told(told(path, &complaints, complaints.len() == TOLD)));
        }
    };
    let good = format!("{}: {lines} products, nothing to complain of", path.display());
    // A dry run makes no database; beside none, every product of the file is new.
    if dry_run && !db::pending(&config.database).is_ok_and(|pending| pending == 0) {
        bar.finish_and_clear();
        say(format!("{good}; nothing was changed"));
        return Ok(ExitCode::SUCCESS);
    }
    let (db, _, clock) = super::open(config)?;
    bar.set_message("comparing");
    let file = Reader::new(opened()?, currency).map_err(|complaint| Failure::Told(complaint.to_string()))?;
    let survey = listing::survey(&db, file, |at, _| {
        bar.set_position(at);
        ControlFlow::Continue(())
    });
    let survey = survey?.unwrap_or_default();
    if survey.wrong > 0 || dry_run {
        bar.finish_and_clear();
    }
    if survey.wrong > 0 {
        return Err(Failure::Told(told(path, &survey.told, survey.untold > 0)));
    }
    if dry_run {
        let Count { new, changed, same } = survey.count;
        say(format!(
            "{good}: {new} new, {changed} changed, {same} as they are{}; nothing was changed",
            makes(&survey.categories)
        ));
        return Ok(ExitCode::SUCCESS);
    }
    bar.set_message("products");
    let file = Reader::new(opened()?, currency).map_err(|complaint| Failure::Told(complaint.to_string()))?;
    let taken = listing::import(&db, &clock, &Actor::default(), file, |at, _| {
        bar.set_position(at);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let (Taken::All(count) | Taken::Part(count)) = taken?;
    say(format!("{} new, {} changed, {} as they were", count.new, count.changed, count.same));
    Ok(ExitCode::SUCCESS)
}

/// The categories that a file would make.
fn makes(categories: &[String]) -> String {
    match categories {
        [] => String::new(),
        [only] => format!(". It makes a new category: {only}"),
        many => format!(". It makes {} new categories: {}", many.len(), many.join(", ")),
    }
}

fn told(path: &Path, complaints: &[Complaint], more: bool) -> String {
    let mut lines: Vec<String> = complaints.iter().map(|complaint| format!("  {complaint}")).collect();
    if more {
        lines.push("  and perhaps more".to_owned());
    }
    format!("{}: nothing was changed\n{}", path.display(), lines.join("\n"))
}

/// Writes every product into a file.
pub(super) fn export(config: &Config, path: &Path) -> Result<ExitCode, Failure> {
    super::there(config)?;
    let (db, _, clock) = super::open(config)?;
    let failed = |cause: std::io::Error| Failure::Told(format!("{} cannot be written: {cause}", path.display()));
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let mut file = File::create(&name).map_err(failed)?;
    let bar = ProgressBar::new_spinner();
    bar.set_message("products");
    let (mut after, mut lines) = (None, 0);
    loop {
        let some = db.read_here(|conn| listing::export(conn, &config.shop.currency, after))?;
        file.write_all(&some.bytes).map_err(failed)?;
        lines += some.lines;
        bar.set_message(format!("{lines} products"));
        if some.last.is_none() {
            break;
        }
        after = some.last;
    }
    file.sync_all().map_err(failed)?;
    std::fs::rename(&name, path).map_err(failed)?;
    let (now, told) = (clock.now(), format!("{lines} products"));
    db.write_here(|conn| audit::record(conn, now, Kind::Exported, &Actor::default(), &told))?;
    bar.finish_and_clear();
    say(format!("{lines} products are in {}", path.display()));
    Ok(ExitCode::SUCCESS)
}
