//! Pictures as cameras, phones and attackers make them.

use super::*;
use image::{ImageEncoder as _, Rgb, RgbImage, Rgba, RgbaImage};

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) })
}

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("a picture");
    file.into_inner()
}

fn again(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).expect("what we encoded")
}

#[test]
fn each_format_becomes_two_squares() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let sizes = redraw(&file(&halves(1000, 500).into(), format)).expect("a picture");
        assert_eq!(sizes.media_type, "image/jpeg");
        let (large, small) = (again(&sizes.large), again(&sizes.small));
        assert_eq!((large.width(), large.height(), small.width(), small.height()), (800, 800, 400, 400));
        let (left, right) = (large.to_rgb8().get_pixel(10, 400).0, large.to_rgb8().get_pixel(790, 400).0);
        assert!(left[0] > 180 && right[2] > 180, "{format:?}: {left:?} {right:?}");
    }
}

#[test]
fn what_is_see_through_stays_so() {
    let glass = RgbaImage::from_pixel(500, 500, Rgba([9, 9, 9, 100]));
    let sizes = redraw(&file(&glass.into(), ImageFormat::Png)).expect("a picture");
    assert_eq!((sizes.media_type, again(&sizes.small).to_rgba8().get_pixel(5, 5).0[3]), ("image/webp", 100));
    let solid = RgbaImage::from_pixel(500, 500, Rgba([9, 9, 9, 255]));
    assert_eq!(redraw(&file(&solid.into(), ImageFormat::Png)).expect("a picture").media_type, "image/jpeg");
}

/// A JPEG with an Exif note: how it was held, and a place to be forgotten.
fn held(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 51.5072 N");
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 90);
    encoder.set_exif_metadata(exif).expect("a JPEG has room for it");
    encoder.encode_image(&halves(600, 600)).expect("a picture");
    assert!(file.windows(3).any(|bytes| bytes == b"GPS"), "the test says what it means");
    file
}

#[test]
fn it_is_turned_upright_and_the_place_is_forgotten() {
    for (orientation, red) in [(1, (5, 400)), (3, (795, 400)), (6, (400, 5)), (8, (400, 795))] {
        let sizes = redraw(&held(orientation)).expect("a picture");
        let pixel = again(&sizes.large).to_rgb8().get_pixel(red.0, red.1).0;
        assert!(pixel[0] > 180 && pixel[2] < 90, "held {orientation}: {pixel:?}");
        for bytes in [&sizes.large, &sizes.small] {
            assert!(!bytes.windows(3).any(|bytes| bytes == b"GPS") && !bytes.windows(4).any(|bytes| bytes == b"Exif"));
        }
    }
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    // 60,000 by 60,000 in a few bytes: only the header is there, and that is enough.
    let mut bomb = file(&halves(400, 400).into(), ImageFormat::Png);
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let crc = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let since = std::time::Instant::now();
    assert!(redraw(&bomb).expect_err("too large").contains("60000 by 60000"));
    assert!(since.elapsed().as_millis() < 500, "before decoding");
    let small = file(&halves(399, 900).into(), ImageFormat::Png);
    assert!(redraw(&small).expect_err("too small").contains("400 on its shorter side"));
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    let sum = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0_u32, sum)
}

#[test]
fn what_is_no_picture_is_told() {
    let whole = file(&halves(500, 500).into(), ImageFormat::Png);
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let gif = b"GIF89a\x01\0\x01\0\0\0\0;";
    for wrong in [
        &b""[..],
        b"x",
        svg,
        gif,
        b"\x89PNG\r\n\x1a\n",
        &whole[..whole.len() / 2],
        b"RIFF\x04\0\0\0WEBPVP8 ",
        b"\xff\xd8\xff\xe0",
    ] {
        assert!(redraw(wrong).is_err(), "{:?}", &wrong[..wrong.len().min(12)]);
    }
    let mut png = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.write_image(&vec![7; 500 * 500 * 2], 500, 500, ExtendedColorType::L16).expect("a picture of sixteen bits");
    assert!(redraw(&png).is_ok());
}
