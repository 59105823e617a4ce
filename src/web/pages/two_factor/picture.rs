//! The picture that an authenticator app scans (ISO/IEC 18004), as the path of an SVG.
//!
//! Invariant: black squares on white with the four squares of white around them that the standard asks for, whatever the colours of the
//! page; nothing in it needs a style. It does not know what it says.

use crate::error::{Error, Result};
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;
use std::fmt::Write as _;

const QUIET: usize = 4;

/// See the module.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    /// Squares of a side, with the white around.
    size: usize,
    /// The black ones, row by row.
    path: String,
}

impl Picture {
    pub(super) fn of(text: &str) -> Result<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
        let (width, mut path) = (code.width(), String::new());
        for (y, row) in code.to_colors().chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                if run[0] == Color::Dark {
                    write!(path, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len()).map_err(Error::internal)?;
                }
                x += run.len();
            }
        }
        Ok(Self { size: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_corners_and_white_around() {
        let picture = Picture::of("otpauth://totp/x").expect("a picture");
        assert!(picture.path.starts_with("M4 4h7v1h-7z"), "{}", picture.path);
        assert_eq!((picture.size - 17 - 8) % 4, 0, "a size of the standard");
        assert!(Picture::of(&"x".repeat(5_000)).is_err());
    }
}
