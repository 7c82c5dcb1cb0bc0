//! Nobody believes an incarnation that its owner never reached: only a member itself raises its incarnation (SWIM 4.2).

use swim_core::{Claim, Incarnation, Instant};

use super::{Checker, Verdict, grown};

/// See the module.
#[derive(Debug, Default)]
pub struct Incarnations {
    /// Subject -> the highest incarnation that it ever had, in any of its processes.
    reached: Vec<Option<Incarnation>>,
}

impl Checker for Incarnations {
    fn name(&self) -> &'static str {
        "only a member raises its incarnation"
    }

    fn owned(&mut self, subject: usize, incarnation: Incarnation) {
        let reached = grown(&mut self.reached, subject);
        *reached = (*reached).max(Some(incarnation));
    }

    fn believed(&mut self, _: Instant, _: usize, subject: usize, claim: Claim) -> Verdict {
        let reached = *grown(&mut self.reached, subject);
        if Some(claim.incarnation) <= reached {
            return Ok(());
        }
        Err(match reached {
            Some(reached) => format!("node-{subject} is believed {claim}, but has not got past {reached}"),
            None => format!("node-{subject} is believed {claim}, but never started"),
        })
    }
}

#[cfg(test)]
mod tests {
    use swim_core::Status;

    use super::*;

    #[test]
    fn a_planted_incarnation_is_caught() {
        let mut checker = Incarnations::default();
        let believe = |checker: &mut Incarnations, subject, incarnation| {
            let claim = Claim::new(Incarnation::new(incarnation), Status::Suspect);
            checker.believed(Instant::ORIGIN, 0, subject, claim)
        };
        checker.owned(3, Incarnation::new(7));
        checker.owned(3, Incarnation::new(2));
        assert_eq!(believe(&mut checker, 3, 7), Ok(()));
        let verdict = believe(&mut checker, 3, 8);
        assert_eq!(verdict, Err(String::from("node-3 is believed suspect@8, but has not got past 7")));
        assert_eq!(believe(&mut checker, 9, 0), Err(String::from("node-9 is believed suspect@0, but never started")));
    }
}
