// `--view a.json b.json in`: an input that is a ViewDefinition is a view, since no table is made of it otherwise.

import { readFileSync, statSync } from 'node:fs';

const largestViewBytes = 1024 * 1024;

/** Only when there is a `--view` at all. */
export function separateViews(
  inputs: readonly string[],
  views: readonly string[] | undefined,
): { inputs: readonly string[]; views: readonly string[] | undefined } {
  if (views === undefined) return { inputs, views };
  return { inputs: inputs.filter((input) => !isView(input)), views: [...views, ...inputs.filter(isView)] };
}

function isView(path: string): boolean {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > largestViewBytes) return false;
    const { resourceType } = JSON.parse(readFileSync(path, 'utf8')) as { resourceType?: unknown };
    return typeof resourceType === 'string' && /^(?:ViewDefinition|https?:\/\/\S+\/ViewDefinition)$/.test(resourceType);
  } catch {
    // No JSON, or nothing there: reading says so.
    return false;
  }
}
