//! The tables of mail links.
//!
//! Invariant: as the migrations say it. It does not know what a link is good for.

diesel::table! {
    mail_links (id) {
        id -> BigInt,
        hash -> Text,
        purpose -> Text,
        user_id -> Nullable<BigInt>,
        epoch -> Nullable<BigInt>,
        email -> Text,
        session -> Nullable<Text>,
        public_id -> Nullable<Text>,
        name -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        spent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    mail_budgets (id) {
        id -> BigInt,
        key -> Text,
        full_at -> Timestamp,
    }
}
