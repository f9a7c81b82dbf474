//! `models.json`, the one table of models, as types.
//!
//! The stand-in for Bedrock and `cargo xtask` read it here; the CDK app has a reader of its own
//! (`infra/lib/models/table.ts`). The deployed function reads neither: the CDK app hands it its columns by
//! `BEDROCK_MODEL_TABLE`.

mod row;

pub use row::{
    Access, Api, InferenceParameter, Lifecycle, Model, Price, Reach, Status, StructuredOutput,
};
pub use time::Date;

use serde::Deserialize;

/// The table of the workspace, as it was when this crate was built.
const BUNDLED: &str = include_str!("../../../models.json");

/// Every model that the workspace knows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelTable {
    /// The id used where no other one is chosen.
    pub default: String,
    /// The Region from which the ids are called.
    pub source_region: String,
    /// One row for each id.
    pub models: Vec<Model>,
}

/// The function's variables about models, as a deployed function has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// `BEDROCK_MODEL_IDS`: the default one first.
    pub ids: String,
    /// `BEDROCK_MODEL_TABLE`: their rows.
    pub rows: String,
}

/// Why a table of models cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelTableError {
    /// The text is not the JSON of a table.
    #[error(
        "The table of models cannot be read: {0}. Correct it after the example of the workspace's models.json."
    )]
    Json(#[from] serde_json::Error),
    /// Two rows have one id.
    #[error("The table of models has two rows for \"{0}\". Remove one.")]
    Duplicate(String),
    /// The default has no row.
    #[error(
        "The table of models has no row for its default, \"{0}\". Add the row or choose another default."
    )]
    NoDefault(String),
}

impl ModelTable {
    /// The workspace's table.
    ///
    /// # Errors
    /// When the table that was built in is wrong, which this crate's tests exclude.
    pub fn bundled() -> Result<Self, ModelTableError> {
        Self::from_json(BUNDLED)
    }

    /// Reads a table in the form of `models.json`.
    ///
    /// # Errors
    /// When the text is not such a table, has an id twice or lacks its default.
    pub fn from_json(text: &str) -> Result<Self, ModelTableError> {
        let table: Self = serde_json::from_str(text)?;
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = table.models.iter().find(|model| !seen.insert(&model.id)) {
            return Err(ModelTableError::Duplicate(twice.id.clone()));
        }
        if table.find(&table.default).is_none() {
            return Err(ModelTableError::NoDefault(table.default));
        }
        Ok(table)
    }

    /// The row of an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The rows that Bedrock serves on that day, the default one first, the others in the table's order.
    #[must_use]
    pub fn served(&self, today: Date) -> Vec<&Model> {
        let rows = self.models.iter().filter(|model| !model.has_ended(today));
        let mut rows: Vec<&Model> = rows.collect();
        // The sort is stable.
        rows.sort_by_key(|model| model.id != self.default);
        rows
    }

    /// The models that a local function is granted on that day: every row that Bedrock still serves.
    ///
    /// # Errors
    /// When a row cannot be written as JSON, which none is known to do.
    pub fn granted(&self, today: Date) -> serde_json::Result<Granted> {
        let rows = self.served(today);
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        Ok(Granted {
            ids: ids.join(","),
            rows: serde_json::to_string(&rows)?,
        })
    }

    /// The table with one model as if AWS still served it: for tests of what the model did while it lived.
    #[must_use]
    pub fn with_active(mut self, id: &str) -> Self {
        for model in self.models.iter_mut().filter(|model| model.id == id) {
            model.lifecycle = Lifecycle {
                status: Status::Active,
                end_of_life: None,
                end_of_life_no_sooner_than: None,
                ..model.lifecycle
            };
        }
        self
    }
}

/// The day by which a model's end of life is judged: today's date in UTC.
#[must_use]
pub fn today() -> Date {
    time::OffsetDateTime::now_utc().date()
}
