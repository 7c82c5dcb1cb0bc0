//! The settings of the transport: [`Packets`] and [`TcpConfig`].

use std::time::Duration;

use crate::errors::TcpConfigError;

/// How packets travel. Exchanges of tables always go over TCP. All nodes of a cluster do it the
/// same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packets {
    /// As frames on pooled TCP connections: passes where only TCP does, and needs no bound on a
    /// packet's size but the protocol's own.
    #[default]
    Tcp,
    /// By UDP, at the same port number: no connection for each pair that talks, and a lost packet
    /// delays no other. A probe that gets no answer is then tried over TCP too
    /// ([`Config::reliable_fallback`](crate::Config)).
    Udp,
}

/// Deadlines and bounds of the TCP transport. Whatever the other side does, or does not do, one of
/// them ends it.
///
/// ```
/// use std::time::Duration;
/// use swim_tokio::TcpConfig;
///
/// let tcp = TcpConfig { idle_timeout: Duration::from_secs(15), ..TcpConfig::default() };
/// assert!(tcp.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpConfig {
    /// How long a dial may take. Longer reaches slow hosts; shorter forgets packets to absent ones
    /// sooner, which the protocol's own timeouts make up for. Default 2 s; above zero.
    pub connect_timeout: Duration,
    /// How long the other side of a new connection may take for its first bytes, the handshake of
    /// TLS included, so that connections that say nothing, or a byte now and then, hold their place
    /// only so long. Default 3 s; above zero.
    pub preamble_timeout: Duration,
    /// How long a frame may take from its first byte to its last. Longer lets large tables pass
    /// thin links. Default 10 s; above zero.
    pub frame_timeout: Duration,
    /// How long the other side may take no bytes while some wait for it; on Linux also how long it
    /// may leave bytes unacknowledged. Default 5 s; above zero.
    pub write_timeout: Duration,
    /// A connection that carried nothing for so long is closed; the next packet dials again. Longer
    /// keeps more connections, shorter dials more often. Default 60 s; above zero.
    pub idle_timeout: Duration,
    /// How long a connection that is being closed waits for the other side to close too, and how
    /// long a shutdown waits for what is queued. Default 500 ms.
    pub linger: Duration,
    /// How many connections this node keeps dialed at once. At the bound the one unused for longest
    /// makes room. Default 256; at least 1.
    pub max_dialed: usize,
    /// How many connections are accepted at once; further ones are closed and counted. Default
    /// 1,024; at least 1.
    pub max_accepted: usize,
    /// How many connections are accepted at once from one IP address; further ones are closed and
    /// counted. Raise it where hundreds of nodes share an address. Default 256; at least 1.
    pub max_accepted_per_ip: usize,
    /// How many frames wait for one peer; further packets to it are dropped and counted, a further
    /// exchange fails. Default 128; at least 1.
    pub max_queued_frames: usize,
    /// How many bytes the exchanges on their way through all connections, in both directions, may
    /// take up. What does not fit is given up and counted. Default 64 MiB; at least
    /// `Config::max_exchange_size`.
    pub max_exchange_memory: usize,
}

impl Default for TcpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            preamble_timeout: Duration::from_secs(3),
            frame_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(60),
            linger: Duration::from_millis(500),
            max_dialed: 256,
            max_accepted: 1_024,
            max_accepted_per_ip: 256,
            max_queued_frames: 128,
            max_exchange_memory: 64 << 20,
        }
    }
}

impl TcpConfig {
    /// Checks every bound but the one that relates `max_exchange_memory` to the protocol's
    /// settings, which the start of a node checks.
    ///
    /// # Errors
    /// The first [`TcpConfigError`] found, in the order of the fields.
    pub fn validate(&self) -> Result<(), TcpConfigError> {
        for (field, duration) in [
            ("connect_timeout", self.connect_timeout),
            ("preamble_timeout", self.preamble_timeout),
            ("frame_timeout", self.frame_timeout),
            ("write_timeout", self.write_timeout),
            ("idle_timeout", self.idle_timeout),
        ] {
            if duration.is_zero() {
                return Err(TcpConfigError::Zero { field });
            }
        }
        for (field, count) in [
            ("max_dialed", self.max_dialed),
            ("max_accepted", self.max_accepted),
            ("max_accepted_per_ip", self.max_accepted_per_ip),
            ("max_queued_frames", self.max_queued_frames),
        ] {
            if count == 0 {
                return Err(TcpConfigError::Zero { field });
            }
        }
        Ok(())
    }

    /// Checks this against the longest exchange that the protocol's settings allow.
    pub(crate) fn validate_with(&self, max_exchange_size: usize) -> Result<(), TcpConfigError> {
        self.validate()?;
        if self.max_exchange_memory < max_exchange_size {
            return Err(TcpConfigError::ExchangeMemory {
                memory: self.max_exchange_memory,
                max_exchange_size,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut TcpConfig);

    #[test]
    fn the_default_is_valid_with_the_default_of_the_protocol() {
        assert_eq!(
            TcpConfig::default().validate_with(swim_core::Config::lan().max_exchange_size),
            Ok(())
        );
    }

    #[test]
    fn every_bound_is_checked() {
        let changes: [(&str, Change); 10] = [
            ("connect_timeout", |c| c.connect_timeout = Duration::ZERO),
            ("preamble_timeout", |c| c.preamble_timeout = Duration::ZERO),
            ("frame_timeout", |c| c.frame_timeout = Duration::ZERO),
            ("write_timeout", |c| c.write_timeout = Duration::ZERO),
            ("idle_timeout", |c| c.idle_timeout = Duration::ZERO),
            ("max_dialed", |c| c.max_dialed = 0),
            ("max_accepted", |c| c.max_accepted = 0),
            ("max_accepted_per_ip", |c| c.max_accepted_per_ip = 0),
            ("max_queued_frames", |c| c.max_queued_frames = 0),
            ("max_exchange_memory", |c| c.max_exchange_memory = 65_535),
        ];
        for (field, change) in changes {
            let mut config = TcpConfig::default();
            change(&mut config);
            let error = config.validate_with(65_536).expect_err(field);
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
    }
}
