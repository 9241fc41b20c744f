//! The hash that `--append-hash` puts behind a name.
//! `kubectl/pkg/util/hash/hash.go`

use crate::api::{Kind, Value};

/// The name of a ConfigMap or Secret with the hash of its contents (recording C-more-052).
#[must_use]
pub fn named(kind: Kind, tree: &Value) -> String {
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    let data = tree.get("data").cloned().unwrap_or(Value::empty_map());
    let mut hashed = Value::map([("data", data), ("kind", Value::from(kind.name()))]);
    hashed.set(&["name"], name);
    if kind == Kind::Secret {
        hashed.set(&["type"], tree.str_at(&["type"]).unwrap_or_default());
    }
    let digits = sha256(hashed.to_go_json().as_bytes());
    // Letters that spell no words.
    let letters = digits.chars().take(10).map(|c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    });
    let hash: String = letters.collect();
    format!("{name}-{hash}")
}

/// The first bits of a root of one of the first primes behind the point, by which SHA-256 takes its constants.
fn fraction(prime: u64, cube: bool) -> u32 {
    // The largest x with x² ≤ prime·2^64, or x³ ≤ prime·2^96: its lower 32 bits are those behind the point.
    let (mut low, mut high) = (0_u128, 1_u128 << 40);
    while high - low > 1 {
        let middle = (low + high) / 2;
        let fits = if cube {
            middle * middle * middle <= u128::from(prime) << 96
        } else {
            middle * middle <= u128::from(prime) << 64
        };
        if fits {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low & 0xffff_ffff) as u32
}

/// SHA-256 (FIPS 180-4) in hexadecimal.
fn sha256(text: &[u8]) -> String {
    let primes = (2_u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    let primes: Vec<u64> = primes.take(64).collect();
    let k: Vec<u32> = primes.iter().map(|prime| fraction(*prime, true)).collect();
    let mut state: Vec<u32> = primes
        .iter()
        .take(8)
        .map(|prime| fraction(*prime, false))
        .collect();
    let mut padded = text.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((text.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut w: Vec<u32> = block
            .chunks_exact(4)
            .map(|b| b.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
            .collect();
        for i in 16..64 {
            let (a, b) = (w[i - 15], w[i - 2]);
            let a = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let b = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            let next = w[i - 16].wrapping_add(a).wrapping_add(w[i - 7]);
            w.push(next.wrapping_add(b));
        }
        let mut s = state.clone();
        for (word, constant) in w.iter().zip(&k) {
            let e = s[4].rotate_right(6) ^ s[4].rotate_right(11) ^ s[4].rotate_right(25);
            let choice = (s[4] & s[5]) ^ (!s[4] & s[6]);
            let one = s[7].wrapping_add(e).wrapping_add(choice);
            let one = one.wrapping_add(*constant).wrapping_add(*word);
            let a = s[0].rotate_right(2) ^ s[0].rotate_right(13) ^ s[0].rotate_right(22);
            let majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
            s.rotate_right(1);
            s[4] = s[4].wrapping_add(one);
            s[0] = one.wrapping_add(a).wrapping_add(majority);
        }
        for (sum, word) in state.iter_mut().zip(s) {
            *sum = sum.wrapping_add(word);
        }
    }
    state.iter().map(|word| format!("{word:08x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of FIPS 180-4's example, and the names that a real kubectl gave.
    #[test]
    fn contents_have_the_hash_that_kubectl_gives_them() {
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut tree = Value::map([("data", Value::map([("a", Value::from("b"))]))]);
        tree.set(&["metadata", "name"], "app");
        assert_eq!(named(Kind::ConfigMap, &tree), "app-tbg6h8gfdh");
    }
}
