//! An event of one's account in plain words.
//!
//! Invariant: whatever stands in the table has words; a kind that nobody wrote any for, by a newer version, is read out as it is called.
//! Nothing that strangers wrote is repeated.

/// What happened, to the person it happened to.
pub(super) fn of(kind: &str, detail: &str) -> String {
    let words = match (kind, detail) {
        ("sign_in", detail) if detail.starts_with("api") => "A program signed in with your password",
        ("sign_in", _) => "You signed in",
        ("sign_in_failed", "") => "A sign-in failed: the password was wrong",
        ("sign_in_failed", "code") => "A sign-in failed: the password was right, the code was wrong",
        ("sign_in_failed", "passkey") => "A passkey was refused",
        ("sign_in_failed", detail) if detail.ends_with("passkey, counted back") => {
            "A passkey was refused that somebody seems to have a copy of: remove it"
        }
        ("sign_in_failed", "step-up, passkey") => "A passkey was asked for, and it was refused",
        ("sign_in_failed", "step-up, code") => "A code was asked for, and it was wrong",
        ("sign_in_failed", _) => "Your present password was asked for, and it was wrong",
        ("sign_in_throttled", _) => "Too many sign-ins failed: for a while no password was looked at",
        ("registered", "" | "address confirmed") => "You made this account",
        ("registered", _) => "The shop made this account for you",
        ("sign_out", _) => "You signed out",
        ("session_ended", "password") => "Signed out, because the password was changed",
        ("session_ended", "limit") => "Signed out: there were more devices than there can be",
        ("session_ended", "locked") => "Signed out, because the account was locked",
        ("session_ended", detail) if detail.contains("disowned") => "Signed out by a link from a mail: “This wasn’t me”",
        ("session_ended", detail) if detail.contains("another address") => "Signed out, because the e-mail address was changed",
        ("session_ended", detail) if detail.contains(", by an operator") => "The shop signed a device out",
        ("session_ended", detail) if detail.contains(", by ") => "Signed out from another device, or by the shop",
        ("session_ended", _) => "Signed out from another device",
        ("token_reuse", _) => "A sign-in was ended: an old copy of its key was used",
        ("duplicate_cookie", _) => "A browser sent one of our cookies twice, and none was believed",
        ("forged_token", _) => "A key was shown that this shop never made",
        ("cross_site", _) => "A form that another site sent was refused",
        ("api_token_made", _) => "An API token was made",
        ("api_token_revoked", _) => "An API token was revoked",
        ("account_exported", _) => "Everything we keep about you was downloaded",
        ("password_changed", "by a mailed link") => "The password was set anew by a link from a mail",
        ("password_changed", _) => "The password was changed",
        ("reset_asked", _) => "Somebody asked for a mail to set a new password",
        ("registration_asked", _) => "Somebody wanted to make another account with your address",
        ("email_verified", _) => "Your e-mail address was confirmed",
        ("email_change_asked", _) => "Another e-mail address was asked for",
        ("email_changed", _) => "The e-mail address was changed",
        ("disowned", _) => "Every sign-in and API token ended by a link from a mail: “This wasn’t me”",
        ("link_refused", _) => "A link from a mail was followed that was no longer good",
        ("second_factor_changed", "removed with the new password") => {
            "Two-step sign-in went with the earlier password, for the address was not confirmed then"
        }
        ("second_factor_changed", "on") => "Codes from an app were turned on",
        ("second_factor_changed", "off") => "Codes from an app were turned off",
        ("second_factor_changed", detail) if detail.starts_with("removed") => "The shop turned two-step sign-in off for you",
        ("second_factor_changed", "passkey added") => "A passkey was added",
        ("second_factor_changed", "passkey removed") => "A passkey was removed",
        ("second_factor_changed", _) => "The recovery codes were made anew",
        ("stepped_up", "password") => "You proved who you are with your password",
        ("stepped_up", "passkey") => "You proved who you are with a passkey",
        ("stepped_up", _) => "You proved who you are with a code",
        ("lock_changed", detail) if detail.starts_with("locked") => "The shop locked this account",
        ("lock_changed", _) => "The shop unlocked this account",
        ("role_changed", detail) if detail.starts_with("admin") => "You run the shop from here on",
        ("role_changed", _) => "You are a shopper from here on",
        ("name_changed", _) => "The name was changed",
        _ => return called(kind),
    };
    words.to_owned()
}

/// Should its person ask themselves whether that was they?
pub(super) fn is_odd(kind: &str) -> bool {
    matches!(kind, "sign_in_failed" | "sign_in_throttled" | "token_reuse" | "duplicate_cookie" | "forged_token" | "cross_site")
}

/// A kind as it is called: `email_changed` is "Email changed".
pub(in crate::web) fn called(kind: &str) -> String {
    let mut letters = kind.chars().filter(|letter| letter.is_ascii_lowercase() || *letter == '_');
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let name: String = first.into_iter().chain(letters.map(|letter| if letter == '_' { ' ' } else { letter })).collect();
    name.strip_prefix("Api ").map(|rest| format!("API {rest}")).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Kind;

    #[test]
    fn every_kind_has_words_and_one_from_the_future_is_called_what_it_is() {
        for &kind in Kind::ALL {
            for detail in ["", "api", "locked, by AAAA", "<b>x</b>"] {
                let words = of(kind.word(), detail);
                assert!(words.len() > 5 && words.starts_with(|letter: char| letter.is_ascii_uppercase()), "{words}");
                assert!(!words.contains('<'), "{words}");
            }
        }
        assert_eq!(of("tea_cooled", ""), "Tea cooled");
        assert_eq!(called("<b>x</b>"), "Bxb");
        assert_eq!(called("api_token_made"), "API token made");
    }
}
