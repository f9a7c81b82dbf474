//! The models that the local function is granted: every row of the table that Bedrock still serves.

use models::{Date, ModelTable};

/// The function's variables about models, as the deployed function has them.
pub(crate) struct Granted {
    /// `BEDROCK_MODEL_IDS`: the default one first.
    pub(crate) ids: String,
    /// `BEDROCK_MODEL_TABLE`: their rows.
    pub(crate) rows: String,
}

/// Reads the workspace's table.
pub(crate) fn granted() -> std::io::Result<Granted> {
    let table = ModelTable::bundled().map_err(std::io::Error::other)?;
    granted_of(&table, models::today())
}

fn granted_of(table: &ModelTable, today: Date) -> std::io::Result<Granted> {
    let rows = table.served(today);
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    Ok(Granted {
        ids: ids.join(","),
        rows: serde_json::to_string(&rows)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDING: &str = "apac.amazon.nova-micro-v1:0";

    fn table() -> ModelTable {
        ModelTable::bundled().unwrap()
    }

    #[test]
    fn the_default_model_comes_first_and_no_ended_one_is_granted() {
        let granted = granted_of(&table(), models::today()).unwrap();
        let ids: Vec<&str> = granted.ids.split(',').collect();
        assert_eq!(ids[0], table().default);
        assert!(!ids.contains(&"amazon.titan-text-express-v1"), "{ids:?}");
        let rows: Vec<serde_json::Value> = serde_json::from_str(&granted.rows).unwrap();
        assert_eq!(
            rows.iter()
                .map(|row| row["id"].as_str().unwrap())
                .collect::<Vec<_>>(),
            ids
        );
        assert!(
            rows.iter()
                .all(|row| row["pricePerMillionTokens"].is_object())
        );
    }

    #[test]
    fn a_model_whose_announced_end_has_come_is_not_granted() {
        let (mut table, today) = (table(), models::today());
        let row = table.models.iter_mut().find(|row| row.id == ENDING);
        row.unwrap().lifecycle.end_of_life = Some(today);
        let granted = |day| granted_of(&table, day).unwrap().ids;
        assert!(!granted(today).contains(ENDING));
        assert!(granted(today.previous_day().unwrap()).contains(ENDING));
    }
}
