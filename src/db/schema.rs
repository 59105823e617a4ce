//! The tables, as both databases have them. `diesel print-schema` against a migrated database shows the same columns.
#![allow(missing_docs)]

mod api_token;
mod import;
mod letters;
mod passkey;
mod payment;
mod second_factor;
mod shop;

pub use api_token::*;
pub use import::*;
pub use letters::*;
pub use passkey::*;
pub use payment::*;
pub use second_factor::*;
pub use shop::*;

diesel::table! {
    users (id) {
        id -> BigInt,
        public_id -> Text,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        epoch -> BigInt,
        email_verified_at -> Nullable<Timestamp>,
        locked_at -> Nullable<Timestamp>,
        last_sign_in_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        deleted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> BigInt,
        kid -> Text,
        algorithm -> Text,
        sealed -> Text,
        secret_id -> Text,
        created_at -> Timestamp,
        signs_from -> Nullable<Timestamp>,
        signs_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    audit_events (id) {
        id -> BigInt,
        at -> Timestamp,
        kind -> Text,
        user_id -> Nullable<BigInt>,
        session -> Nullable<Text>,
        address -> Text,
        detail -> Text,
        client -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        public_id -> Text,
        user_id -> BigInt,
        kind -> Text,
        remember -> Bool,
        generation -> BigInt,
        user_agent -> Text,
        address -> Text,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        ended_because -> Nullable<Text>,
        replaces -> Nullable<BigInt>,
        confirmed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    refresh_tokens (id) {
        id -> BigInt,
        session_id -> BigInt,
        generation -> BigInt,
        hash -> Text,
        derived_with -> Nullable<Text>,
        created_at -> Timestamp,
        // Not written any more: a generation is replaced when its session has a newer one.
        replaced_at -> Nullable<Timestamp>,
        seen_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    revocations (id) {
        id -> BigInt,
        session -> Nullable<Text>,
        user_public_id -> Nullable<Text>,
        epoch -> Nullable<BigInt>,
        at -> Timestamp,
        written_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    parked_forms (id) {
        id -> BigInt,
        public_id -> Text,
        browser -> Text,
        user_id -> Nullable<BigInt>,
        epoch -> Nullable<BigInt>,
        at_sign_in -> Bool,
        sealed -> Text,
        secret_id -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        spent_at -> Nullable<Timestamp>,
        spent_by -> Nullable<BigInt>,
        led_to -> Nullable<Text>,
    }
}

diesel::table! {
    notices (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        door -> Text,
        user_agent -> Text,
        last_seen_at -> Timestamp,
        address -> Text,
        created_at -> Timestamp,
        told_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    unread_notices (id) {
        id -> BigInt,
        session -> Text,
        notice_id -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        message_id -> Text,
        kind -> Text,
        sealed -> Nullable<Text>,
        secret_id -> Text,
        status -> Text,
        tries -> BigInt,
        answer -> Text,
        created_at -> Timestamp,
        due_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    login_failures (id) {
        id -> BigInt,
        counter -> Text,
        failures -> BigInt,
        open_at -> Timestamp,
        forget_at -> Timestamp,
    }
}

diesel::table! {
    known_devices (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        mark -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(unread_notices -> notices (notice_id));
diesel::joinable!(known_devices -> users (user_id));
diesel::joinable!(api_tokens -> users (user_id));
diesel::joinable!(products -> categories (category_id));
diesel::joinable!(products -> families (family_id));
diesel::joinable!(carts -> users (user_id));
diesel::joinable!(cart_items -> carts (cart_id));
diesel::joinable!(cart_items -> products (product_id));
diesel::joinable!(saved_items -> products (product_id));
diesel::joinable!(orders -> users (user_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(order_lines -> products (product_id));
diesel::joinable!(order_events -> orders (order_id));
diesel::joinable!(stock_movements -> orders (order_id));
diesel::joinable!(idempotency_keys -> orders (order_id));
diesel::joinable!(payments -> orders (order_id));

diesel::allow_tables_to_appear_in_same_query!(
    users,
    signing_keys,
    audit_events,
    sessions,
    refresh_tokens,
    revocations,
    parked_forms,
    notices,
    unread_notices,
    categories,
    pictures,
    products,
    families,
    carts,
    cart_items,
    saved_items,
    discounts,
    discount_uses,
    orders,
    order_lines,
    order_events,
    stock_movements,
    low_stock,
    idempotency_keys,
    outbox,
    mail_links,
    mail_budgets,
    second_factors,
    recovery_codes,
    code_failures,
    half_sign_ins,
    login_failures,
    known_devices,
    api_tokens,
    passkeys,
    spent_challenges,
    payments,
    payment_events,
    trial_bills,
);
