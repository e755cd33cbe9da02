// Keys of 64 bits → entries numbered from 0, each with some 32-bit words of its own. In chunks of shared memory: what
// grows is never copied, nothing is reserved in vain, and another thread can look keys up without a copy.

/** A table as plain data, sharing its memory. It must not grow any more. */
export interface KeyTableContent {
  readonly wordsPerEntry: number;
  readonly spareBits: number;
  readonly entryCount: number;
  readonly chunks: readonly Uint32Array[];
  readonly slots: Uint32Array;
}

const entriesPerChunkBits = 12;
const entriesPerChunk = 1 << entriesPerChunkBits;
const chunkMask = entriesPerChunk - 1;
const firstSlotCount = 2048;
/** The slots are between 0.64 and 0.8 full: 5.6 bytes an entry, six at most, and few steps to a key. */
const slotGrowth = 1.25;
/** Small tables grow by more at a time: what they hold is moved less often, and little of it is memory in vain. */
const fewSlots = 32_768;
const fullest = 0.8;

export class KeyTable {
  readonly #wordsPerEntry: number;
  readonly #spareBits: number;
  /** Of the key's high half. */
  readonly #keyMask: number;
  #entryCount = 0;
  #chunks: Uint32Array[] = [];
  /** Entry + 1, 0 when free; open addressing. */
  #slots: Uint32Array = sharedWords(firstSlotCount);
  #slotsPerKey = firstSlotCount / 0x1_0000_0000;
  /** Where the key that `find` did not find belongs. */
  #freeSlot = 0;

  /**
   * @param ownWords - words per entry besides the two of its key
   * @param spareBits - so many bits of the key are not kept, to be used for something else
   */
  constructor(ownWords: number, spareBits = 0) {
    this.#wordsPerEntry = ownWords + 2;
    this.#spareBits = spareBits;
    this.#keyMask = 0xffff_ffff >>> spareBits;
  }

  /** A table of another thread, to look things up in. */
  static of(content: KeyTableContent): KeyTable {
    const table = new KeyTable(content.wordsPerEntry - 2, content.spareBits);
    table.#entryCount = content.entryCount;
    table.#chunks = [...content.chunks];
    table.#slots = content.slots;
    table.#slotsPerKey = content.slots.length / 0x1_0000_0000;
    return table;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  /** Bytes held. */
  get byteCount(): number {
    return this.#chunks.reduce((sum, { byteLength }) => sum + byteLength, this.#slots.byteLength);
  }

  /** The number of the key's entry, or -1. */
  find(high: number, low: number): number {
    const slots = this.#slots;
    let slot = Math.floor(low * this.#slotsPerKey);
    for (let mark = slots[slot] as number; mark !== 0; mark = slots[slot] as number) {
      const entry = mark - 1;
      const chunk = this.#chunks[entry >>> entriesPerChunkBits] as Uint32Array;
      const position = (entry & chunkMask) * this.#wordsPerEntry;
      if (chunk[position + 1] === low && (((chunk[position] as number) ^ high) & this.#keyMask) === 0) return entry;
      slot++;
      if (slot === slots.length) slot = 0;
    }
    this.#freeSlot = slot;
    return -1;
  }

  /** Adds the key that `find` has just not found; returns its entry, whose own words are 0. */
  add(high: number, low: number): number {
    const entry = this.#entryCount++;
    const chunkNumber = entry >>> entriesPerChunkBits;
    if (chunkNumber === this.#chunks.length) this.#chunks.push(sharedWords(entriesPerChunk * this.#wordsPerEntry));
    const chunk = this.#chunks[chunkNumber] as Uint32Array;
    const position = (entry & chunkMask) * this.#wordsPerEntry;
    chunk[position] = (high & this.#keyMask) >>> 0;
    chunk[position + 1] = low;
    this.#slots[this.#freeSlot] = entry + 1;
    if (this.#entryCount > this.#slots.length * fullest) this.#growSlots();
    return entry;
  }

  findOrAdd(high: number, low: number): number {
    const found = this.find(high, low);
    return found < 0 ? this.add(high, low) : found;
  }

  /** Without the spare bits. */
  high(entry: number): number {
    return (this.word(entry, -2) & this.#keyMask) >>> 0;
  }

  /** What stands in the spare bits: 0 unless set. */
  spare(entry: number): number {
    return this.#spareBits === 0 ? 0 : this.word(entry, -2) >>> (32 - this.#spareBits);
  }

  setSpare(entry: number, value: number): void {
    this.setWord(entry, -2, (this.high(entry) | (value << (32 - this.#spareBits))) >>> 0);
  }

  low(entry: number): number {
    return this.word(entry, -1);
  }

  /** One of the entry's own words. */
  word(entry: number, index: number): number {
    return (this.#chunks[entry >>> entriesPerChunkBits] as Uint32Array)[(entry & chunkMask) * this.#wordsPerEntry + 2 + index] as number;
  }

  setWord(entry: number, index: number, value: number): void {
    (this.#chunks[entry >>> entriesPerChunkBits] as Uint32Array)[(entry & chunkMask) * this.#wordsPerEntry + 2 + index] = value;
  }

  content(): KeyTableContent {
    return { wordsPerEntry: this.#wordsPerEntry, spareBits: this.#spareBits, entryCount: this.#entryCount, chunks: this.#chunks, slots: this.#slots };
  }

  #growSlots(): void {
    const slots = sharedWords(Math.ceil(this.#slots.length * (this.#slots.length < fewSlots ? 2 : slotGrowth)));
    this.#slots = slots;
    this.#slotsPerKey = slots.length / 0x1_0000_0000;
    for (let entry = 0; entry < this.#entryCount; entry++) {
      let slot = Math.floor(this.low(entry) * this.#slotsPerKey);
      while (slots[slot] !== 0) {
        slot++;
        if (slot === slots.length) slot = 0;
      }
      slots[slot] = entry + 1;
    }
  }
}

function sharedWords(count: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(count * Uint32Array.BYTES_PER_ELEMENT));
}
