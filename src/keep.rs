//! What is kept when snapshots are pruned.

use std::time::Duration;

use libzfs::replicate::Rule;

use crate::arguments::Keep;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

impl Keep {
    /// The rule for snapshots whose names begin with the tag.
    pub(crate) fn rule(&self, tag: &str) -> Rule {
        let mut rule = Rule::new(tag).newest(self.newest.unwrap_or(0));
        if let Some(age) = self.younger {
            rule = rule.younger_than(age.0);
        }
        for (period, count) in [(HOUR, self.hourly), (DAY, self.daily), (WEEK, self.weekly)] {
            if let Some(count) = count {
                rule = rule.one_of_each(period, count);
            }
        }
        rule
    }
}
