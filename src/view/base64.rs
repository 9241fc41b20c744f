//! Base64 for addresses, without padding (RFC 4648, section 5).

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as text that needs no escaping in an address.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let mut group = 0_usize;
        for index in 0..3 {
            group = group << 8 | chunk.get(index).copied().map_or(0, usize::from);
        }
        for index in 0..=chunk.len() {
            text.push(char::from(DIGITS[group >> (18 - 6 * index) & 63]));
        }
    }
    text
}

/// The bytes of such a text; none if it holds anything else.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut group = 0_u32;
        for index in 0..4 {
            let digit = match chunk.get(index) {
                Some(c) => DIGITS.iter().position(|digit| digit == c)?,
                None => 0,
            };
            group = group << 6 | u32::try_from(digit).ok()?;
        }
        let [_, a, b, c] = group.to_be_bytes();
        bytes.extend([a, b, c].into_iter().take(chunk.len().checked_sub(1)?));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_there_and_back() {
        for text in ["", "a", "ab", "abc", "abcd", "파드 ~?>"] {
            let encoded = encode(text.as_bytes());
            assert!(
                encoded
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            );
            assert_eq!(decode(&encoded).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(encode(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw");
        assert_eq!(decode("a*"), None);
        assert_eq!(decode("A"), Some(vec![]));
    }
}
