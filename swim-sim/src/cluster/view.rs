//! Reads one node: [`NodeView`].

use core::net::SocketAddr;

use swim_core::{Member, MemberView, Metrics, NodeId, Status, Swim};

use super::Cluster;
use crate::ground::name;
use crate::ground::streams::Stream;
use crate::node::{Node, Phase};

/// One node of a cluster, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a> {
    node: &'a Node,
}

impl<'a> NodeView<'a> {
    pub(super) const fn new(node: &'a Node) -> Self {
        Self { node }
    }

    /// The node's name.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.node.id()
    }

    /// The node's address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.node.address()
    }

    /// The state of its process.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.node.phase()
    }

    /// Returns true if it has a process that runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.node.phase() == Phase::Running
    }

    /// The state machine itself, if there is a process.
    #[must_use]
    pub fn swim(&self) -> Option<&'a Swim<Stream>> {
        self.node.swim()
    }

    /// The process's counters, if there is one.
    #[must_use]
    pub fn metrics(&self) -> Option<&'a Metrics> {
        self.swim().map(Swim::metrics)
    }

    /// Copies of all members that it knows, by name.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let mut members: Vec<_> = self
            .swim()
            .map(|swim| swim.members().map(|member| member.to_member()).collect())
            .unwrap_or_default();
        members.sort_by(|a: &Member, b| {
            (name::number(&a.id), &a.id).cmp(&(name::number(&b.id), &b.id))
        });
        members
    }

    /// Its record of the member with a number in its name.
    #[must_use]
    pub fn member(&self, subject: usize) -> Option<MemberView<'a>> {
        self.swim()?.member(&name::numbered(subject))
    }

    /// The status that it believes the member with a number in its name to have.
    #[must_use]
    pub fn status_of(&self, subject: usize) -> Option<Status> {
        self.member(subject).map(|member| member.status())
    }
}

impl Cluster {
    /// One node.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn node(&self, index: usize) -> NodeView<'_> {
        NodeView::new(&self.nodes[index])
    }

    /// All nodes, in order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeView<'_>> {
        self.nodes.iter().map(NodeView::new)
    }
}
