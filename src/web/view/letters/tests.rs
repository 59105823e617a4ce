//! Every letter as it is drawn.
//!
//! Invariant: whatever people wrote, links lead to the shop and nowhere else, and nothing is loaded from anywhere.

use super::*;
use crate::config::{Sources, load};
use crate::mail::letter::{
    Cancelled, Change, EndedSignIn, FactorAct, FactorChange, Invitation, Move, NewDevice, NewToken, Paid, Receipt, ReceiptLine,
    Recipient, Shipped,
};
use crate::web::assets::Assets;
use std::sync::Arc;

const EVIL: &str = "<a href=\"http://evil.example\">x</a>";

fn every_letter(word: &str) -> Vec<Letter> {
    let text = |usual: &str| if word.is_empty() { usual.to_owned() } else { word.to_owned() };
    let at = || "2026-11-22T10:00:00Z".to_owned();
    let invitation = || Invitation { token: "t".repeat(43), at: at(), address: text("203.0.113.9") };
    let moved = || Move { to: text("ada@elsewhere.example"), at: at(), address: text("203.0.113.9") };
    let line = |title: &str, quantity: i64| ReceiptLine { title: text(title), quantity, line_total: 2_400 * quantity };
    let factor = |act| Letter::SecondFactorChanged(FactorChange { at: at(), address: text("203.0.113.9"), act, left: Some(9) });
    vec![
        Letter::OrderPlaced(Box::new(Receipt {
            number: "HG-7K3M-9QX2".to_owned(),
            placed_at: at(),
            lines: vec![line("Oak Bowl", 2), line("Long-handled brush for the bottoms of bottles", 1)],
            subtotal: 7_200,
            discount: 500,
            delivery: 490,
            total: 7_190,
            address: vec![text("Ada Lovelace"), "12 St James's Square".to_owned(), "SW1Y 4JH London".to_owned()],
        })),
        Letter::OrderCancelled(Cancelled {
            number: "HG-7K3M-9QX2".to_owned(),
            placed_at: at(),
            at: at(),
            total: 7_190,
            owed: 7_190,
            leaving: false,
        }),
        Letter::OrderCancelled(Cancelled {
            number: "HG-7K3M-9QX2".to_owned(),
            placed_at: at(),
            at: at(),
            total: 7_190,
            owed: 0,
            leaving: true,
        }),
        Letter::OrderPaid(Paid { number: "HG-7K3M-9QX2".to_owned(), placed_at: at(), at: at(), total: 7_190 }),
        Letter::OrderShipped(Shipped { number: "HG-7K3M-9QX2".to_owned(), placed_at: at(), at: at() }),
        Letter::SignInEnded(EndedSignIn {
            at: at(),
            address: text("203.0.113.9"),
            signed_in_at: at(),
            signed_in_from: text("198.51.100.4"),
            client: "Firefox on Linux".to_owned(),
        }),
        Letter::PasswordChanged(Change { at: at(), address: text("203.0.113.9") }),
        Letter::VerifyEmail(invitation()),
        Letter::ConfirmRegistration(invitation()),
        Letter::AddressKnown(Change { at: at(), address: text("203.0.113.9") }),
        Letter::ResetPassword(invitation()),
        Letter::ConfirmEmail(invitation()),
        Letter::EmailChangeAsked(moved()),
        Letter::EmailChanged(moved()),
        factor(FactorAct::PasskeyAdded),
        factor(FactorAct::PasskeyRemoved),
        factor(FactorAct::PasskeyCopied),
        factor(FactorAct::On),
        factor(FactorAct::Off),
        factor(FactorAct::Codes),
        factor(FactorAct::Used),
        factor(FactorAct::Removed),
        Letter::NewDevice(NewDevice { at: at(), address: text("203.0.113.9"), client: "Firefox on Linux".to_owned() }),
        Letter::ApiTokenMade(NewToken { at: at(), address: text("203.0.113.9"), scope: "read orders".to_owned(), days: 30 }),
        Letter::AccountDeleted(Change { at: at(), address: text("203.0.113.9") }),
        Letter::Trial,
    ]
}

fn drawn(name: &str, word: &str) -> Vec<(&'static str, Words)> {
    let folder = tempfile::tempdir().expect("a folder");
    let config = load(&Sources::default()).expect("settings");
    let assets = Arc::new(Assets::lay_out(folder.path(), false).expect("assets"));
    let templates = Templates::new(&config, "https://shop.example", assets).expect("templates");
    let to = Recipient { address: "ada@example.com".to_owned(), name: name.to_owned() };
    let draw = |letter: Letter| {
        let kind = letter.kind();
        (kind, draw(&templates, &Addressed { to: to.clone(), letter }).expect(kind))
    };
    every_letter(word).into_iter().map(draw).collect()
}

#[test]
fn a_letter_to_who_left_leads_to_no_page_that_is_gone() {
    let cancelled: Vec<_> = drawn("Ada Lovelace", "").into_iter().filter(|(kind, _)| *kind == "order_cancelled").collect();
    for (form, leads) in cancelled.iter().flat_map(|(_, words)| [&words.text, &words.html]).zip([true, true, false, false]) {
        assert_eq!(form.contains("/orders/HG-7K3M-9QX2"), leads, "{form}");
        assert_ne!(form.contains("because your account was deleted"), leads, "{form}");
    }
}

#[test]
fn a_letter_about_a_token_says_what_it_may_do() {
    let (_, words) = drawn("Ada Lovelace", "").into_iter().find(|(kind, _)| *kind == "api_token_made").expect("a letter");
    for form in [&words.text, &words.html] {
        let may = "no password of yours to look at your profile, cart and orders, and to place and cancel orders.";
        assert!(form.contains(may) && form.contains(". For 30 days a program"), "{form}");
    }
}

#[test]
fn every_letter_says_the_same_in_text_and_in_html() {
    for (kind, words) in drawn("Ada Lovelace", "") {
        assert!(words.subject.len() > 10 && !words.subject.contains('\n'), "{kind}: {}", words.subject);
        for form in [&words.text, &words.html] {
            assert!(!form.contains("{{") && !form.contains("{%") && form.contains("https://shop.example"), "{kind}: {form}");
            assert!(kind == "trial" || form.contains("Hello Ada Lovelace,"), "{kind}: {form}");
        }
        for fact in [
            "HG-7K3M-9QX2",
            "€71.90",
            "2 x Oak Bowl",
            "SW1Y 4JH London",
            "203.0.113.9",
            "22 November 2026",
            "ada@elsewhere.example",
        ] {
            let loose = fact.trim_start_matches("2 x ");
            assert_eq!(words.text.contains(loose), words.html.contains(loose), "{kind}: {fact}");
        }
    }
}

#[test]
fn a_receipt_has_its_lines_sums_and_address() {
    let (_, words) = drawn("Ada", "").swap_remove(0);
    for fact in ["2 x Oak Bowl: €48.00\n", "\nDiscount: −€5.00\n", "\nDelivery: €4.90\n", "\nTotal: €71.90\n"] {
        assert!(words.text.contains(fact), "{fact:?}: {}", words.text);
    }
    assert!(words.text.contains("12 St James's Square\nSW1Y 4JH London\n"), "nothing is escaped in text: {}", words.text);
    assert!(words.text.contains("https://shop.example/orders/HG-7K3M-9QX2\n"));
    assert_eq!(words.subject, "Your order HG-7K3M-9QX2 at Hearth & Grain");
}

#[test]
fn links_lead_to_the_shop_and_nothing_is_loaded() {
    for (kind, words) in drawn(EVIL, EVIL) {
        let html = words.html.to_ascii_lowercase();
        for target in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(target.starts_with("https://shop.example"), "{kind}: {target}");
        }
        for loaded in ["src=", "url(", "<img", "<link", "@import", "<script"] {
            assert!(!html.contains(loaded), "{kind}: {loaded}");
        }
        assert!(!words.text.starts_with("Hello <"), "{kind}");
        assert!(words.html.len() < 12_000, "{kind}: longer letters are cut off by some readers");
    }
}

#[test]
fn a_link_is_written_out_once_in_each_form_and_says_how_long_it_is_good() {
    let links = [
        ("verify_email", "/verify-email/", "24 hours"),
        ("confirm_registration", "/verify-email/", "24 hours"),
        ("confirm_email", "/verify-email/", "an hour"),
        ("reset_password", "/reset-password/", "30 minutes"),
    ];
    for (kind, words) in drawn("Ada", "") {
        let found = links.iter().find(|(known, ..)| *known == kind);
        for form in [&words.text, &words.html] {
            let token = "t".repeat(43);
            assert_eq!(form.contains(&token), found.is_some(), "{kind}: {form}");
            if let Some((_, path, life)) = found {
                let link = format!("https://shop.example{path}{token}");
                assert!(form.contains(&link) && form.contains(life), "{kind}: {form}");
            }
        }
    }
}
