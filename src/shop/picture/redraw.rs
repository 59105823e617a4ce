//! An uploaded picture, drawn anew.
//!
//! Invariant: what is kept was encoded here, from pixels alone: nothing that was in the file beside them (place, camera, comments,
//! programs) goes on. A picture that is too large is refused by its header, before a pixel is decoded. It does not know products.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::panic::catch_unwind;

/// Width and height of the large size, and of the small one.
pub const LARGE: u32 = 800;
/// Width and height of the small size.
pub const SMALL: u32 = 400;

/// Most pixels (docs/SECURITY.md, "Input and limits").
const PIXELS: u64 = 24_000_000;

/// Most memory of a decoder beside the pixels; 24 million of the widest kind are 192 MiB.
const MEMORY: u64 = 256 * 1024 * 1024;

/// How good a JPEG is, of 100.
const QUALITY: u8 = 84;

/// A picture in two sizes.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// What both are.
    pub media_type: &'static str,
    /// 800 by 800.
    pub large: Vec<u8>,
    /// 400 by 400.
    pub small: Vec<u8>,
}

/// Draws it anew, upright, as a square cut from its middle.
///
/// # Errors
/// A sentence for the one who uploaded it.
pub fn redraw(bytes: &[u8]) -> Result<Sizes, String> {
    // A decoder that falls over a crafted file must not take more with it than the file.
    catch_unwind(|| drawn(bytes)).unwrap_or_else(|_| Err(unreadable()))
}

fn drawn(bytes: &[u8]) -> Result<Sizes, String> {
    let square = square(decoded(bytes)?);
    let small = square.resize_exact(SMALL, SMALL, FilterType::CatmullRom);
    let clear = square.as_rgba8().is_some_and(|pixels| pixels.pixels().any(|pixel| pixel.0[3] < 255));
    let (media_type, encode): (_, fn(&DynamicImage) -> _) = if clear { ("image/webp", webp) } else { ("image/jpeg", jpeg) };
    Ok(Sizes { media_type, large: encode(&square)?, small: encode(&small)? })
}

fn decoded(bytes: &[u8]) -> Result<DynamicImage, String> {
    let format = image::guess_format(bytes).ok();
    let ours = format.filter(|format| matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP));
    let format =
        ours.ok_or_else(|| "This is not a JPEG, PNG or WebP picture. Save it as one of these and try again.".to_owned())?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| unreadable())?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(format!("This picture has {width} by {height} pixels, more than 24 million. Make it smaller and try again."));
    }
    if width.min(height) < SMALL {
        return Err(format!("This picture has {width} by {height} pixels. It needs {SMALL} on its shorter side."));
    }
    // Cameras note how they were held; a note that cannot be read means upright.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| unreadable())?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// The middle of it, in eight bits a colour.
fn square(picture: DynamicImage) -> DynamicImage {
    let side = picture.width().min(picture.height());
    let middle = picture.crop_imm((picture.width() - side) / 2, (picture.height() - side) / 2, side, side);
    drop(picture);
    // Far above the size that is wanted, a plain mean is as good and many times faster.
    let middle = if side > 4 * LARGE { middle.thumbnail_exact(2 * LARGE, 2 * LARGE) } else { middle };
    let middle = middle.resize_exact(LARGE, LARGE, FilterType::CatmullRom);
    if middle.color().has_alpha() { middle.into_rgba8().into() } else { middle.into_rgb8().into() }
}

fn jpeg(picture: &DynamicImage) -> Result<Vec<u8>, String> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY).encode_image(&picture.to_rgb8()).map_err(|_| unreadable())?;
    Ok(file)
}

fn webp(picture: &DynamicImage) -> Result<Vec<u8>, String> {
    let (mut file, pixels) = (Vec::new(), picture.to_rgba8());
    let encoder = WebPEncoder::new_lossless(&mut file);
    let kind = ExtendedColorType::Rgba8;
    encoder.encode(pixels.as_raw(), pixels.width(), pixels.height(), kind).map_err(|_| unreadable())?;
    Ok(file)
}

fn unreadable() -> String {
    "This picture cannot be read: it is cut off or damaged. Save it again and try once more.".to_owned()
}

#[cfg(test)]
mod tests;
