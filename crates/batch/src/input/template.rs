//! A prompt with places for a row's columns, as in `Classify: {review}`.

/// A template. `{column}` is a column's value; `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// A sentence, when a brace is left open, or a column has no name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal += &rest[..at];
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(escaped) = after.strip_prefix(brace) {
                literal += brace;
                rest = escaped;
            } else if brace == "}" {
                return Err("The template has a } without its {. Write }} for a brace.".to_owned());
            } else {
                let (column, after) = column(after)?;
                parts.push(Part::Text(std::mem::take(&mut literal)));
                parts.push(Part::Column(column));
                rest = after;
            }
        }
        parts.push(Part::Text(literal + rest));
        Ok(Self(parts))
    }

    /// The template with places in a row instead of names.
    ///
    /// # Errors
    ///
    /// A sentence, when it names a column that the header does not have.
    pub(super) fn bind(&self, header: &[&str]) -> Result<Bound, String> {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => Ok(BoundPart::Text(text.clone())),
            Part::Column(name) => match header.iter().position(|known| known == name) {
                Some(place) => Ok(BoundPart::Field(place)),
                None => Err(format!(
                    "The template names the column {name}, and the file has {}. Name one of those.",
                    // A terminal obeys some of the characters that a file may have.
                    header.join(", ").replace(char::is_control, "")
                )),
            },
        });
        parts.collect::<Result<_, _>>().map(Bound)
    }
}

/// The name up to the closing brace, and what comes after that.
fn column(text: &str) -> Result<(String, &str), String> {
    let Some((name, after)) = text.split_once('}') else {
        return Err("The template has a { without its }. Write {{ for a brace.".to_owned());
    };
    match name.trim() {
        "" => Err(
            "The template has {} without a column's name. Write one, as in {review}.".to_owned(),
        ),
        name => Ok((name.to_owned(), after)),
    }
}

/// A template for the rows of one file.
#[derive(Debug)]
pub(super) struct Bound(Vec<BoundPart>);

#[derive(Debug)]
enum BoundPart {
    Text(String),
    Field(usize),
}

impl Bound {
    /// The prompt of a row.
    pub(super) fn prompt(&self, record: &csv::StringRecord) -> String {
        let parts = self.0.iter().map(|part| match part {
            BoundPart::Text(text) => text.as_str(),
            BoundPart::Field(place) => record.get(*place).unwrap_or_default(),
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(template: &str) -> Result<String, String> {
        let bound = Template::parse(template)?.bind(&["review", "名前"])?;
        Ok(bound.prompt(&csv::StringRecord::from(vec!["{good}", "東京"])))
    }

    #[test]
    fn a_column_s_value_stands_where_its_name_was_and_is_not_read_again() {
        assert_eq!(prompt("A {review}/{ 名前 }.").unwrap(), "A {good}/東京.");
        assert_eq!(prompt("no column").unwrap(), "no column");
    }

    #[test]
    fn two_braces_are_one() {
        assert_eq!(
            prompt("{{review}} {{{review}}}").unwrap(),
            "{review} {{good}}"
        );
    }

    #[test]
    fn what_is_wrong_with_a_template_is_said() {
        for (template, says) in [
            ("{review", "a { without its }"),
            ("review}", "a } without its {"),
            ("{ }", "without a column's name"),
            (
                "{other}",
                "names the column other, and the file has review, 名前.",
            ),
        ] {
            let problem = prompt(template).unwrap_err();
            assert!(problem.contains(says), "{template}: {problem}");
        }
    }
}
