// Thrown when whoever reads the output has gone away: the run stops, and that is no failure.

export class OutputClosed extends Error {
  constructor() {
    super('the reader of the output has gone away');
    this.name = 'OutputClosed';
  }
}
