//! Keccak-256 at compile time, for selectors and topics.

const fn permute(mut lanes: [u64; 25]) -> [u64; 25] {
    let mut state = 1usize;
    let mut round = 0;
    while round < 24 {
        let mut column = [0; 5];
        let mut at = 0;
        while at < 25 {
            column[at % 5] ^= lanes[at];
            at += 1;
        }
        at = 0;
        while at < 25 {
            lanes[at] ^= column[(at + 4) % 5] ^ column[(at + 1) % 5].rotate_left(1);
            at += 1;
        }
        let (mut x, mut y, mut moving, mut step) = (1, 0, lanes[1], 0);
        while step < 24 {
            let next = (2 * x + 3 * y) % 5;
            x = y;
            y = next;
            let kept = lanes[x + 5 * y];
            lanes[x + 5 * y] = moving.rotate_left(((step + 1) * (step + 2) / 2 % 64) as u32);
            moving = kept;
            step += 1;
        }
        let mut row = 0;
        while row < 25 {
            let old = [lanes[row], lanes[row + 1], lanes[row + 2], lanes[row + 3], lanes[row + 4]];
            at = 0;
            while at < 5 {
                lanes[row + at] = old[at] ^ (!old[(at + 1) % 5] & old[(at + 2) % 5]);
                at += 1;
            }
            row += 5;
        }
        let mut bit = 0;
        while bit < 7 {
            state = (state << 1 ^ (state >> 7) * 0x171) % 256;
            lanes[0] ^= ((state >> 1 & 1) as u64) << ((1 << bit) - 1);
            bit += 1;
        }
        round += 1;
    }
    lanes
}

/// Keccak-256 of a text, as four little-endian lanes.
pub const fn keccak256(text: &str) -> [u64; 4] {
    let bytes = text.as_bytes();
    let mut lanes = [0u64; 25];
    let (mut at, mut place) = (0, 0);
    while at < bytes.len() {
        lanes[place / 8] ^= (bytes[at] as u64) << (8 * (place % 8));
        at += 1;
        place += 1;
        if place == 136 {
            lanes = permute(lanes);
            place = 0;
        }
    }
    lanes[place / 8] ^= 1 << (8 * (place % 8));
    lanes[16] ^= 0x80 << 56;
    lanes = permute(lanes);
    [lanes[0], lanes[1], lanes[2], lanes[3]]
}
