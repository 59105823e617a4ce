//! What follows a commit.
//!
//! Invariant: it runs on the committing thread, after the commit and only then; with a rollback it is forgotten. It does not know
//! what it is.

use std::cell::RefCell;

type Act = Box<dyn FnOnce()>;

thread_local! {
    /// A transaction stays on one thread from its beginning to its end, so that what it leaves here is its own.
    static ACTS: RefCell<Vec<Act>> = RefCell::default();
}

/// Inside a write transaction: runs this as soon as it is committed. It must be quick, and it cannot fail.
pub fn after_commit(act: impl FnOnce() + 'static) {
    ACTS.with_borrow_mut(|acts| acts.push(Box::new(act)));
}

/// A transaction begins or was rolled back: what was left here does not count.
pub(super) fn forget() {
    ACTS.with_borrow_mut(Vec::clear);
}

/// It was committed.
pub(super) fn follow() {
    for act in ACTS.take() {
        act();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DatabaseUrl;
    use crate::db::Conn;
    use crate::error::Error;
    use std::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn it_follows_its_own_commit_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut conn = Conn::open(&DatabaseUrl::Sqlite(folder.path().join("shop.db"))).expect("a database");
        let count = Rc::new(Cell::new(0));
        let add = |by: i32| {
            let count = Rc::clone(&count);
            after_commit(move || count.set(count.get() + by));
        };
        let undone = conn.write(|_| {
            add(1);
            Err::<(), _>(Error::NotFound)
        });
        assert!(undone.is_err());
        conn.write(|_| Ok(())).expect("a commit");
        assert_eq!(count.get(), 0, "a rollback is forgotten");
        conn.write(|_| {
            add(10);
            assert_eq!(count.get(), 0, "not before the commit");
            Ok(())
        })
        .expect("a commit");
        conn.write(|_| Ok(())).expect("a commit");
        assert_eq!(count.get(), 10, "once");
    }
}
