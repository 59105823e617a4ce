//! A type of ours as one column, on both databases.
//!
//! Invariant: what is read back is checked again, so a row that breaks a rule is an error and not a value. It does not know which
//! types there are.

/// `column!(Money: BigInt as i64, i64, |money| &money.0, |minor| Money::new(minor).ok_or(...))`: how it is written, and how it is read.
macro_rules! column {
    ($type:ty: $sql:ty as $bound:ty, $loaded:ty, |$value:ident| $to:expr, |$raw:ident| $from:expr) => {
        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<$sql, DB> for $type
        where
            $bound: diesel::serialize::ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                let $value = self;
                <$bound as diesel::serialize::ToSql<$sql, DB>>::to_sql($to, out)
            }
        }

        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<$sql, DB> for $type
        where
            $loaded: diesel::deserialize::FromSql<$sql, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let $raw = <$loaded as diesel::deserialize::FromSql<$sql, DB>>::from_sql(value)?;
                $from
            }
        }
    };
}

pub(crate) use column;
