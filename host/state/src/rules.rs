//! The revisions' switches that the journal knows.

use serde::Serialize;

/// Which account and access rules hold during a transaction.
///
/// A revision is a point in this small space: `state_clearing` from Spurious Dragon,
/// `access_status` from Berlin, `selfdestruct_only_created` from Cancun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JournalRules {
    /// Empty accounts that were touched vanish, and new contracts start with nonce 1 (EIP-161).
    pub state_clearing: bool,
    /// The first access to an account or slot is cold (EIP-2929). Without it all is warm.
    pub access_status: bool,
    /// SELFDESTRUCT deletes only an account created in the same transaction (EIP-6780).
    pub selfdestruct_only_created: bool,
}

impl JournalRules {
    /// Frontier, Homestead and Tangerine Whistle.
    pub const FRONTIER: Self = Self {
        state_clearing: false,
        access_status: false,
        selfdestruct_only_created: false,
    };
    /// Spurious Dragon to Istanbul.
    pub const SPURIOUS_DRAGON: Self = Self {
        state_clearing: true,
        ..Self::FRONTIER
    };
    /// Berlin to Shanghai.
    pub const BERLIN: Self = Self {
        access_status: true,
        ..Self::SPURIOUS_DRAGON
    };
    /// Cancun to Osaka.
    pub const CANCUN: Self = Self {
        selfdestruct_only_created: true,
        ..Self::BERLIN
    };
    /// The newest rules known.
    pub const LATEST: Self = Self::CANCUN;
}

impl Default for JournalRules {
    fn default() -> Self {
        Self::LATEST
    }
}

/// Whether an account or slot had been accessed before in this transaction.
///
/// Spec: EIP-2929.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessStatus {
    /// First access: the surcharge is due.
    Cold,
    /// Accessed before, listed in the access list, or under rules that do not tell.
    Warm,
}

impl AccessStatus {
    /// Returns whether this is [`AccessStatus::Cold`].
    #[inline]
    pub const fn is_cold(self) -> bool {
        matches!(self, Self::Cold)
    }
}
