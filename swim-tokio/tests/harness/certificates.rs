//! Authorities, and the certificates that they issue, as files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use swim_tokio::{Tls, TlsError};

/// Who issues a cluster's certificates.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM form.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// What is unusual about a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Expired,
    NotYetValid,
    /// It may be used by who dials, and not by who is dialed.
    ClientsOnly,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        Self::until(name, 4_000)
    }

    /// One whose own certificate ends with that year.
    pub(crate) fn until(name: &str, year: i32) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 12, 31);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn issue(&self, names: &[&str]) -> Issued {
        self.issue_with(names, None)
    }

    pub(crate) fn issue_with(&self, names: &[&str], flaw: Option<Flaw>) -> Issued {
        self.issue_for(names, flaw, None)
    }

    /// One that expires after so long.
    pub(crate) fn issue_until(&self, names: &[&str], lifetime: std::time::Duration) -> Issued {
        self.issue_for(names, None, Some(lifetime))
    }

    fn issue_for(
        &self,
        names: &[&str],
        flaw: Option<Flaw>,
        lifetime: Option<std::time::Duration>,
    ) -> Issued {
        let mut params =
            CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())
                .unwrap();
        match flaw {
            Some(Flaw::Expired) => params.not_after = rcgen::date_time_ymd(2_020, 1, 1),
            Some(Flaw::NotYetValid) => params.not_before = rcgen::date_time_ymd(2_999, 1, 1),
            Some(Flaw::ClientsOnly) | None => {}
        }
        if let Some(lifetime) = lifetime {
            let end = std::time::SystemTime::now() + lifetime;
            params.not_after = end.into();
        }
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        if flaw != Some(Flaw::ClientsOnly) {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Issued { certificate, key: key.serialize_pem() }
    }
}

/// A folder for the files of one node; gone when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        // Tests of one process use the same names side by side.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
        // A key that others can read is refused.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600))
                .unwrap();
        }
    }

    pub(crate) fn put(&self, issued: &Issued, authorities: &[&Authority]) {
        self.write("cert.pem", &issued.certificate);
        self.write("key.pem", &issued.key);
        self.write(
            "ca.pem",
            &authorities.iter().map(|authority| &*authority.pem).collect::<String>(),
        );
    }

    pub(crate) fn tls(&self) -> Result<Tls, TlsError> {
        Tls::from_files(self.path("cert.pem"), self.path("key.pem"), self.path("ca.pem"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The certificates of a node with that name.
pub(crate) fn tls_for(name: &str, authority: &Authority) -> Tls {
    let folder = Folder::new(name);
    folder.put(&authority.issue(&[name]), &[authority]);
    folder.tls().unwrap()
}
