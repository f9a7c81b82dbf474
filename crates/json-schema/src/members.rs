//! Objects of JSON whose members keep their order and their text.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of an object, in order.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The members of the object in `text`; none, where it is no object or one that cannot be read.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let member = self.0.iter().find(|(known, _)| known == name);
        member.map(|(_, value)| *value)
    }

    /// Whether no name is there twice.
    pub(crate) fn are_distinct(&self) -> bool {
        let mut seen = HashSet::new();
        self.0.iter().all(|(name, _)| seen.insert(name.as_str()))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// JSON without the white space between its tokens. Any other text comes back changed in an unspecified way.
#[must_use]
pub fn compact(json: &str) -> String {
    let mut written = String::with_capacity(json.len());
    let (mut is_in_string, mut is_escaped) = (false, false);
    for character in json.chars() {
        if is_in_string {
            is_in_string = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
        } else if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            is_in_string = character == '"';
        }
        written.push(character);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_json_keeps_its_strings_and_its_order() {
        let json = " { \"b \\\" : \" : [ 1 , \"a\\\\\" ] ,\n\t\"a\" : null } ";
        assert_eq!(compact(json), "{\"b \\\" : \":[1,\"a\\\\\"],\"a\":null}");
    }

    #[test]
    fn members_keep_their_order() {
        let members = Members::of(r#"{"b": 1, "a": {"c": []}}"#).unwrap();
        let names: Vec<_> = members.0.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(members.get("a").unwrap().get(), r#"{"c": []}"#);
        assert!(Members::of("[]").is_none());
    }
}
