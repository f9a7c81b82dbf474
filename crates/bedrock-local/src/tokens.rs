//! The stand-in's own measure of tokens.

/// Counts tokens by the stand-in's rule: one for every four ASCII characters or part of four, and one for every other
/// character. Tokenisers differ; this one only has to be plausible, and the same every time.
#[must_use]
pub fn count_tokens(text: &str) -> u32 {
    let ascii = text.chars().filter(char::is_ascii).count();
    let other = text.chars().count() - ascii;
    u32::try_from(ascii.div_ceil(4) + other).unwrap_or(u32::MAX)
}

/// The longest beginning of a text that has at most that many tokens.
pub(crate) fn first_tokens(text: &str, limit: u32) -> &str {
    let (mut ascii, mut other) = (0_usize, 0_usize);
    for (position, character) in text.char_indices() {
        if character.is_ascii() {
            ascii += 1
        } else {
            other += 1
        }
        if ascii.div_ceil(4) + other > limit as usize {
            return &text[..position];
        }
    }
    text
}

/// The text in parts of one token each.
pub(crate) fn split_tokens(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (token, rest) = text.split_at(first_tokens(text, 1).len());
        text = rest;
        (!token.is_empty()).then_some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_ascii_characters_or_one_other_are_a_token() {
        assert_eq!(count_tokens(""), 0);
        assert_eq!(count_tokens("abcd"), 1);
        assert_eq!(count_tokens("abcde"), 2);
        assert_eq!(count_tokens("東京"), 2);
        assert_eq!(count_tokens("東京 is"), 3);
    }

    #[test]
    fn a_cut_text_has_no_more_tokens_than_asked_for() {
        assert_eq!(first_tokens("abcdefgh", 1), "abcd");
        assert_eq!(first_tokens("東京タワー", 2), "東京");
        assert_eq!(first_tokens("short", 9), "short");
    }

    #[test]
    fn the_parts_of_a_text_are_the_text_and_one_token_each() {
        for text in ["", "This is 東京タワー, 333 m.", "👩‍🚀 flies"] {
            let parts: Vec<&str> = split_tokens(text).collect();
            assert_eq!(parts.concat(), text);
            assert!(
                parts.iter().all(|part| count_tokens(part) == 1),
                "{parts:?}"
            );
        }
    }
}
