//! The table of imports.
//!
//! Invariant: as `schema.rs`, which knows how it hangs together.

diesel::table! {
    imports (id) {
        id -> BigInt,
        public_id -> Text,
        slot -> Nullable<BigInt>,
        user_id -> BigInt,
        state -> Text,
        size -> BigInt,
        position -> BigInt,
        lines -> BigInt,
        made -> BigInt,
        changed -> BigInt,
        same -> BigInt,
        wrong -> BigInt,
        told -> Text,
        untold -> BigInt,
        note -> Text,
        created_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        beat_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        categories -> Text,
    }
}
