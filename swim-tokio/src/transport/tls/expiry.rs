//! When a certificate expires.
//!
//! The library that checks certificates shows that nowhere but in what it says of an expired one. So it is asked about the
//! end of time.

use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage};

/// When a certificate in DER form expires; `None` if it is no certificate, or ends beyond what the system's clock can say.
///
/// ```
/// assert_eq!(swim_tokio::certificate_expiry(b"none"), None);
/// ```
#[must_use]
pub fn certificate_expiry(der: &[u8]) -> Option<SystemTime> {
    let der = CertificateDer::from(der);
    let certificate = EndEntityCert::try_from(&der).ok()?;
    let at_the_end = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    let algorithms = ALL_VERIFICATION_ALGS;
    match certificate.verify_for_usage(algorithms, &[], &[], at_the_end, KeyUsage::server_auth(), None, None) {
        Err(Error::CertExpired { not_after, .. }) => {
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(not_after.as_secs()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_s_end_is_read_whatever_its_beginning() {
        let key = KeyPair::generate().unwrap();
        for (year, seconds) in [(2_001, 978_307_200), (2_040, 2_208_988_800), (2_200, 7_258_118_400)] {
            let mut params = CertificateParams::new(vec!["a".to_owned()]).unwrap();
            params.not_before = date_time_ymd(2_000, 1, 1);
            params.not_after = date_time_ymd(year, 1, 1);
            let certificate = params.self_signed(&key).unwrap();
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(certificate_expiry(certificate.der()), Some(expected), "{year}");
        }
        assert_eq!(certificate_expiry(b"\x30\x03\x02\x01\x01"), None);
    }
}
