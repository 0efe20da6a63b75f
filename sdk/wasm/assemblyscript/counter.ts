// A counter with the Solidity ABI: number(), setNumber(uint256), increment().
// It hands its output over by the exported globals, the other way than env.return.

import { inputCopy, storageGet, storageSet } from "./proz";

export let output_ptr: i32 = 0;
export let output_len: i32 = 0;

const key = memory.data(32);
const word = memory.data(32);
const selector = memory.data(4);

export function main(): i32 {
  inputCopy(selector, 0, 4);
  switch (bswap<u32>(load<u32>(selector))) {
    case 0x8381f58a: // number()
      storageGet(key, word);
      output_ptr = i32(word);
      output_len = 32;
      return 0;
    case 0x3fb5c1cb: // setNumber(uint256)
      inputCopy(word, 4, 32);
      storageSet(key, word);
      return 0;
    case 0xd09de08a: // increment()
      storageGet(key, word);
      for (let at = 31; at >= 0; at--) {
        const byte = u8(load<u8>(word + at) + 1);
        store<u8>(word + at, byte);
        if (byte) break;
      }
      storageSet(key, word);
      return 0;
    default:
      return 1;
  }
}
