//! The tier in which Bedrock is to serve rows that name none.

use bedrock_function::{config::Config, text::ServiceTier};
use models::{Model, ModelTable};

/// The tiers of rows that name none, by model. Where none is said, the function's own setting holds.
#[derive(Debug, Clone, Default)]
pub struct Tiers {
    /// Of all models.
    given: Option<ServiceTier>,
    /// Models of the flexible one, where none is given.
    flexible: Vec<String>,
    default_model: String,
}

impl Tiers {
    /// The tier that is given, or else the flexible one for each granted model that the table has as served in it beyond
    /// doubt.
    pub fn new(given: Option<ServiceTier>, config: &Config, table: &ModelTable) -> Self {
        let has_price = |model: &&Model| {
            let facts = config.models.get(&model.id);
            let facts = facts.and_then(|id| config.models.facts(id));
            facts.is_some_and(|facts| facts.price(ServiceTier::Flex).is_some())
        };
        let models = table.models.iter();
        let flexible = models
            .filter(|model| config.service_tier == ServiceTier::Default && model.is_flex_in_batch())
            .filter(has_price);
        Self {
            given,
            flexible: flexible.map(|model| model.id.clone()).collect(),
            default_model: config.models.default_model().to_string(),
        }
    }

    /// Whether every row stays as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.given.is_none() && self.flexible.is_empty()
    }

    /// The `serviceTier` of a row that names none, and this model or none.
    pub(super) fn of(&self, model: Option<&str>) -> Option<&'static str> {
        let model = model.unwrap_or(&self.default_model);
        let is_flexible = self.flexible.iter().any(|id| id == model);
        match self.given {
            Some(ServiceTier::Default) => Some("default"),
            Some(ServiceTier::Flex) => Some("flex"),
            None => is_flexible.then_some("flex"),
        }
    }
}

/// An event in two parts, without the tier that stands first in it: in another one it asks the same.
pub(crate) fn untiered(event: &str) -> [&str; 2] {
    let (begin, members) = event.split_at_checked(BEGIN.len()).unwrap_or((event, ""));
    let tiers = ["\"serviceTier\":\"flex\",", "\"serviceTier\":\"default\","];
    let mut rest = tiers.iter().filter_map(|tier| members.strip_prefix(tier));
    [begin, rest.next().unwrap_or(members)]
}

/// How every event begins.
const BEGIN: &str = "{\"task\":{";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_asks_the_same_in_any_tier() {
        let plain = r#"{"task":{"id":1,"prompt":"日本"}}"#;
        for event in [
            plain,
            r#"{"task":{"serviceTier":"flex","id":1,"prompt":"日本"}}"#,
            r#"{"task":{"serviceTier":"default","id":1,"prompt":"日本"}}"#,
        ] {
            assert_eq!(untiered(event).concat(), plain);
        }
        assert_eq!(untiered("{}").concat(), "{}");
    }
}
