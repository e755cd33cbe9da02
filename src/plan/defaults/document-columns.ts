// What is left out unless asked for, as columns: the data of attachments and of Binary, and narrative.

import type { NodeIndex } from '../plan.ts';
import { type PlanBuilder, primitive } from './plan-builder.ts';

/** Adds the column of `data` of a node that is an Attachment or a Binary; both have their content type beside it. */
export function addDataColumn(builder: PlanBuilder, node: NodeIndex, base: string, suffix: string): void {
  const path = `${builder.pathOf(node)}.data`;
  const { attachments } = builder.options;
  switch (attachments) {
    case 'drop':
      return;
    case 'base64':
      builder.addValue(base, suffix, node, 'data', `${path}, as base64.`);
      return;
    case 'text':
    case 'files': {
      const description =
        attachments === 'text' ? `${path} as text, where its content type is one of text.` : `File with ${path}, relative to the output folder.`;
      builder.add({ base, suffix, type: primitive('string'), cell: { kind: 'attachment', node, as: attachments }, fhirPath: path, description });
      return;
    }
    default:
      attachments satisfies never;
  }
}

/** https://hl7.org/fhir/R4/narrative.html */
export function addNarrativeColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  if (!builder.options.hasNarrative) return;
  const path = builder.pathOf(node);
  builder.addValue(base, '', node, 'div', `${path} as XHTML.`);
  builder.addValue(base, '_status', node, 'status', `How ${path} was made.`);
}
