//! Settings whose rooms are not built yet.
//!
//! Invariant: their names are known, so that one set of settings starts this version and the next; a value that asks for what is not
//! there, where doing without it would be unsafe or dear, is refused. It does not know what the rooms will do.

/// What is said of such a setting: `None` for a name that is none of them.
pub(super) fn check(name: &str, value: &str) -> Option<Result<(), String>> {
    let only = |harmless: &[&str]| {
        if harmless.contains(&value) { Ok(()) } else { Err(format!("`{value}` asks for what this version does not have yet")) }
    };
    match name {
        // Without it an operator would think themselves safer, or cheaper, than they are.
        "LATCHKEY_TLS_CERT"
        | "LATCHKEY_TLS_KEY"
        | "LATCHKEY_ACME_EMAIL"
        | "LATCHKEY_ACME_DIRECTORY"
        | "LATCHKEY_REDIRECT_LISTEN" => Some(only(&[""])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_contract_is_known_and_an_unsafe_wish_is_refused() {
        assert_eq!(check("LATCHKEY_TLS_CERT", ""), Some(Ok(())));
        assert!(check("LATCHKEY_TLS_CERT", "cert.pem").is_some_and(|said| said.is_err()));
        assert_eq!(check("LATCHKEY_LISTNE", "127.0.0.1:80"), None);
    }
}
