//! Mail into a folder, a file for each: for trying the shop out, and for those who fetch it from there.
//!
//! Invariant: a file is whole or not there, and the same letter is the same file, so that one written twice is there once. Only its
//! owner can read it. It does not know what is in it.

use super::{Answer, Verdict};
use crate::mail::message::Parcel;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use time::macros::format_description;

/// A folder for mail.
pub struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub(super) async fn deliver(&self, parcel: &Parcel) -> Verdict {
        let (folder, parcel) = (self.0.clone(), parcel.clone());
        match tokio::task::spawn_blocking(move || write(&folder, &parcel)).await {
            Ok(Ok(path)) => Verdict::Sent(Answer { code: "file".to_owned(), text: format!("written to {}", path.display()) }),
            Ok(Err(cause)) => {
                let text = format!("{}: {cause}", self.0.display());
                Verdict::Closed(Answer { code: text.clone(), text })
            }
            Err(cause) => Verdict::Closed(Answer { code: "writing fell over".to_owned(), text: cause.to_string() }),
        }
    }

    pub(super) fn probe(&self) -> Result<String, String> {
        let probe = self.0.join(".probe");
        let tried = fs::create_dir_all(&self.0).and_then(|()| fs::write(&probe, b"")).and_then(|()| fs::remove_file(&probe));
        tried.map_err(|cause| format!("{}: {cause}", self.0.display()))?;
        Ok(format!("every mail becomes a file in {}", self.0.display()))
    }
}

/// Writes the message under another name first, puts it on the disk, then gives it its own.
fn write(folder: &Path, parcel: &Parcel) -> io::Result<PathBuf> {
    let when = parcel.written_at.format(format_description!("[year][month][day]T[hour][minute][second]Z"));
    let name = format!("{}-{}", when.map_err(io::Error::other)?, parcel.id);
    fs::create_dir_all(folder)?;
    let (draft, path) = (folder.join(format!(".{name}.part")), folder.join(format!("{name}.eml")));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&parcel.bytes)?;
    file.sync_all()?;
    fs::rename(&draft, &path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(path)
}
