// A misspelt name → the known ones nearest to it.

const maxSuggestions = 3;

/** The nearest names by edit distance, or those that contain it; none when nothing comes near. */
export function suggestNames(name: string, known: Iterable<string>): string[] {
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    const score = candidate.includes(name) || name.includes(candidate) ? Math.min(distance, 1.5) : distance;
    if (score <= Math.max(2, name.length / 3)) scored.push({ candidate, score });
  }
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, maxSuggestions).map(({ candidate }) => candidate);
}

/** Levenshtein's, row by row. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
