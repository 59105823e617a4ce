//! The pictures of the demo shop.
//!
//! Invariant: every file of `seed/art` is part of the binary, by the name that `products.csv` gives it. It does not know products.

/// A table of the files, read when the program is built.
macro_rules! art {
    ($($name:literal)*) => {
        &[$((concat!("art/", $name, ".svg"), include_bytes!(concat!("../../../seed/art/", $name, ".svg")))),*]
    };
}

/// Path in `products.csv`, and file.
const ART: &[(&str, &[u8])] = art! {
    "aloe-in-ochre-pot"
    "beeswax-pillar-candle"
    "canvas-weekend-bag"
    "cedar-tin-candle"
    "clay-espresso-cup"
    "clay-felt-shopper"
    "clay-votive-candle"
    "dusk-linen-table-lamp"
    "ember-dome-lamp"
    "ember-enamel-mug"
    "ember-vase"
    "ember-wool-throw"
    "fern-enamel-mug"
    "fern-stoneware-vase"
    "fig-bud-vase"
    "globe-bedside-lamp"
    "harbour-enamel-mug"
    "harvest-fruit-bowl"
    "heather-picnic-blanket"
    "iris-two-handled-vase"
    "jute-market-basket"
    "lavender-jar-candle"
    "linen-drawstring-bag"
    "little-column-cactus"
    "meadow-cotton-blanket"
    "moss-reading-lamp"
    "mulberry-stoneware-mug"
    "mulberry-taper-candles"
    "oak-serving-bowl"
    "oak-tripod-lamp"
    "oat-stoneware-mug"
    "oat-waffle-blanket"
    "olive-breakfast-mug"
    "olive-linen-tote"
    "olive-salad-bowl"
    "rubber-fig-in-stoneware-pot"
    "slate-cylinder-vase"
    "slate-linen-bedspread"
    "snake-plant-in-slate-pot"
    "stoneware-nesting-bowls"
    "string-of-pearls"
    "tide-noodle-bowl"
};

/// The file that `products.csv` names.
pub(in crate::shop) fn picture(path: &str) -> Option<&'static [u8]> {
    ART.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes)
}
