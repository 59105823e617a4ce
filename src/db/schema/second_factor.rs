//! The tables of second factors and of sign-ins that wait for a code.

diesel::table! {
    second_factors (id) {
        id -> BigInt,
        user_id -> BigInt,
        sealed -> Text,
        secret_id -> Text,
        last_step -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    recovery_codes (id) {
        id -> BigInt,
        user_id -> BigInt,
        hash -> Text,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    code_failures (id) {
        id -> BigInt,
        user_id -> BigInt,
        at -> Timestamp,
    }
}

diesel::table! {
    half_sign_ins (id) {
        id -> BigInt,
        ticket -> Text,
        user_id -> BigInt,
        epoch -> BigInt,
        remember -> Bool,
        next -> Nullable<Text>,
        expires_at -> Timestamp,
    }
}
