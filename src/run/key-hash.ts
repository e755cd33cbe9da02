// Type and id of a resource → 64 bits in two halves. Seeded per run, so that no input can be made to collide. The id's
// bits come first and the type is put on them after, so that an id of unknown type can be tried with every type.

export interface KeyHash {
  /** For the module, which makes the same hashes; see bytes/assembly/identifiers.ts. */
  readonly seeds: readonly [number, number];
  /** After `hash`, `hashText` or `withType`: the two halves, unsigned. */
  high: number;
  low: number;
  /** The same as `hashText(id)`, then `withType(resourceType)`. */
  hash(resourceType: string, id: string): void;
  /** Of a text alone, or of one in two pieces with a vertical bar between them. */
  hashText(text: string, second?: string): void;
  /** Puts a type on the bits of an id. */
  withType(resourceType: string, idHigh: number, idLow: number): void;
}

/** MurmurHash3's constants (public domain, https://github.com/aappleby/smhasher), one per half. */
const multiplierA = 0x85ebca6b;
const multiplierB = 0xc2b2ae35;
const verticalBar = 0x7c;

/** A hasher with these two seeds. */
export function createKeyHash(seedA: number, seedB: number): KeyHash {
  const typeHashes = new Map<string, { readonly high: number; readonly low: number }>();

  function hashText(text: string, second?: string): void {
    let a = seedA;
    let b = seedB;
    const { length } = text;
    // Put together first, two pieces would have to be copied.
    const end = second === undefined ? length : length + 1 + second.length;
    for (let index = 0; index < end; index++) {
      const unit = index < length ? text.charCodeAt(index) : index === length ? verticalBar : (second as string).charCodeAt(index - length - 1);
      a = Math.imul(a ^ unit, multiplierA);
      b = Math.imul(b ^ unit, multiplierB);
      a ^= a >>> 15;
      b ^= b >>> 13;
    }
    keyHash.high = finish(a ^ Math.imul(b, multiplierA));
    keyHash.low = finish(b ^ Math.imul(a, multiplierB));
  }

  function hashType(resourceType: string): { readonly high: number; readonly low: number } {
    let known = typeHashes.get(resourceType);
    if (known === undefined) {
      hashText(`${resourceType}/`);
      known = { high: keyHash.high, low: keyHash.low };
      // Types come from the input: there may be no end to odd ones.
      if (typeHashes.size < mostTypes) typeHashes.set(resourceType, known);
    }
    return known;
  }

  const keyHash: KeyHash = {
    seeds: [seedA, seedB],
    high: 0,
    low: 0,
    hash(resourceType, id) {
      const type = hashType(resourceType);
      hashText(id);
      keyHash.high = (keyHash.high ^ type.high) >>> 0;
      keyHash.low = (keyHash.low ^ type.low) >>> 0;
    },
    hashText,
    withType(resourceType, idHigh, idLow) {
      const type = hashType(resourceType);
      keyHash.high = (idHigh ^ type.high) >>> 0;
      keyHash.low = (idLow ^ type.low) >>> 0;
    },
  };
  return keyHash;
}

const mostTypes = 1000;

function finish(half: number): number {
  let bits = half ^ (half >>> 16);
  bits = Math.imul(bits, multiplierA);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, multiplierB);
  return (bits ^ (bits >>> 16)) >>> 0;
}
