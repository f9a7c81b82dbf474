//! The price of an answer.

use crate::{config::Price, text::Tokens};

/// The estimated price of an answer, in USD, to a billionth: less than a token of any model costs.
#[must_use]
pub fn cost_usd(tokens: Tokens, price: Price) -> f64 {
    let cost = (tokens.input as f64 * price.input + tokens.output as f64 * price.output) / 1e6;
    (cost * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(input: u64, output: u64, price: (f64, f64)) -> f64 {
        let price = Price {
            input: price.0,
            output: price.1,
        };
        let tokens = Tokens {
            input,
            output,
            ..Tokens::default()
        };
        cost_usd(tokens, price)
    }

    #[test]
    fn the_price_is_of_a_million_tokens() {
        assert_eq!(cost(1_000_000, 2_000_000, (0.396, 3.311)), 7.018);
    }

    #[test]
    fn the_price_of_a_few_tokens_is_not_rounded_to_nothing() {
        assert_eq!(cost(1, 0, (0.037, 0.148)), 0.000_000_037);
    }
}
