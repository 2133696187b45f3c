//! Where a dataset is: here, or on another machine.

use std::fmt;
use std::str::FromStr;

use libzfs::DatasetName;
use libzfs::replicate::Marks;
use serde::Deserialize;

/// A dataset here, or one behind `ssh://[USER@]HOST[:PORT]/`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Place {
    /// What `ssh` is told to connect to, `ssh://` included; none is this machine.
    pub(crate) host: Option<String>,
    pub(crate) dataset: DatasetName,
}

/// How long the names of marks may be.
const MAX_MARKS: usize = 32;

impl Place {
    /// The marks of a replication to here, if nobody says which: the place, in their letters.
    pub(crate) fn marks(&self) -> Option<Marks> {
        let host = self.host.as_deref().map_or("", |host| {
            let host = host.trim_start_matches("ssh://");
            host.rsplit_once('@').map_or(host, |(_, host)| host)
        });
        let text = format!("{host}/{}", self.dataset);
        let name: String = text
            .trim_start_matches('/')
            .to_ascii_lowercase()
            .chars()
            .map(|letter| match letter {
                'a'..='z' | '0'..='9' | '_' => letter,
                _ => '-',
            })
            .collect();
        Marks::new(name).ok().filter(|_| text.len() <= MAX_MARKS)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |name: &str| name.parse().map_err(|error| format!("{error}"));
        let Some(rest) = text.strip_prefix("ssh://") else {
            let dataset = parse(text)?;
            return Ok(Self {
                host: None,
                dataset,
            });
        };
        match rest.split_once('/') {
            Some((host, dataset)) if !host.is_empty() => Ok(Self {
                host: Some(format!("ssh://{host}")),
                dataset: parse(dataset)?,
            }),
            _ => Err(format!("{text:?} is not ssh://[USER@]HOST[:PORT]/DATASET")),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{host}/{}", self.dataset),
            None => self.dataset.fmt(f),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "it is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let place: Place = "vault/prod:a".parse().unwrap();
        assert_eq!(place.host, None);
        let text = "ssh://backup@vault.example:2222/vault/prod";
        let place: Place = text.parse().unwrap();
        assert_eq!(
            place.host.as_deref(),
            Some("ssh://backup@vault.example:2222")
        );
        assert_eq!(place.dataset.as_str(), "vault/prod");
        assert_eq!(place.to_string(), text);
        for text in [
            "",
            "ssh://",
            "ssh://host",
            "ssh:///vault",
            "ssh://host/",
            "host:vault/a@b",
        ] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn marks_are_made_of_places() {
        let marks = |text: &str| {
            let place: Place = text.parse().unwrap();
            place.marks().map(|marks| marks.as_str().to_owned())
        };
        assert_eq!(marks("vault/prod").as_deref(), Some("vault-prod"));
        let remote = marks("ssh://me@Host.example/vault/prod");
        assert_eq!(remote.as_deref(), Some("host-example-vault-prod"));
        assert_eq!(marks(&format!("vault/{}", "x".repeat(40))), None);
    }
}
