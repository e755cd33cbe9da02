import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import * as ours from '../../src/write/postgres/pg-digests.ts';

type Digests = {
  readonly [Name in Exclude<keyof typeof ours, 'randomBytes'>]: (...args: Parameters<(typeof ours)[Name]>) => Promise<string | ArrayBuffer>;
};

// What pg would use where it is not bundled.
const theirs = createRequire(import.meta.url)('../../node_modules/pg/lib/crypto/utils.js') as Digests & Record<string, unknown>;

const salt = Buffer.from('9f2c00ff7a11', 'hex');
const password = 'pässwörd with:odd@chars';
const calls = {
  md5: ['a text'],
  sha256: [salt],
  hashByName: ['SHA-256', salt],
  hmacSha256: [salt, 'Client Key'],
  deriveKey: [password, salt, 4096],
  postgresMd5PasswordHash: ['user', password, salt],
} satisfies { readonly [Name in keyof Digests]: Parameters<Digests[Name]> };

test.each(Object.entries(calls))('%s gives what pg’s own gives', async (name, args) => {
  const call = (functions: object) => (functions as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args);
  const [mine, known] = [call(ours), await call(theirs)];
  expect(mine).toEqual(typeof known === 'string' ? known : Buffer.from(known as ArrayBuffer));
});

test('all that pg’s own module has is there', () => {
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
});

test('a nonce has the length asked for and is another each time', () => {
  expect(ours.randomBytes(18)).toHaveLength(18);
  expect(ours.randomBytes(18)).not.toEqual(ours.randomBytes(18));
});
