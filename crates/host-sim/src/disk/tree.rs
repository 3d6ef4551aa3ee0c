//! Names: a tree of folders, each with the entries that calls see and those that the device holds.

use super::content::File;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path};

/// A file or folder, whatever its names are.
pub(super) type NodeId = u64;

pub(super) const ROOT: NodeId = 0;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Folder(Folder),
    File(File),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    pub(super) live: BTreeMap<String, NodeId>,
    pub(super) durable: BTreeMap<String, NodeId>,
}

/// A place in a folder.
pub(super) type Place = (NodeId, String);

/// A change of names that the device does not hold yet.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Link { at: Place, node: NodeId },
    Unlink { at: Place, node: NodeId },
    Move { from: Place, to: Place, node: NodeId },
}

impl Change {
    /// The folder whose sync makes the change durable.
    fn home(&self) -> NodeId {
        match self {
            Self::Link { at, .. } | Self::Unlink { at, .. } => at.0,
            Self::Move { to, .. } => to.0,
        }
    }

    fn node(&self) -> NodeId {
        match self {
            Self::Link { node, .. } | Self::Unlink { node, .. } | Self::Move { node, .. } => *node,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Live,
    Durable,
}

/// All names, and the changes since their folders were synced, in order.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) nodes: BTreeMap<NodeId, Node>,
    pub(super) journal: Vec<(u64, Change)>,
    next_node: NodeId,
    collect_at: usize,
}

impl Tree {
    pub(super) fn new() -> Self {
        let root = Node::Folder(Folder::default());
        Self {
            nodes: BTreeMap::from([(ROOT, root)]),
            journal: Vec::new(),
            next_node: ROOT + 1,
            collect_at: 256,
        }
    }

    pub(super) fn file(&self, node: NodeId) -> Option<&File> {
        match self.nodes.get(&node) {
            Some(Node::File(file)) => Some(file),
            _ => None,
        }
    }

    pub(super) fn file_mut(&mut self, node: NodeId) -> Option<&mut File> {
        match self.nodes.get_mut(&node) {
            Some(Node::File(file)) => Some(file),
            _ => None,
        }
    }

    pub(super) fn folder(&self, node: NodeId) -> io::Result<&Folder> {
        match self.nodes.get(&node) {
            Some(Node::Folder(folder)) => Ok(folder),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The node with a path, if there is one.
    pub(super) fn find(&self, path: &Path) -> io::Result<Option<NodeId>> {
        let mut node = ROOT;
        for name in names(path)? {
            match self.folder(node)?.live.get(&name) {
                Some(next) => node = *next,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    pub(super) fn found(&self, path: &Path) -> io::Result<NodeId> {
        self.find(path)?.ok_or(io::ErrorKind::NotFound.into())
    }

    /// The folder that holds a path's last name, and this name.
    pub(super) fn place(&self, path: &Path) -> io::Result<Place> {
        let mut names = names(path)?;
        let Some(last) = names.pop() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut node = ROOT;
        for name in names {
            match self.folder(node)?.live.get(&name) {
                Some(next) => node = *next,
                None => return Err(io::ErrorKind::NotFound.into()),
            }
        }
        self.folder(node)?;
        Ok((node, last))
    }

    pub(super) fn at(&self, place: &Place) -> Option<NodeId> {
        self.folder(place.0).ok()?.live.get(&place.1).copied()
    }

    /// Makes a file or folder.
    pub(super) fn make(&mut self, seq: u64, at: Place, node: Node) -> NodeId {
        let id = self.next_node;
        self.next_node += 1;
        self.nodes.insert(id, node);
        self.change(seq, Change::Link { at, node: id });
        id
    }

    /// Changes what calls see now, and the device when the folder is synced.
    pub(super) fn change(&mut self, seq: u64, change: Change) {
        self.apply(&change, Side::Live);
        self.journal.push((seq, change));
    }

    pub(super) fn apply(&mut self, change: &Change, side: Side) {
        match change {
            Change::Link { at, node } => self.set(at, Some(*node), side),
            Change::Unlink { at, node } => self.unset(at, *node, side),
            Change::Move { from, to, node } => {
                self.unset(from, *node, side);
                self.set(to, Some(*node), side);
            }
        }
    }

    /// Removes a name only if it still means this node: another folder's sync may have come first.
    fn unset(&mut self, at: &Place, node: NodeId, side: Side) {
        if let Some(Node::Folder(folder)) = self.nodes.get(&at.0) {
            let names = if side == Side::Live {
                &folder.live
            } else {
                &folder.durable
            };
            if names.get(&at.1) == Some(&node) {
                self.set(at, None, side);
            }
        }
    }

    fn set(&mut self, at: &Place, node: Option<NodeId>, side: Side) {
        if let Some(Node::Folder(folder)) = self.nodes.get_mut(&at.0) {
            let names = if side == Side::Live {
                &mut folder.live
            } else {
                &mut folder.durable
            };
            match node {
                Some(node) => names.insert(at.1.clone(), node),
                None => names.remove(&at.1),
            };
        }
    }

    /// Makes the changes of one folder durable.
    pub(super) fn sync(&mut self, folder: NodeId) {
        let (ours, others) = std::mem::take(&mut self.journal)
            .into_iter()
            .partition(|(_, change)| change.home() == folder);
        self.journal = others;
        let ours: Vec<(u64, Change)> = ours;
        for (_, change) in &ours {
            self.apply(change, Side::Durable);
        }
        if self.nodes.len() > self.collect_at {
            self.collect();
        }
    }

    /// Makes all changes of names and contents durable.
    pub(super) fn sync_all(&mut self) {
        for (_, change) in std::mem::take(&mut self.journal) {
            self.apply(&change, Side::Durable);
        }
        self.each_file(File::sync);
        if self.nodes.len() > self.collect_at {
            self.collect();
        }
    }

    pub(super) fn each_file(&mut self, change: impl Fn(&mut File)) {
        for node in self.nodes.values_mut() {
            if let Node::File(file) = node {
                change(file);
            }
        }
    }

    /// Drops nodes that no name and no handle can reach any more, now or after a crash.
    pub(super) fn collect(&mut self) {
        let mut reached = BTreeSet::new();
        let mut open = vec![ROOT];
        loop {
            while let Some(id) = open.pop() {
                if reached.insert(id)
                    && let Some(Node::Folder(folder)) = self.nodes.get(&id)
                {
                    open.extend(folder.live.values().chain(folder.durable.values()));
                }
            }
            // A pending change may bring a node back under a folder that is still reached.
            open = self
                .journal
                .iter()
                .filter(|(_, c)| reached.contains(&c.home()) && !reached.contains(&c.node()))
                .map(|(_, c)| c.node())
                .collect();
            if open.is_empty() {
                break;
            }
        }
        self.journal.retain(|(_, c)| reached.contains(&c.home()));
        self.nodes.retain(|id, node| {
            reached.contains(id) || matches!(node, Node::File(file) if file.handles > 0)
        });
        self.collect_at = self.nodes.len() * 2 + 256;
    }

    /// Bytes that all files take.
    pub(super) fn used(&self) -> u64 {
        let size = |node: &Node| match node {
            Node::File(file) => file.live.len().max(file.reserved),
            Node::Folder(_) => 0,
        };
        self.nodes.values().map(size).sum()
    }
}

/// The names along a path from the root; a relative path starts at the root too.
fn names(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => match name.to_str() {
                Some(name) => names.push(name.to_owned()),
                None => return Err(io::ErrorKind::InvalidFilename.into()),
            },
            Component::ParentDir => {
                names.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Ok(names)
}
