//! What is random in an API server: uids and name suffixes, drawn from a seed by purpose and name, so
//! that one more draw somewhere shifts nothing else.

use crate::api::{Key, push_hex};

/// A source of random names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    seed: u64,
}

/// The letters of generated names (`k8s.io/apimachinery/pkg/util/rand`).
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl Draw {
    /// A source with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Draw {
        Draw { seed }
    }

    /// A random number for `purpose` and `name`, the `n`th of its kind.
    #[must_use]
    pub fn number(&self, purpose: &str, name: &str, n: u64) -> u64 {
        // FNV-1a over what names the draw, then SplitMix64's finaliser to spread the bits.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bytes = purpose
            .bytes()
            .chain([0])
            .chain(name.bytes())
            .chain(n.to_le_bytes());
        for byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }

    /// Five letters as `generateName` appends them (`x7k2p`).
    #[must_use]
    pub fn suffix(&self, purpose: &str, name: &str, n: u64) -> String {
        let mut number = self.number(purpose, name, n);
        let mut text = String::with_capacity(5);
        for _ in 0..5 {
            text.push(char::from(LETTERS[(number % 27) as usize]));
            number /= 27;
        }
        text
    }

    /// The uid of the `birth`th object of this name: a random UUID (version 4).
    #[must_use]
    pub fn uid(&self, key: &Key, birth: u32) -> String {
        let name = key.to_string();
        let high = self.number("uid", &name, u64::from(birth) * 2);
        let low = self.number("uid", &name, u64::from(birth) * 2 + 1);
        let high = (high & !0xf000) | 0x4000;
        let low = (low & !(0b11 << 62)) | (0b10 << 62);
        let mut text = String::with_capacity(36);
        for (part, digits) in [(high >> 32, 8), (high >> 16, 4), (high, 4), (low >> 48, 4)] {
            push_hex(&mut text, part, digits);
            text.push('-');
        }
        push_hex(&mut text, low, 12);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    #[test]
    fn uids_are_uuids_and_differ_by_birth_and_seed() {
        let key = Key::new(Kind::Pod, "default", "web-0");
        let first = Draw::new(1).uid(&key, 1);
        assert_eq!(first.len(), 36);
        assert_eq!(&first[14..15], "4");
        assert_ne!(first, Draw::new(1).uid(&key, 2));
        assert_ne!(first, Draw::new(2).uid(&key, 1));
        assert_eq!(first, Draw::new(1).uid(&key, 1));
    }

    #[test]
    fn suffixes_are_five_letters() {
        let suffix = Draw::new(1).suffix("slice", "nginx", 0);
        assert_eq!(suffix.len(), 5);
        assert!(suffix.bytes().all(|b| LETTERS.contains(&b)));
    }
}
