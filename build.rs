//! Compiles templates and `static/` into the program: each static file under a name with the hash of its content, and compressed.
//!
//! It also has the program linked so that the loader's notes on it take kilobytes and not megabytes, where the loader reads such notes.
//!
//! Invariant: equal content has an equal name, so a browser may keep a file for ever; the style sheet's font is renamed along with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> io::Result<()> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?);
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo names no folder"))?);
    println!("cargo::rerun-if-changed=build.rs");
    if loader_reads_packed_notes() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=static");
    templates(&root.join("templates"), &out)?;
    assets(&root.join("static"), &out)
}

/// Where the program's own addresses are to be mended when it is loaded: packed, two megabytes less stay in memory. glibc reads that
/// since 2.36, and a program for another machine says nothing of the loader there.
fn loader_reads_packed_notes() -> bool {
    if std::env::var_os("HOST") != std::env::var_os("TARGET") {
        return false;
    }
    let said =
        Command::new("getconf").arg("GNU_LIBC_VERSION").output().map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    let version = said.unwrap_or_default();
    let number = |part: Option<&str>| part.and_then(|part| part.trim().parse::<u32>().ok()).unwrap_or(0);
    let mut parts = version.trim_start_matches("glibc ").split('.');
    (number(parts.next()), number(parts.next())) >= (2, 36)
}

/// A list of (name, text) of all templates.
fn templates(root: &Path, out: &Path) -> io::Result<()> {
    let mut list = String::from("pub(super) const TEMPLATES: &[(&str, &str)] = &[\n");
    for (name, path) in files(root)? {
        writeln!(list, "    ({name:?}, include_str!({:?})),", path.display().to_string()).map_err(io::Error::other)?;
    }
    list.push_str("];\n");
    fs::write(out.join("templates.rs"), list)
}

/// A list of (name, hashed name, bytes, brotli, gzip) of all static files, and one hash over all.
fn assets(root: &Path, out: &Path) -> io::Result<()> {
    let found = files(root)?;
    let mut renamed = BTreeMap::new();
    let mut contents = Vec::new();
    // Style sheets last: they name the other files.
    let (styles, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| is_style(name));
    for (name, path) in others.into_iter().chain(styles) {
        let mut bytes = fs::read(&path)?;
        if is_style(&name) {
            bytes = rename(&String::from_utf8(bytes).map_err(io::Error::other)?, &renamed).into_bytes();
        }
        let hashed = hashed(&name, &bytes);
        renamed.insert(name.clone(), hashed.clone());
        contents.push((name, hashed, bytes));
    }
    let folder = out.join("static");
    fs::create_dir_all(&folder)?;
    let mut list = String::from("pub(super) const ASSETS: &[super::Embedded] = &[\n");
    let mut all = String::new();
    for (at, (name, hashed, bytes)) in contents.into_iter().enumerate() {
        all.push_str(&hashed);
        let embed = |ending: &str, bytes: &[u8]| -> io::Result<String> {
            let path = folder.join(format!("{at}{ending}"));
            fs::write(&path, bytes)?;
            Ok(format!("include_bytes!({:?})", path.display().to_string()))
        };
        let smaller = |packed: &Vec<u8>| packed.len() + packed.len() / 20 < bytes.len();
        let brotli = Some(brotli(&bytes)?).filter(smaller).map(|packed| embed(".br", &packed)).transpose()?;
        let gzip = Some(gzip(&bytes)?).filter(smaller).map(|packed| embed(".gz", &packed)).transpose()?;
        let plain = embed("", &bytes)?;
        let some = |packed: Option<String>| packed.map_or_else(|| "None".to_owned(), |packed| format!("Some({packed})"));
        writeln!(list, "    ({name:?}, {hashed:?}, {plain}, {}, {}),", some(brotli), some(gzip)).map_err(io::Error::other)?;
    }
    writeln!(list, "];\npub(super) const DIGEST: &str = {:?};", hex(all.as_bytes(), 8)).map_err(io::Error::other)?;
    fs::write(out.join("assets.rs"), list)
}

/// All files below a folder, by their names relative to it, without hidden ones and symbolic links.
fn files(root: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop().filter(|folder| folder.exists()) {
        for entry in fs::read_dir(folder)? {
            let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if kind.is_dir() && !hidden {
                folders.push(path);
            } else if kind.is_file() && !hidden {
                let name = path.strip_prefix(root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
                found.insert(name, path);
            }
        }
    }
    Ok(found)
}

fn is_style(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "css")
}

/// `css/site.css` becomes `css/site.0123456789ab.css`.
fn hashed(name: &str, bytes: &[u8]) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "bin"));
    format!("{stem}.{}.{ending}", hex(bytes, 6))
}

fn hex(bytes: &[u8], length: usize) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref()[..length].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// In a style sheet, `url("../font/x.woff2")` follows the file to its hashed name.
fn rename(css: &str, renamed: &BTreeMap<String, String>) -> String {
    renamed.iter().fold(css.to_owned(), |css, (name, hashed)| css.replace(&format!("../{name}"), &format!("../{hashed}")))
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters)?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes)?;
    packer.finish()
}
