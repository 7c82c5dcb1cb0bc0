//! Who may connect to the agent's Unix sockets: the mode and the group of their files.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The mode of a socket's file, as `0660`: connecting needs the permission to write.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SocketMode(u32);

impl SocketMode {
    /// The agent's user, and a group.
    pub(crate) const OF_GROUP: Self = Self(0o660);

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }
}

impl Default for SocketMode {
    /// The agent's user alone.
    fn default() -> Self {
        Self(0o600)
    }
}

impl FromStr for SocketMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?}: write a socket's mode in octal, from 0600 (the agent's user) over 0660 (and its group) to 0666"
            )
        };
        let mode = u32::from_str_radix(text, 8).map_err(|_| wrong())?;
        let is_usable = mode & !0o666 == 0 && mode & 0o600 == 0o600;
        if is_usable { Ok(Self(mode)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for SocketMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<SocketMode> for String {
    fn from(mode: SocketMode) -> Self {
        mode.to_string()
    }
}

impl fmt::Display for SocketMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

/// The number of a group, which may be given itself in place of its name.
///
/// # Errors
/// A sentence for people: there is no such group.
#[cfg(unix)]
pub(crate) fn group_number(name: &str) -> Result<u32, String> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    match nix::unistd::Group::from_name(name) {
        Ok(Some(group)) => return Ok(group.gid.as_raw()),
        Ok(None) => {}
        Err(error) => return Err(format!("the group {name:?} cannot be looked up: {error}")),
    }
    Err(format!(
        "there is no group {name:?} on this machine: create it (`groupadd --system {name}`), or name another"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_octal_lets_the_agent_itself_connect_and_makes_nothing_executable() {
        for text in ["0600", "0660", "0666", "0620"] {
            assert_eq!(text.parse::<SocketMode>().unwrap().to_string(), text);
        }
        for wrong in ["", "660x", "0060", "0770", "4660", "888", "-1"] {
            assert!(wrong.parse::<SocketMode>().unwrap_err().contains("0660"), "{wrong}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_group_is_found_by_its_name_or_is_its_number() {
        assert_eq!((group_number("root"), group_number("4711")), (Ok(0), Ok(4711)));
        assert!(group_number("no-such-group").unwrap_err().contains("groupadd"));
    }
}
