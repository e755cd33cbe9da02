// The messages that carry rows to a server: read back as the protocol says.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CopyMessages, MessageBuffers } from '../../src/write/postgres/copy-messages.ts';

/** The rows of messages, each of which must be whole. */
function readBack(messages: readonly Uint8Array[]): string {
  return messages
    .map((message) => {
      const bytes = Buffer.from(message);
      expect(String.fromCharCode(bytes[0] as number)).toBe('d');
      expect(bytes.readUInt32BE(1)).toBe(bytes.length - 1);
      return bytes.toString('latin1', 5);
    })
    .join('');
}

const pieces = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.oneof(fc.nat(20), fc.nat(5_000), fc.nat(100_000))), { maxLength: 12 });

function write(buffers: MessageBuffers, lengths: readonly (readonly [string, number])[]): { rows: CopyMessages; text: string } {
  const rows = new CopyMessages(buffers);
  for (const [letter, length] of lengths) rows.append(Buffer.alloc(length, letter));
  return { rows, text: lengths.map(([letter, length]) => letter.repeat(length)).join('') };
}

it('has all rows in order, whatever their pieces, also in buffers that were used before', () => {
  const buffers = new MessageBuffers();
  fc.assert(
    fc.property(pieces, pieces, (first, second) => {
      const one = write(buffers, first);
      const other = write(buffers, second);
      expect(one.rows.byteCount).toBe(one.text.length);
      expect(readBack(one.rows.messages())).toBe(one.text);
      one.rows.giveBack();
      const third = write(buffers, first);
      expect(readBack(other.rows.messages())).toBe(other.text);
      expect(readBack(third.rows.messages())).toBe(third.text);
      other.rows.giveBack();
      third.rows.giveBack();
    }),
  );
});

it('uses a buffer again only when it was given back', () => {
  const buffers = new MessageBuffers();
  const memoryOf = ({ rows }: { rows: CopyMessages }) => rows.messages()[0]?.buffer;
  const held = write(buffers, [['a', 10]]);
  const given = write(buffers, [['b', 10]]);
  const memory = memoryOf(given);
  given.rows.giveBack();
  const next = write(buffers, [['c', 10]]);
  expect(memoryOf(next)).toBe(memory);
  expect(memoryOf(write(buffers, [['d', 10]]))).not.toBe(memory);
  expect(memoryOf(held)).not.toBe(memory);
});
