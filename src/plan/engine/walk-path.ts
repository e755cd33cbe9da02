// Where the walk is, as a FHIR path with indexes: `Patient.name[1].given`. Kept as segments, and written only when a
// row needs it.

export class WalkPath {
  readonly #segments: (string | number)[] = [];

  start(resourceType: string): void {
    this.#segments.length = 0;
    this.#segments.push(resourceType);
  }

  push(segment: string | number): void {
    this.#segments.push(segment);
  }

  pop(): void {
    this.#segments.pop();
  }

  /** The path without its last `skippedCount` segments: up to the last index, and that index when it ends in one. */
  describe(skippedCount = 0): { readonly text: string; readonly index: number | undefined } {
    const segments = this.#segments.slice(0, this.#segments.length - skippedCount);
    const last = segments.at(-1);
    const isIndexed = typeof last === 'number';
    let text = '';
    for (const segment of isIndexed ? segments.slice(0, -1) : segments) {
      text += typeof segment === 'number' ? `[${segment}]` : text === '' ? segment : `.${segment}`;
    }
    return { text, index: isIndexed ? last : undefined };
  }
}
