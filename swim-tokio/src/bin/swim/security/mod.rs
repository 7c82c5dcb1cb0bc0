//! What protects the agent: the certificate and the tokens of its HTTP interface, and what its
//! traffic travels under.

mod protection;
mod tls;
mod token;

pub(crate) use self::protection::Protection;
pub(crate) use self::tls::HttpTls;
pub(crate) use self::token::{Grant, Token, Tokens};
