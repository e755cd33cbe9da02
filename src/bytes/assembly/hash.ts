// Bytes → 32 bits that tell a repetition from another version: two lanes of multiply and rotate, 16 bytes a step. Not for
// secrets; whoever makes two resources of one id collide has only lost one of them.

const multiplierA: u64 = 0x9fb21c651e98df25;
const multiplierB: u64 = 0xd6e8feb86659fd93;

let laneA: u64 = 0;
let laneB: u64 = 0;

/** Begins the hash of so many bytes. */
export function beginHash(byteCount: u32): void {
  laneA = multiplierB ^ (<u64>byteCount * multiplierA);
  laneB = multiplierA ^ <u64>byteCount;
}

/** The next bytes; all pieces but the last are of a multiple of 16. */
export function addToHash(from: usize, to: usize): void {
  let a = laneA;
  let b = laneB;
  let at = from;
  for (; at + 16 <= to; at += 16) {
    a = rotl((a ^ load<u64>(at)) * multiplierA, 31);
    b = rotl((b ^ load<u64>(at, 8)) * multiplierB, 29);
  }
  for (; at < to; at++) a = rotl((a ^ <u64>load<u8>(at)) * multiplierA, 31);
  laneA = a;
  laneB = b;
}

export function endHash(): u32 {
  let bits = laneA ^ rotl(laneB * multiplierA, 17);
  bits = (bits ^ (bits >> 32)) * multiplierB;
  return <u32>(bits ^ (bits >> 29));
}
