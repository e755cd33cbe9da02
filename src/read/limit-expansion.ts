// Stops an archive that unpacks to far more than it should (a bomb).

import { SourceFault } from './source-fault.ts';

/** Whatever the ratio, this much is always unpacked. */
const FREE_BYTES = 64 * 1024 * 1024;

export class ExpansionGuard {
  readonly #ratio: number;
  packedBytes = 0;
  unpackedBytes = 0;
  /** The members of an archive share the limit: nothing more of it is read. */
  isExceeded = false;

  constructor(ratio: number) {
    this.#ratio = ratio;
  }

  /** Throws a SourceFault once the unpacked bytes are too many for the packed ones. */
  addUnpacked(byteCount: number): void {
    this.unpackedBytes += byteCount;
    if (this.unpackedBytes > FREE_BYTES && this.unpackedBytes > this.packedBytes * this.#ratio) {
      this.isExceeded = true;
      throw new SourceFault('SOURCE_EXPANDS', { limit: this.#ratio });
    }
  }
}
