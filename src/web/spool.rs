//! A large file that was sent, on its way to whoever reads it.
//!
//! Invariant: it is on the disk, never whole in the memory, and has no name: the system takes it away with the last that holds it open,
//! however the program ends. It does not know what the file is.

use crate::error::{Error, Result};
use crate::ids::{base64url, random_bytes};
use crate::web::form::upload;
use bytes::BytesMut;
use std::fs::{self, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// So much is gathered before it is written.
const PIECE: usize = 256 * 1024;

/// A file that came whole.
#[derive(Debug)]
pub struct Spooled {
    /// Read from its beginning.
    pub file: fs::File,
    /// Its bytes.
    pub size: u64,
}

/// Writes what comes into a file of the folder; none if it is larger than `most`. What is too large is read on and thrown away for a
/// while, because a browser that cannot send on does not show our answer.
///
/// # Errors
/// `TooSlow`, `BadRequest` when it breaks off, `TooLarge` far beyond; `Unavailable` when there is no room for it.
pub async fn keep(var: &Path, mut sent: upload::File, most: u64) -> Result<Option<Spooled>> {
    let folder = folder(var);
    let mut file = blocking(move || nameless(&folder)).await?;
    let (mut size, mut piece) = (0_u64, BytesMut::new());
    while let Some(chunk) = sent.chunk().await? {
        size += chunk.len() as u64;
        if size > most {
            drop((file, piece));
            return discard(sent, most).await.map(|()| None);
        }
        piece.extend_from_slice(&chunk);
        if piece.len() >= PIECE {
            let full = piece.split();
            file = blocking(move || file.write_all(&full).map(|()| file)).await?;
        }
    }
    let write_rest = move || {
        file.write_all(&piece)?;
        file.rewind()?;
        Ok(file)
    };
    Ok(Some(Spooled { file: blocking(write_rest).await?, size }))
}

/// Reads what nobody wants.
///
/// # Errors
/// As `keep`; `TooLarge` when it does not end.
pub async fn discard(mut sent: upload::File, most: u64) -> Result<()> {
    let mut left = most;
    while let Some(chunk) = sent.chunk().await? {
        left = left.checked_sub(chunk.len() as u64).ok_or(Error::TooLarge)?;
    }
    Ok(())
}

/// Removes what a program left that ended before it could take its file's name away.
///
/// # Errors
/// What the disk says.
pub fn clear(var: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder(var)) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        gone(&entry?.path())?;
    }
    Ok(())
}

fn folder(var: &Path) -> PathBuf {
    var.join("uploads")
}

/// An empty file that nobody else can open.
fn nameless(folder: &Path) -> io::Result<fs::File> {
    fs::create_dir_all(folder)?;
    let path = folder.join(base64url(random_bytes::<16>()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    gone(&path)?;
    Ok(file)
}

/// Another program that starts in the same folder may have been faster.
fn gone(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// One hop to a thread that may wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    done.map_err(|cause| Error::Unavailable(format!("an upload cannot be written: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_no_name_and_what_was_left_is_cleared() {
        let var = tempfile::tempdir().expect("a folder");
        clear(var.path()).expect("nothing to clear");
        let folder = folder(var.path());
        let mut file = nameless(&folder).expect("a file");
        file.write_all(b"sku,title").expect("written");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
        fs::write(folder.join("left"), b"").expect("written");
        clear(var.path()).expect("cleared");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
        file.rewind().expect("it is there for whoever holds it");
        assert_eq!(io::read_to_string(file).expect("text"), "sku,title");
    }
}
