// What pg needs to show that it knows a password, in place of its own module of that: this one loads node:crypto when a
// server asks, after the connection is on its way, and does without Web Crypto, which takes five times as long. The names
// are those of the module that it stands for, pg/lib/crypto/utils.js.

import { nodeCrypto } from '../../lazy-crypto.ts';

type Content = string | Uint8Array;

export function randomBytes(byteCount: number): Buffer {
  return nodeCrypto().randomBytes(byteCount);
}

/** As the server names them, `SHA-256`. */
export function hashByName(name: string, content: Content): Buffer {
  return nodeCrypto().createHash(name).update(content).digest();
}

export function sha256(content: Content): Buffer {
  return hashByName('sha256', content);
}

export function md5(content: Content): string {
  return hashByName('md5', content).toString('hex');
}

export function hmacSha256(key: Uint8Array, message: string): Buffer {
  return nodeCrypto().createHmac('sha256', key).update(message).digest();
}

/** https://datatracker.ietf.org/doc/html/rfc5802#section-2.2 */
export function deriveKey(password: string, salt: Uint8Array, iterationCount: number): Buffer {
  return nodeCrypto().pbkdf2Sync(password, salt, iterationCount, 32, 'sha256');
}

/** https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP */
export function postgresMd5PasswordHash(user: string, password: string, salt: Uint8Array): string {
  return `md5${md5(Buffer.concat([Buffer.from(md5(password + user)), salt]))}`;
}
