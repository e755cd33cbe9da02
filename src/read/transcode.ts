// Chunks of text in UTF-8 or UTF-16, with or without byte order mark → chunks of UTF-8 without one.

import type { PulledChunks } from './pull-chunks.ts';

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Encoding by the first bytes, and how many of them are the byte order mark. UTF-32 passes as UTF-8: no reader takes it. */
export function findEncoding(head: Uint8Array): { encoding: TextEncoding; markBytes: number } {
  const [a, b, c, d] = head;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', markBytes: 3 };
  const isUtf32 = c === 0 && d === 0;
  if (a === 0xff && b === 0xfe && !isUtf32) return { encoding: 'utf-16le', markBytes: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', markBytes: 2 };
  // Without a mark: '{' or '[' as one 16-bit unit.
  if ((a === 0x7b || a === 0x5b) && b === 0 && !isUtf32) return { encoding: 'utf-16le', markBytes: 0 };
  if (a === 0 && (b === 0x7b || b === 0x5b)) return { encoding: 'utf-16be', markBytes: 0 };
  return { encoding: 'utf-8', markBytes: 0 };
}

/** The source's text as UTF-8; `startOffset` is where its first byte stands. */
export async function transcode(chunks: PulledChunks): Promise<{ startOffset: number; chunks: AsyncIterable<Buffer> }> {
  const { encoding, markBytes } = findEncoding(await chunks.peek(4));
  if (markBytes > 0) await chunks.take(markBytes);
  if (encoding === 'utf-8') return { startOffset: markBytes, chunks: chunks.rest() };
  return { startOffset: 0, chunks: transcodeUtf16(chunks.rest(), encoding === 'utf-16be') };
}

async function* transcodeUtf16(chunks: AsyncIterable<Buffer>, isBigEndian: boolean): AsyncGenerator<Buffer, void, undefined> {
  let carried: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([carried, chunk]);
    let byteCount = bytes.length - (bytes.length % 2);
    // A high surrogate waits for its partner.
    if (byteCount >= 2 && ((bytes[byteCount - (isBigEndian ? 2 : 1)] as number) & 0xfc) === 0xd8) byteCount -= 2;
    carried = Buffer.from(bytes.subarray(byteCount));
    const units = bytes.subarray(0, byteCount);
    if (isBigEndian) units.swap16();
    if (byteCount > 0) yield encodeUnits(units.toString('utf16le'));
  }
  if (carried.length === 0) return;
  // An odd byte or half a pair at the end: a byte that UTF-8 does not have makes the last record invalid, as it is.
  yield Buffer.from([0xff]);
}

/** UTF-8, but an unpaired surrogate as the three bytes that UTF-8 forbids (WTF-8), so that its record is refused. */
function encodeUnits(text: string): Buffer {
  const encoded = Buffer.from(text, 'utf8');
  if (!encoded.includes('\ufffd')) return encoded;
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g)) {
    const unit = match[0].charCodeAt(0);
    parts.push(Buffer.from(text.slice(from, match.index), 'utf8'));
    parts.push(Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]));
    from = match.index + 1;
  }
  parts.push(Buffer.from(text.slice(from), 'utf8'));
  return Buffer.concat(parts);
}
