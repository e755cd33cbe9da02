// Files that people keep beside data: programs, settings, notes. Content decides what is FHIR; a name only what is not
// worth an alarm when the content is none.

import type { MessageParameters } from '../diagnostics.ts';

const companionNames = /(?:^|[/\\!])(?:dockerfile(?:\.\w+)?|makefile|crontab|licen[cs]e|readme|changelog)$/i;
const companionEndings = /\.(?:[cm]?[jt]sx?|py|ipynb|r|sql|sh|bat|ps1|ya?ml|toml|ini|conf|cfg|env|example|service|timer|md|rst|adoc|dockerignore)$/i;

/**
 * @param sourceName - a path, or `archive.zip!member`.
 * @param parameters - of the message that it is no FHIR JSON: what only needs to be converted or unpacked may be data.
 */
export function isCompanion(sourceName: string, { found }: MessageParameters): boolean {
  const isConvertible = typeof found === 'string' && found.endsWith(' first');
  return !isConvertible && (companionNames.test(sourceName) || companionEndings.test(sourceName));
}
