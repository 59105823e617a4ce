//! Every dependency has its reason, cryptography comes from few places, and the licence is what it says.
//!
//! Invariant: a reason is a comment on the line above; docs/SECURITY.md, "Keys and algorithms", names all that enciphers, signs, hashes
//! for safety or draws secrets.

use super::{Source, assert_complains, assert_tidy, file};

fn without_reason(manifest: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let (mut in_dependencies, mut above) = (false, "");
    for line in manifest.text.lines() {
        if line.starts_with('[') {
            in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies
            && let Some((name, _)) = line.split_once(" = ")
            && !above.starts_with('#')
        {
            complaints.push(format!("{}: `{name}` has no reason above it", manifest.path));
        }
        above = line;
    }
    complaints
}

/// Crates with cryptography or randomness of their own, beside the few that are ours (aws-lc-rs, bcrypt, totp-rs, jsonwebtoken, rustls).
const OTHER_CRYPTOGRAPHY: [&str; 26] = [
    "aead",
    "aes",
    "aes-gcm",
    "argon2",
    "blake2",
    "blake3",
    "chacha20poly1305",
    "ed25519-dalek",
    "fastrand",
    "getrandom",
    "hkdf",
    "hmac",
    "k256",
    "md-5",
    "md5",
    "openssl",
    "p256",
    "pbkdf2",
    "rand",
    "ring",
    "rsa",
    "scrypt",
    "sha1",
    "sha2",
    "sha3",
    "x25519-dalek",
];

/// What the program itself would encipher with, or draw from, beside what the docs name. (Tests may have others.)
fn second_cryptography(manifest: &Source) -> Vec<String> {
    let own = manifest.text.split("[dev-dependencies]").next().unwrap_or_default();
    let names = own.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let other = names.filter(|name| OTHER_CRYPTOGRAPHY.contains(name));
    other.map(|name| format!("{}: `{name}`: cryptography that the docs do not name", manifest.path)).collect()
}

#[test]
fn cryptography_comes_from_where_the_docs_say() {
    assert_tidy(&second_cryptography(&file("Cargo.toml")));
}

#[test]
fn every_dependency_has_its_reason() {
    assert_tidy(&without_reason(&file("Cargo.toml")));
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = "[package]\nname = \"a\"\n\n[dependencies]\n# Why.\ntea = \"1\"\nmilk = { version = \"2\" }\n\n[dev-dependencies]\nsugar = \"3\"\n";
    assert_complains(&without_reason(&Source::example("Cargo.toml", manifest)), &["`milk`", "`sugar`"]);
    let manifest = "[dependencies]\n# Why.\nring = \"0.17\"\n\n[dev-dependencies]\n# Why.\nrand = \"1\"\n";
    assert_complains(&second_cryptography(&Source::example("Cargo.toml", manifest)), &["`ring`"]);
}

#[test]
fn the_licence_is_the_gpl_in_full() {
    assert!(file("Cargo.toml").text.contains("\nlicense = \"GPL-3.0-or-later\"\n"));
    let licence = file("LICENSE").text;
    assert!(licence.trim_start().starts_with("GNU GENERAL PUBLIC LICENSE"));
    for part in [
        "Version 3, 29 June 2007",
        "TERMS AND CONDITIONS",
        "17. Interpretation of Sections 15 and 16.",
        "END OF TERMS AND CONDITIONS",
    ] {
        assert!(licence.contains(part), "{part}");
    }
}
