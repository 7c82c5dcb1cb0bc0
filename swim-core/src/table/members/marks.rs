//! What a record knows of its member in one byte, so that a lookup touches no further place in
//! memory: status, what the user was told, whether only a tombstone is left, of which kind the
//! address is, and whether the member has answered there.

use core::net::SocketAddr;

use super::Told;
use crate::ground::member::Status;

const BURIED: u8 = 1 << 4;
const ADDRESS: u8 = 3 << 5;
const V4: u8 = 1 << 5;
const V6: u8 = 2 << 5;
const ANSWERED: u8 = 1 << 7;

/// The byte: status in bits 0 and 1, told in 2 and 3, buried in 4, the kind of address in 5 and 6,
/// answered in 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u8);

impl Marks {
    /// Those of a member without address.
    pub(super) const fn new(status: Status) -> Self {
        Self(status as u8)
    }

    #[inline]
    pub(super) fn status(self) -> Status {
        Status::ALL[(self.0 & 3) as usize]
    }

    pub(super) const fn told(self) -> Told {
        match self.0 >> 2 & 3 {
            0 => Told::Nothing,
            1 => Told::Up,
            2 => Told::Failed,
            _ => Told::Left,
        }
    }

    #[inline]
    pub(super) const fn is_tombstone(self) -> bool {
        self.0 & BURIED != 0
    }

    #[inline]
    pub(super) const fn has_address(self) -> bool {
        self.0 & ADDRESS != 0
    }

    #[inline]
    pub(super) const fn has_v4(self) -> bool {
        self.0 & ADDRESS == V4
    }

    #[inline]
    pub(super) const fn has_v6(self) -> bool {
        self.0 & ADDRESS == V6
    }

    /// A claim came: the member is not buried, or no more.
    pub(super) const fn raised(self, status: Status) -> Self {
        Self(self.0 & !(3 | BURIED) | status as u8)
    }

    pub(super) const fn with_told(self, told: Told) -> Self {
        Self(self.0 & !(3 << 2) | (told as u8) << 2)
    }

    #[inline]
    pub(super) const fn has_answered(self) -> bool {
        self.0 & ANSWERED != 0
    }

    pub(super) const fn answered(self) -> Self {
        Self(self.0 | ANSWERED)
    }

    /// Those of a member that has moved: nobody has answered at the new address yet.
    pub(super) const fn unanswered(self) -> Self {
        Self(self.0 & !ANSWERED)
    }

    pub(super) const fn with_address(self, address: &SocketAddr) -> Self {
        Self(self.0 & !ADDRESS | if address.is_ipv4() { V4 } else { V6 })
    }

    /// Those of a tombstone: the status stays.
    pub(super) const fn buried(self) -> Self {
        Self(self.0 & 3 | BURIED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_changes_another() {
        let v6 = SocketAddr::from(([0; 16], 1));
        for status in Status::ALL {
            for told in [Told::Nothing, Told::Up, Told::Failed, Told::Left] {
                let marks =
                    Marks::new(Status::Alive).with_address(&v6).with_told(told).raised(status);
                assert_eq!((marks.status(), marks.told()), (status, told));
                assert!(
                    marks.has_address()
                        && marks.has_v6()
                        && !marks.has_v4()
                        && !marks.is_tombstone()
                );
                let buried = marks.buried();
                assert_eq!((buried.status(), buried.told()), (status, Told::Nothing));
                assert!(
                    buried.is_tombstone()
                        && !buried.has_address()
                        && !buried.raised(status).is_tombstone()
                );
                let answered = marks.answered();
                assert!(
                    answered.has_answered()
                        && answered.with_told(told).raised(status).has_answered()
                );
                assert!(
                    answered.unanswered() == marks
                        && !marks.has_answered()
                        && !answered.buried().has_answered()
                );
            }
        }
    }
}
