//! The models that the local function is granted: every row of the table that Bedrock still serves.

pub(crate) use models::Granted;

use models::ModelTable;

/// Reads the workspace's table.
pub(crate) fn granted() -> std::io::Result<Granted> {
    let table = ModelTable::bundled().map_err(std::io::Error::other)?;
    Ok(table.granted(models::today())?)
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
        let granted = table().granted(models::today()).unwrap();
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
        let granted = |day| table.granted(day).unwrap().ids;
        assert!(!granted(today).contains(ENDING));
        assert!(granted(today.previous_day().unwrap()).contains(ENDING));
    }
}
