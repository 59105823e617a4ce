//! The options of a product as the API writes them.
//!
//! Invariant: each is a product that can be put into a cart by its `product_id`. It does not know which product it stands beside.

use crate::ids::ProductId;
use crate::shop::family::{Family, Member};
use crate::web::api::openapi::shapes;
use serde::Serialize;
use utoipa::ToSchema;

/// One of several products that are sold as the same thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductOption)]
pub(super) struct WireOption {
    #[schema(schema_with = shapes::id)]
    product_id: ProductId,
    slug: String,
    sku: String,
    /// What it differs in from the others.
    words: Vec<WireWord>,
    price: i64,
    stock: i64,
    /// Can it be bought now?
    available: bool,
}

/// A name, such as Colour, and this option's word for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OptionWord)]
pub(super) struct WireWord {
    name: String,
    word: String,
}

impl WireOption {
    /// All options of a family.
    pub(super) fn all(family: &Family, members: &[Member]) -> Vec<Self> {
        let words = |member: &Member| {
            let pairs = family.names.iter().zip(&member.words);
            pairs.map(|(name, word)| WireWord { name: name.clone(), word: word.clone() }).collect()
        };
        let one = |member: &Member| Self {
            product_id: member.id,
            slug: member.slug.clone(),
            sku: member.sku.clone(),
            words: words(member),
            price: member.price.minor(),
            stock: member.stock,
            available: member.stock > 0,
        };
        members.iter().map(one).collect()
    }
}
