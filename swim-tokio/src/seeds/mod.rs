//! Seeds as users write them, and how those that are no addresses are looked up.

mod lookup;
mod resolver;
mod seed;

pub(crate) use self::lookup::{Directory, LOOKUP_TIMEOUT};
pub(crate) use self::resolver::{Pauses, Resolution, Resolver};
pub(crate) use self::seed::{LINK_LOCAL, LookedUp, Place, Seed, addresses, is_link_local};
pub use self::seed::{SeedError, check_seed};
