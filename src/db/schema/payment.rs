//! The tables of payments, and the books of the trial provider.
//!
//! Invariant: as `schema.rs`, which knows how they hang together.

diesel::table! {
    payments (id) {
        id -> BigInt,
        public_id -> Text,
        order_id -> BigInt,
        attempt -> BigInt,
        provider -> Text,
        reference -> Nullable<Text>,
        amount -> BigInt,
        currency -> Text,
        state -> Text,
        received -> Nullable<BigInt>,
        received_currency -> Nullable<Text>,
        due_at -> Nullable<Timestamp>,
        ask_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    payment_events (id) {
        id -> BigInt,
        payment_id -> BigInt,
        provider -> Text,
        event -> Text,
        verdict -> Text,
        amount -> BigInt,
        currency -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    trial_bills (id) {
        id -> BigInt,
        reference -> Text,
        payment -> Text,
        number -> Text,
        amount -> BigInt,
        currency -> Text,
        verdict -> Nullable<Text>,
        event -> Nullable<Text>,
        created_at -> Timestamp,
    }
}
