//! Looking at members without copying them.

use alloc::sync::Arc;
use core::net::SocketAddr;

use rand_core::Rng;

use super::Membership;
use super::application::Application;
use crate::ground::id::{NodeId, Slot};
use crate::ground::member::{Claim, Member, Status};

/// What is believed of one member, borrowed from the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberView<'a> {
    /// The member's name.
    pub id: &'a str,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its metadata.
    pub metadata: &'a [u8],
    /// The claim that stands.
    pub claim: Claim,
}

impl MemberView<'_> {
    /// The status of the claim that stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.claim.status
    }

    /// A copy that outlives the borrow.
    #[must_use]
    pub fn to_member(&self) -> Member {
        let id =
            NodeId::new(self.id).unwrap_or_else(|_| unreachable!("names in the table are checked"));
        Member { id, address: self.address, metadata: shared(self.metadata), claim: self.claim }
    }
}

/// A copy of bytes, which costs nothing if there are none.
fn shared(bytes: &[u8]) -> Arc<[u8]> {
    if bytes.is_empty() { Arc::default() } else { Arc::from(bytes) }
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// The member in `slot`, unless only its name is known.
    pub(super) fn view(&self, slot: Slot) -> Option<MemberView<'_>> {
        let description = self.members.description(slot)?;
        Some(MemberView {
            id: self.members.name(slot),
            address: description.address,
            metadata: description.metadata,
            claim: self.members.claim(slot),
        })
    }

    /// A copy of the member in `slot`, which is described.
    pub(super) fn member_at(&self, slot: Slot) -> Member {
        self.view(slot)
            .unwrap_or_else(|| unreachable!("only described members are told of"))
            .to_member()
    }

    /// A copy of the name in `slot`.
    pub(super) fn id_at(&self, slot: Slot) -> NodeId {
        NodeId::new(self.members.name(slot))
            .unwrap_or_else(|_| unreachable!("names in the table are checked"))
    }
}
