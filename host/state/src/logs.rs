//! Logs of a transaction, in the order of their emission.
//!
//! Topics and data lie in two arenas, so that emitting a log allocates nothing once the arenas have
//! grown, and undoing a frame cuts three vectors.

use alloy_primitives::{Address, B256, Log, LogData, keccak256};
use alloy_rlp::{BufMut, Encodable, Header};
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// One log, borrowed from [`Logs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRef<'a> {
    /// Account whose code emitted the log.
    pub address: Address,
    /// Indexed words, at most four when an EVM emitted them.
    pub topics: &'a [B256],
    /// The rest.
    pub data: &'a [u8],
}

/// Logs in the order of their emission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    records: Vec<Record>,
    topics: Vec<B256>,
    data: Vec<u8>,
}

/// Where a log ends in the arenas; it begins where the one before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    address: Address,
    topics_end: usize,
    data_end: usize,
}

impl Logs {
    /// Makes an empty list.
    pub const fn new() -> Self {
        Self {
            records: Vec::new(),
            topics: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Returns the number of logs.
    #[inline]
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether there are none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns the log with the given position.
    pub fn get(&self, index: usize) -> Option<LogRef<'_>> {
        let record = self.records.get(index)?;
        let (topics_start, data_start) = match index.checked_sub(1) {
            Some(before) => {
                let before = self.records.get(before)?;
                (before.topics_end, before.data_end)
            }
            None => (0, 0),
        };
        Some(LogRef {
            address: record.address,
            topics: self.topics.get(topics_start..record.topics_end)?,
            data: self.data.get(data_start..record.data_end)?,
        })
    }

    /// Returns the logs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = LogRef<'_>> + Clone {
        let (mut topics, mut data) = (0, 0);
        self.records.iter().map(move |record| {
            let log = LogRef {
                address: record.address,
                topics: &self.topics[topics..record.topics_end],
                data: &self.data[data..record.data_end],
            };
            (topics, data) = (record.topics_end, record.data_end);
            log
        })
    }

    /// Adds a log at the end.
    #[inline]
    pub fn push(&mut self, address: Address, topics: &[B256], data: &[u8]) {
        self.topics.extend_from_slice(topics);
        self.data.extend_from_slice(data);
        self.records.push(Record {
            address,
            topics_end: self.topics.len(),
            data_end: self.data.len(),
        });
    }

    /// Keeps the first `len` logs.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len >= self.records.len() {
            return;
        }
        self.records.truncate(len);
        let (topics, data) = self
            .records
            .last()
            .map_or((0, 0), |last| (last.topics_end, last.data_end));
        self.topics.truncate(topics);
        self.data.truncate(data);
    }

    /// Removes all logs and keeps the memory, within reason.
    pub fn clear(&mut self) {
        self.records.clear();
        self.topics.clear();
        self.data.clear();
        self.records.shrink_to(KEEP_RECORDS);
        self.topics.shrink_to(KEEP_RECORDS);
        self.data.shrink_to(KEEP_BYTES);
    }

    /// Returns keccak-256 of the RLP list of the logs, as state tests state it.
    pub fn hash(&self) -> B256 {
        keccak256(alloy_rlp::encode(self))
    }
}

/// Memory that [`Logs::clear`] keeps.
const KEEP_RECORDS: usize = 4096;
const KEEP_BYTES: usize = 1 << 20;

impl LogRef<'_> {
    /// Copies the log into alloy's owned type.
    pub fn to_log(self) -> Log {
        Log {
            address: self.address,
            data: LogData::new_unchecked(self.topics.to_vec(), self.data.to_vec().into()),
        }
    }

    fn rlp_header(&self) -> Header {
        Header {
            list: true,
            payload_length: self.address.length()
                + alloy_rlp::list_length::<B256, B256>(self.topics)
                + self.data.length(),
        }
    }
}

impl Encodable for LogRef<'_> {
    fn encode(&self, out: &mut dyn BufMut) {
        self.rlp_header().encode(out);
        self.address.encode(out);
        alloy_rlp::encode_list::<B256, B256>(self.topics, out);
        self.data.encode(out);
    }

    fn length(&self) -> usize {
        self.rlp_header().length_with_payload()
    }
}

impl Encodable for Logs {
    fn encode(&self, out: &mut dyn BufMut) {
        Header {
            list: true,
            payload_length: self.iter().map(|log| log.length()).sum(),
        }
        .encode(out);
        for log in self.iter() {
            log.encode(out);
        }
    }
}

impl Serialize for LogRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut log = serializer.serialize_struct("Log", 3)?;
        log.serialize_field("address", &self.address)?;
        log.serialize_field("topics", self.topics)?;
        log.serialize_field("data", &alloy_primitives::hex::encode_prefixed(self.data))?;
        log.end()
    }
}

impl Serialize for Logs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;

    fn sample() -> Logs {
        let mut logs = Logs::new();
        logs.push(Address::repeat_byte(1), &[], b"");
        logs.push(
            Address::repeat_byte(2),
            &[B256::repeat_byte(9), B256::ZERO],
            b"data",
        );
        logs.push(Address::repeat_byte(3), &[B256::repeat_byte(8)], &[7; 100]);
        logs
    }

    #[test]
    fn truncation_gives_back_exactly_what_was_before() {
        let all = sample();
        for len in 0..4 {
            let mut cut = all.clone();
            cut.truncate(len);
            let mut again = Logs::new();
            for log in all.iter().take(len) {
                again.push(log.address, log.topics, log.data);
            }
            assert_eq!(cut, again);
            assert_eq!(cut.len(), len);
        }
    }

    #[test]
    fn positions_and_iteration_agree() {
        let logs = sample();
        for (index, log) in logs.iter().enumerate() {
            assert_eq!(logs.get(index), Some(log));
        }
        assert_eq!(logs.get(3), None);
    }

    #[test]
    fn hash_is_that_of_the_rlp_list() {
        let empty = b256!("0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
        assert_eq!(Logs::new().hash(), empty);
        let owned: Vec<Log> = sample().iter().map(LogRef::to_log).collect();
        assert_eq!(sample().hash(), keccak256(alloy_rlp::encode(&owned)));
    }

    #[test]
    fn serialises_as_a_list_of_logs() {
        let json = serde_json::to_value(sample()).unwrap();
        assert_eq!(json[1]["data"], "0x64617461");
        assert_eq!(json[1]["topics"].as_array().unwrap().len(), 2);
    }
}
