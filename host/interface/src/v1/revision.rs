//! Ethereum rule sets.

use abi_stable::StableAbi;

/// A rule set ("fork"). Open: a plugin meets numbers it does not know from later hosts and
/// answers [`VmErrorCode::UNSUPPORTED`](super::VmErrorCode::UNSUPPORTED).
///
/// Numbers are given once and never change; a later rule set has a higher number.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u32);

macro_rules! revisions {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        #[allow(non_upper_case_globals)]
        impl Revision {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Every revision of this generation, oldest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Full name, `None` for a number that this build does not know.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

revisions! {
    /// 2015, block 0.
    Frontier = 0, "Frontier";
    /// EIP-2, 7, 8.
    Homestead = 1, "Homestead";
    /// EIP-150, gas repricing.
    TangerineWhistle = 2, "TangerineWhistle";
    /// EIP-155, 160, 161, 170.
    SpuriousDragon = 3, "SpuriousDragon";
    /// EIP-140, 196, 197, 198, 211, 214, 658.
    Byzantium = 4, "Byzantium";
    /// EIP-145, 1014, 1052, 1283.
    Constantinople = 5, "Constantinople";
    /// Constantinople without EIP-1283.
    Petersburg = 6, "Petersburg";
    /// EIP-152, 1108, 1344, 1884, 2028, 2200.
    Istanbul = 7, "Istanbul";
    /// EIP-2565, 2718, 2929, 2930.
    Berlin = 8, "Berlin";
    /// EIP-1559, 3198, 3529, 3541.
    London = 9, "London";
    /// EIP-3675, 4399: the merge.
    Paris = 10, "Paris";
    /// EIP-3651, 3855, 3860, 4895.
    Shanghai = 11, "Shanghai";
    /// EIP-1153, 4788, 4844, 5656, 6780, 7516.
    Cancun = 12, "Cancun";
    /// EIP-2537, 2935, 7002, 7251, 7623, 7702.
    Prague = 13, "Prague";
    /// EIP-7594, 7823, 7825, 7883, 7939, 7951.
    Osaka = 14, "Osaka";
}

impl Revision {
    /// Newest revision that this build knows.
    pub const LATEST: Self = Self::Osaka;

    /// Whether the rules of `other` are in force.
    #[must_use]
    pub const fn enables(self, other: Self) -> bool {
        self.0 >= other.0
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "revision {}", self.0),
        }
    }
}

/// The text names no known revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRevision(pub String);

impl std::fmt::Display for UnknownRevision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unknown revision `{}`, expected one of ", self.0)?;
        for (i, revision) in Revision::ALL.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{revision}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownRevision {}

impl std::str::FromStr for Revision {
    type Err = UnknownRevision;

    /// Case-insensitive; also accepts the names of the official test suites (`EIP150`, `EIP158`,
    /// `ConstantinopleFix`, `Merge`, `Paris`) and words split by `-`, `_` or blanks.
    fn from_str(text: &str) -> Result<Self, UnknownRevision> {
        let folded: String = text
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let alias = match folded.as_str() {
            "eip150" | "tangerine" => Some(Self::TangerineWhistle),
            "eip158" | "spurious" => Some(Self::SpuriousDragon),
            "constantinoplefix" => Some(Self::Petersburg),
            "merge" => Some(Self::Paris),
            "latest" => Some(Self::LATEST),
            _ => None,
        };
        alias
            .or_else(|| {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|r| r.name().is_some_and(|n| n.eq_ignore_ascii_case(&folded)))
            })
            .ok_or_else(|| UnknownRevision(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_order_by_time() {
        for pair in Revision::ALL.windows(2) {
            assert!(pair[1].enables(pair[0]) && !pair[0].enables(pair[1]));
        }
        for revision in Revision::ALL {
            assert_eq!(revision.to_string().parse(), Ok(*revision));
        }
        assert_eq!("tangerine-whistle".parse(), Ok(Revision::TangerineWhistle));
        assert_eq!("Merge".parse(), Ok(Revision::Paris));
        assert!("Atlantis".parse::<Revision>().is_err());
    }
}
