// Tells a zip archive from its first bytes. Apart from unpack-zip, whose library only runs with archives need to load.

/** A local file header, or the end of an empty archive: APPNOTE.TXT 4.3.7 and 4.3.16. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));
}
