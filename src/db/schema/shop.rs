//! The tables of the shop: what is sold, carts, orders.
//!
//! Invariant: as `schema.rs`, which knows how they hang together.

diesel::table! {
    categories (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        position -> BigInt,
        shown -> BigInt,
        shown_in_stock -> BigInt,
        version -> BigInt,
        archived -> Bool,
    }
}

diesel::table! {
    pictures (id) {
        id -> BigInt,
        public_id -> Text,
        media_type -> Text,
        bytes -> Binary,
        created_at -> Timestamp,
        small -> Nullable<Binary>,
    }
}

diesel::table! {
    products (id) {
        id -> BigInt,
        public_id -> Text,
        sku -> Text,
        slug -> Text,
        title -> Text,
        words -> Text,
        sort_title -> Text,
        description -> Text,
        category_id -> BigInt,
        price -> BigInt,
        stock -> BigInt,
        status -> Text,
        picture -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
        picture_alt -> Text,
        family_id -> Nullable<BigInt>,
        option_1 -> Text,
        option_2 -> Text,
        option_3 -> Text,
        place -> BigInt,
        listed -> Bool,
    }
}

diesel::table! {
    families (id) {
        id -> BigInt,
        code -> Text,
        title -> Text,
        name_1 -> Text,
        name_2 -> Text,
        name_3 -> Text,
        shown -> BigInt,
        dearest -> BigInt,
        version -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    carts (id) {
        id -> BigInt,
        public_id -> Text,
        user_id -> BigInt,
        status -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        removed_product_id -> Nullable<BigInt>,
        removed_quantity -> Nullable<BigInt>,
        discount_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    cart_items (id) {
        id -> BigInt,
        cart_id -> BigInt,
        product_id -> BigInt,
        quantity -> BigInt,
        seen_price -> BigInt,
    }
}

diesel::table! {
    saved_items (id) {
        id -> BigInt,
        user_id -> BigInt,
        product_id -> BigInt,
        quantity -> BigInt,
    }
}

diesel::table! {
    discounts (id) {
        id -> BigInt,
        code -> Text,
        percent -> Nullable<BigInt>,
        amount -> Nullable<BigInt>,
        starts_at -> Nullable<Timestamp>,
        ends_at -> Nullable<Timestamp>,
        most_uses -> Nullable<BigInt>,
        uses -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    discount_uses (id) {
        id -> BigInt,
        discount_id -> BigInt,
        user_id -> BigInt,
        order_id -> BigInt,
    }
}

diesel::table! {
    orders (id) {
        id -> BigInt,
        number -> Text,
        user_id -> BigInt,
        cart_id -> Nullable<BigInt>,
        status -> Text,
        currency -> Text,
        subtotal -> BigInt,
        discount -> BigInt,
        delivery -> BigInt,
        total -> BigInt,
        name -> Text,
        address1 -> Text,
        address2 -> Text,
        city -> Text,
        postal_code -> Text,
        country -> Text,
        phone -> Text,
        note -> Text,
        placed_at -> Timestamp,
        tax -> BigInt,
        discount_code -> Nullable<Text>,
    }
}

diesel::table! {
    order_lines (id) {
        id -> BigInt,
        order_id -> BigInt,
        product_id -> BigInt,
        title -> Text,
        unit_price -> BigInt,
        quantity -> BigInt,
        line_total -> BigInt,
        tax_rate -> BigInt,
        discount -> BigInt,
    }
}

diesel::table! {
    order_events (id) {
        id -> BigInt,
        order_id -> BigInt,
        status -> Text,
        at -> Timestamp,
        user_id -> Nullable<BigInt>,
        note -> Text,
        payment -> Nullable<Text>,
    }
}

diesel::table! {
    stock_movements (id) {
        id -> BigInt,
        product_id -> BigInt,
        pieces -> BigInt,
        reason -> Text,
        order_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        note -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    low_stock (id) {
        id -> BigInt,
        stock -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (id) {
        id -> BigInt,
        user_id -> BigInt,
        key -> Text,
        body -> Text,
        order_id -> BigInt,
        created_at -> Timestamp,
    }
}
