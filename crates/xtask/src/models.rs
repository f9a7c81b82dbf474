//! The models that the local function is granted: every row of the table that has not reached its end of life.

use serde_json::Value;

const TABLE: &str = include_str!("../../../models.json");

/// What the function's environment says about models, as the deployed one's does.
pub(crate) struct Granted {
    /// `BEDROCK_MODEL_IDS`: the default one first.
    pub(crate) ids: String,
    /// `BEDROCK_MODEL_TABLE`: their rows.
    pub(crate) rows: String,
}

/// Reads the table.
pub(crate) fn granted() -> std::io::Result<Granted> {
    let table: Value = serde_json::from_str(TABLE)?;
    let default = &table["default"];
    let rows = table["models"].as_array().into_iter().flatten();
    let mut rows: Vec<&Value> = rows
        .filter(|row| row["lifecycle"]["status"] != "ended")
        .collect();
    // Stable: the others keep the table's order.
    rows.sort_by_key(|row| row["id"] != *default);
    let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    Ok(Granted {
        ids: ids.join(","),
        rows: serde_json::to_string(&rows)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_model_comes_first_and_no_ended_one_is_granted() {
        let granted = granted().unwrap();
        let ids: Vec<&str> = granted.ids.split(',').collect();
        let table: Value = serde_json::from_str(TABLE).unwrap();
        assert_eq!(ids[0], table["default"]);
        assert!(!ids.contains(&"amazon.titan-text-express-v1"), "{ids:?}");
        let rows: Vec<Value> = serde_json::from_str(&granted.rows).unwrap();
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
}
