//! A listing in the caller's own thread: depth first, with no more in memory than where it is.

use std::vec;

use super::contents::{Content, Contents, Node, Reader, Sorted};
use super::entry::Entry;
use crate::error::Result;

/// A tree of datasets on the way.
#[derive(Debug)]
pub(super) struct Walk {
    reader: Reader,
    /// From the top to where it is.
    levels: Vec<Level>,
    top: Option<Entry>,
}

/// A dataset that is being listed.
#[derive(Debug)]
struct Level {
    contents: Contents,
    /// What was found, if it is wanted in an order.
    sorted: Option<(vec::IntoIter<Result<Entry>>, vec::IntoIter<Node>)>,
}

impl Walk {
    pub(super) fn new(reader: Reader, top: Option<Node>) -> Self {
        let mut walk = Self {
            reader,
            levels: Vec::new(),
            top: None,
        };
        walk.top = top.and_then(|top| walk.enter(top));
        walk
    }

    /// Goes on with a dataset, which itself is returned if it is wanted.
    fn enter(&mut self, node: Node) -> Option<Entry> {
        let plan = &self.reader.plan;
        if node.has_contents(plan) {
            self.levels.push(Level {
                contents: Contents::of(&node, plan),
                sorted: None,
            });
        }
        plan.wants(&node.entry).then_some(node.entry)
    }
}

impl Level {
    fn next(&mut self, reader: &mut Reader) -> Option<Result<Content>> {
        let order = reader.plan.order;
        if order.is_none() {
            return self.contents.next(reader);
        }
        let (entries, children) = self.sorted.get_or_insert_with(|| {
            let contents = std::iter::from_fn(|| self.contents.next(reader));
            let sorted = Sorted::new(contents, order);
            (sorted.entries.into_iter(), sorted.children.into_iter())
        });
        match entries.next() {
            Some(entry) => Some(entry.map(Content::Entry)),
            None => children.next().map(|node| Ok(Content::Child(node))),
        }
    }
}

impl Iterator for Walk {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        if let Some(top) = self.top.take() {
            return Some(Ok(top));
        }
        loop {
            let level = self.levels.last_mut()?;
            match level.next(&mut self.reader) {
                None => {
                    self.levels.pop();
                }
                Some(Ok(Content::Entry(entry))) => return Some(Ok(entry)),
                Some(Ok(Content::Child(node))) => {
                    if let Some(entry) = self.enter(node) {
                        return Some(Ok(entry));
                    }
                }
                Some(Err(error)) => return Some(Err(error)),
            }
        }
    }
}
