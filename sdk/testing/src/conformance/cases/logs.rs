//! Logs with their topics and data.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, same},
    frame::{Bench, SELF, input, wide},
};
use crate::mock::MockLog;
use proz_interface::v1::B256;

pub(super) const CASES: &[Case] = cases! { Logs:
    a_log_without_topics_carries_its_data [Log0] |b| logs(b, Behaviour::Log0, 0);
    a_log_carries_one_topic [Log1] |b| logs(b, Behaviour::Log1, 1);
    a_log_carries_two_topics [Log2] |b| logs(b, Behaviour::Log2, 2);
    a_log_carries_three_topics [Log3] |b| logs(b, Behaviour::Log3, 3);
    a_log_carries_four_topics [Log4] |b| logs(b, Behaviour::Log4, 4);
};

fn logs(bench: &Bench, behaviour: Behaviour, topics: u8) -> Check {
    for size in [0_u8, 1, 32, 200] {
        let words: Vec<_> = (0..topics).map(|n| wide(n * 31 + 1)).collect();
        let data: Vec<u8> = (0..size).rev().collect();
        let mut frame = bench.frame(behaviour, &input(&words, &data))?;
        frame.succeed()?;
        let expected = MockLog {
            address: SELF,
            topics: words.iter().map(|w| B256(w.to_be_bytes())).collect(),
            data,
        };
        same("logs", vec![expected], frame.host.state.logs)?;
    }
    Ok(())
}
