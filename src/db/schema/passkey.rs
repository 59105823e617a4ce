//! The tables of passkeys and of challenges that were shown.

diesel::table! {
    passkeys (id) {
        id -> BigInt,
        public_id -> Text,
        user_id -> BigInt,
        credential_id -> Text,
        credential -> Text,
        sign_count -> BigInt,
        backed_up -> Bool,
        name -> Text,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    spent_challenges (id) {
        id -> BigInt,
        challenge -> Text,
        expires_at -> Timestamp,
    }
}
