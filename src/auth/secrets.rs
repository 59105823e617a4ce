//! The master secret and the separate keys drawn from it.
//!
//! Invariant: each use has a key of its own (HKDF-SHA256, RFC 5869), so that nothing made for one use works for another; no key is
//! ever printed. What was made under an earlier secret names that secret's id and is read with it.

pub mod needed;

use crate::config::Secret;
use crate::error::{Error, Result};
use crate::ids::{base64url, from_base64url, random_bytes};
use crate::mail::outbox;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

/// The keys drawn from one master secret.
pub struct Keys {
    id: String,
    /// Derives the successor of a refresh token.
    pub refresh: hmac::Key,
    /// Draws the seeds that are offered to authenticator apps.
    pub enrolment: hmac::Key,
    /// Binds CSRF values to a session.
    pub csrf: hmac::Key,
    /// Signs the one message that survives a redirect.
    pub flash: hmac::Key,
    /// Goes into a password before bcrypt does (docs/SECURITY.md, "Passwords").
    pub pepper: hmac::Key,
    /// Signs the challenges that passkeys answer.
    pub challenge: hmac::Key,
    /// Signs the messages of the trial payment provider.
    pub trial_payments: hmac::Key,
    /// Names the count of an address's failed sign-ins.
    pub failures: hmac::Key,
    /// Makes the names of people and sessions in the log unreadable.
    pub pseudonym: hmac::Key,
    seal: LessSafeKey,
}

impl Keys {
    fn draw(secret: &Secret) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"latchkey").extract(secret.expose());
        let mut id = [0; 6];
        expand(&root, b"id", &mut id);
        let hmac_key = |label: &[u8]| {
            let mut bytes = [0; 32];
            expand(&root, label, &mut bytes);
            hmac::Key::new(hmac::HMAC_SHA256, &bytes)
        };
        let mut pepper = [0; 48];
        expand(&root, b"password pepper", &mut pepper);
        let mut seal = [0; 32];
        expand(&root, b"encryption at rest", &mut seal);
        Self {
            id: base64url(id),
            refresh: hmac_key(b"refresh"),
            csrf: hmac_key(b"csrf"),
            enrolment: hmac_key(b"second factor enrolment"),
            flash: hmac_key(b"flash"),
            challenge: hmac_key(b"passkey challenges"),
            trial_payments: hmac_key(b"trial payments"),
            failures: hmac_key(b"failed sign-ins"),
            pseudonym: hmac_key(b"log pseudonyms"),
            pepper: hmac::Key::new(hmac::HMAC_SHA384, &pepper),
            seal: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &seal).expect("AES-256 takes 32 bytes")),
        }
    }

    /// The name under which rows remember this secret: eight characters that reveal nothing of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Encrypts for the database; `purpose` must be the same when it is opened.
    #[must_use]
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> String {
        let nonce: [u8; NONCE_LEN] = random_bytes();
        let mut sealed = plain.to_vec();
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut sealed)
            .expect("a short text fits AES-GCM");
        base64url([&nonce[..], &sealed].concat())
    }

    /// Decrypts what `seal` made; `None` for anything else.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = from_base64url(sealed)?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        Some(self.seal.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text).ok()?.to_vec())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.id)
    }
}

fn expand(root: &hkdf::Prk, label: &[u8], out: &mut [u8]) {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let length = out.len();
    let labels = [label];
    let okm = root.expand(&labels, Length(length)).expect("HKDF gives up to 8160 bytes");
    okm.fill(out).expect("the length is the one asked for");
}

/// The current keys and those of earlier secrets; a clone is cheap.
#[derive(Debug, Clone)]
pub struct Secrets {
    current: Arc<Keys>,
    previous: Arc<[Keys]>,
}

impl Secrets {
    /// Draws the keys.
    #[must_use]
    pub fn new(current: &Secret, previous: &[Secret]) -> Self {
        Self { current: Arc::new(Keys::draw(current)), previous: previous.iter().map(Keys::draw).collect() }
    }

    /// Draws the keys of the configured secret, or of the one in `var/secret`, which is made at the first start.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be written or the file does not hold a secret.
    pub fn load(secret: Option<&Secret>, previous: &[Secret], var: &Path) -> Result<Self> {
        match secret {
            Some(secret) => Ok(Self::new(secret, previous)),
            None => Ok(Self::new(&own_secret(var)?, previous)),
        }
    }

    /// The keys that new things are made with.
    #[must_use]
    pub fn current(&self) -> &Keys {
        &self.current
    }

    /// The keys of that id, if they are still known.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Keys> {
        self.all().find(|keys| keys.id == id)
    }

    /// The current keys, then those of the other secrets that are given.
    pub fn all(&self) -> impl Iterator<Item = &Keys> {
        std::iter::once(&*self.current).chain(self.previous.iter())
    }
}

impl outbox::Seal for Secrets {
    fn id(&self) -> &str {
        self.current.id()
    }

    fn seal(&self, purpose: &str, plain: &[u8]) -> (String, String) {
        (self.current.id().to_owned(), self.current.seal(purpose, plain))
    }

    fn open(&self, secret: &str, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        self.by_id(secret)?.open(purpose, sealed)
    }
}

/// Reads `var/secret`, or makes it: written whole under another name first, then linked, so that of two nodes that start at once
/// both read the same one.
fn own_secret(var: &Path) -> Result<Secret> {
    let path = var.join("secret");
    let failed = |cause: &dyn fmt::Display| Error::Unavailable(format!("{} cannot be used: {cause}", path.display()));
    if !path.exists() {
        std::fs::create_dir_all(var).map_err(|cause| failed(&cause))?;
        let draft = var.join(format!("secret.{}", base64url(random_bytes::<6>())));
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(|cause| failed(&cause))?;
        // Chance may spell a word that a sample would have; then it throws again.
        let mut made = base64url(random_bytes::<48>());
        while made.parse::<Secret>().is_err() {
            made = base64url(random_bytes::<48>());
        }
        writeln!(file, "{made}").and_then(|()| file.sync_all()).map_err(|cause| failed(&cause))?;
        let linked = std::fs::hard_link(&draft, &path);
        std::fs::remove_file(&draft).map_err(|cause| failed(&cause))?;
        if let Err(cause) = linked
            && cause.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(failed(&cause));
        }
    }
    std::fs::read_to_string(&path).map_err(|cause| failed(&cause))?.parse().map_err(|cause: String| failed(&cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_the_same_key_and_purpose() {
        let one = Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[]);
        let other = Secrets::new(&"Zr4Yb8Qm1Wc6Xn3Kt9Vs5Ld0Pf7Hg2Ja".parse().expect("a secret"), &[]);
        let sealed = one.current().seal("signing key", b"text");
        assert_eq!(one.current().open("signing key", &sealed).as_deref(), Some(&b"text"[..]));
        assert_eq!(one.current().open("another", &sealed), None);
        assert_eq!(other.current().open("signing key", &sealed), None);
        assert_ne!(one.current().id(), other.current().id());
        assert!(!format!("{one:?}").contains("q8Vn2"));
    }
}
