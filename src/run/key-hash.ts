// Type and id of a resource → 64 bits in two halves. Seeded per run, so that no input can be made to collide.

export interface KeyHash {
  /** After `hash`: the two halves, unsigned. */
  high: number;
  low: number;
  hash(resourceType: string, id: string): void;
}

/** MurmurHash3's constants (public domain, https://github.com/aappleby/smhasher), one per half. */
const multiplierA = 0x85ebca6b;
const multiplierB = 0xc2b2ae35;

/** A hasher with these two seeds. */
export function createKeyHash(seedA: number, seedB: number): KeyHash {
  const typeStates = new Map<string, { a: number; b: number }>();
  const state = { a: 0, b: 0 };

  function mix(text: string): void {
    let { a, b } = state;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      a = Math.imul(a ^ unit, multiplierA);
      b = Math.imul(b ^ unit, multiplierB);
      a ^= a >>> 15;
      b ^= b >>> 13;
    }
    state.a = a;
    state.b = b;
  }

  const keyHash: KeyHash = {
    high: 0,
    low: 0,
    hash(resourceType, id) {
      let start = typeStates.get(resourceType);
      if (start === undefined) {
        state.a = seedA;
        state.b = seedB;
        mix(`${resourceType}/`);
        start = { a: state.a, b: state.b };
        typeStates.set(resourceType, start);
      }
      state.a = start.a;
      state.b = start.b;
      mix(id);
      keyHash.high = finish(state.a ^ Math.imul(state.b, multiplierA));
      keyHash.low = finish(state.b ^ Math.imul(state.a, multiplierB));
    },
  };
  return keyHash;
}

function finish(half: number): number {
  let bits = half ^ (half >>> 16);
  bits = Math.imul(bits, multiplierA);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, multiplierB);
  return (bits ^ (bits >>> 16)) >>> 0;
}
