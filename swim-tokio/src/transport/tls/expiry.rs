//! From when and until when a certificate is valid.
//!
//! The library that checks certificates shows that nowhere but in what it says of one that is not
//! valid. So it is asked about the beginning and the end of time.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage};

/// From when and until when a certificate in DER form is valid; `None` if it is no certificate, or
/// if one of the two is beyond what the system's clock can say.
///
/// ```
/// assert_eq!(swim_tokio::certificate_validity(b"none"), None);
/// ```
#[must_use]
pub fn certificate_validity(der: &[u8]) -> Option<Range<SystemTime>> {
    let der = CertificateDer::from(der);
    let certificate = EndEntityCert::try_from(&der).ok()?;
    let said_at = |seconds| {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let usage = KeyUsage::server_auth();
        certificate.verify_for_usage(ALL_VERIFICATION_ALGS, &[], &[], time, usage, None, None).err()
    };
    let Some(Error::CertExpired { not_after, .. }) = said_at(u64::MAX) else { return None };
    let not_before = match said_at(0) {
        Some(Error::CertNotValidYet { not_before, .. }) => not_before.as_secs(),
        // It begins with the clock, or before.
        _ => 0,
    };
    let time = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    Some(time(not_before)?..time(not_after.as_secs())?)
}

/// Of several certificates, the time of the one that expires first.
pub(super) fn first_to_expire(chain: &[CertificateDer<'_>]) -> Option<Range<SystemTime>> {
    chain
        .iter()
        .filter_map(|certificate| certificate_validity(certificate))
        .min_by_key(|validity| validity.end)
}

/// Of several certificates, the time of the one that expires last.
pub(super) fn last_to_expire<'a>(
    certificates: impl Iterator<Item = &'a CertificateDer<'static>>,
) -> Option<Range<SystemTime>> {
    certificates
        .filter_map(|certificate| certificate_validity(certificate))
        .max_by_key(|validity| validity.end)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_time_of_a_certificate_is_read_whatever_the_clock_says() {
        let key = KeyPair::generate().unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (year, seconds) in
            [(2_001, 978_307_200), (2_040, 2_208_988_800), (2_200, 7_258_118_400)]
        {
            let mut params = CertificateParams::new(vec!["a".to_owned()]).unwrap();
            params.not_before = date_time_ymd(2_000, 1, 1);
            params.not_after = date_time_ymd(year, 1, 1);
            let certificate = params.self_signed(&key).unwrap();
            assert_eq!(
                certificate_validity(certificate.der()),
                Some(at(946_684_800)..at(seconds)),
                "{year}"
            );
        }
        assert_eq!(certificate_validity(b"\x30\x03\x02\x01\x01"), None);
    }
}
