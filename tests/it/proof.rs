//! One race with many faces: so many buyers, pieces, nodes, clicks, uses of a code, payments and kills; the counts at its end are exact.
//!
//! Invariant: every buyer has a browser and a session of their own and goes on until they are told how it ended, at whichever node
//! answers. What they were told is compared with what a second connection reads. It does not know how a checkout is made.

mod buyer;
mod counts;
mod nodes;

use crate::support::app::TestApp;
use crate::support::{Backend, run};
use buyer::Buyer;
use counts::Counts;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use latchkey::shop::discount::{self, NewDiscount, Off};
use nodes::Nodes;

/// One face of the race.
#[derive(Debug, Clone, Copy)]
struct Race {
    /// Who wants to buy.
    buyers: usize,
    /// How many pieces there are of what everybody wants.
    stock: i64,
    /// How many of them each wants, beside one of what there is plenty of.
    wanted: i64,
    /// How often each presses the button at once, at every node in turn.
    clicks: usize,
    /// How many nodes the shop has.
    nodes: usize,
    /// How often the code that everybody has may be used.
    code: Option<i64>,
    /// How orders are paid.
    payment: &'static str,
    /// How often the last node is killed in the middle and started again.
    kills: usize,
}

/// Ten pieces, everybody wants one and presses once, at one node that lives.
const PLAIN: Race = Race { buyers: 24, stock: 10, wanted: 1, clicks: 1, nodes: 1, code: None, payment: "invoice", kills: 0 };

/// Each face becomes two tests, `name::on_sqlite` and `name::on_postgres`.
macro_rules! races {
    ($($name:ident: $race:expr,)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn on_sqlite() {
                prove(Backend::Sqlite, $race);
            }

            #[test]
            fn on_postgres() {
                prove(Backend::Postgres, $race);
            }
        }
    )* };
}

races! {
    more_buyers_than_pieces_at_two_nodes: Race { buyers: 40, nodes: 2, ..PLAIN },
    more_pieces_than_buyers_who_click_five_times: Race { buyers: 8, stock: 50, wanted: 3, clicks: 5, nodes: 2, ..PLAIN },
    pieces_that_do_not_come_out_even: Race { wanted: 3, clicks: 2, nodes: 2, ..PLAIN },
    one_piece_for_everybody: Race { stock: 1, clicks: 3, nodes: 2, ..PLAIN },
    fewer_uses_of_a_code_than_pieces: Race { code: Some(4), clicks: 2, nodes: 2, ..PLAIN },
    fewer_pieces_than_uses_of_a_code: Race { code: Some(15), stock: 5, nodes: 2, ..PLAIN },
    who_orders_pays_at_the_provider: Race { buyers: 12, clicks: 3, nodes: 2, payment: "trial", ..PLAIN },
    the_only_node_dies_three_times: Race { stock: 12, clicks: 2, kills: 3, ..PLAIN },
    one_of_two_nodes_dies_twice: Race { stock: 12, clicks: 2, nodes: 2, code: Some(6), kills: 2, ..PLAIN },
    one_of_two_nodes_dies_while_people_pay: Race { buyers: 12, clicks: 2, nodes: 2, payment: "trial", kills: 3, ..PLAIN },
}

fn prove(backend: Backend, race: Race) {
    let delivery = [("LATCHKEY_SHOP_DELIVERY", "4.90"), ("LATCHKEY_SHOP_DELIVERY_FREE_FROM", "1000.00")];
    let settings = [("LATCHKEY_PAYMENT", race.payment), delivery[0], delivery[1]];
    run(backend, &settings, async |app: &TestApp| {
        let (rare, plenty) = (app.stocks("Rare Bowl", 2_405, race.stock).await, app.stocks("Jug", 333, PLENTY).await);
        if let Some(uses) = race.code {
            limits_a_code(app, uses).await;
        }
        // A few at a time: more who register at once than are hashed in turn are told that the shop is busy.
        let buyers = stream::iter(0..race.buyers).map(|nth| Buyer::comes(app, race, nth, [&rare, &plenty]));
        let buyers: Vec<Buyer> = buyers.buffered(3).collect().await;
        let nodes = Nodes::open(app, race).await;
        let killer = nodes.are_hit(app, race);
        let told = join_all(buyers.iter().map(|buyer| buyer.buys(race, &nodes))).await;
        killer.join().expect("every kill found its moment");
        // What a provider decided and could not tell is found when it is asked.
        app.looks_after_payments_at(app.clock.now() + std::time::Duration::from_mins(10));
        Counts::read(app, [&rare, &plenty]).are_exact(race, &told);
        nodes.close().await;
    });
}

/// Of what nobody has to fight for.
const PLENTY: i64 = 1_000;
/// What everybody types.
const CODE: &str = "TENTH";

async fn limits_a_code(app: &TestApp, uses: i64) {
    let (now, code) = (app.clock.now(), CODE.parse().expect("a code"));
    let new = NewDiscount { code, off: Off::Percent(10), starts_at: None, ends_at: None, most_uses: Some(uses) };
    assert!(app.db().write(move |conn| discount::add(conn, now, &new)).await.expect("made"));
}
