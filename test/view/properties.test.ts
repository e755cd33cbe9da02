// Expressions made at random, over resources made at random: what is evaluated here gives what the fhirpath package gives.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import { loadFhirpathPackage } from '../../src/view/fhirpath-package.ts';
import { parseExpression } from '../../src/view/parse-expression.ts';
import { printExpression } from '../../src/view/print-expression.ts';
import { SyntaxFault } from '../../src/view/syntax.ts';
import { areSame, makeEvaluator } from '../support/evaluate.ts';
import { made, patients } from '../support/random-expressions.ts';

const model = await loadModel('r4');
const fhirpath = await loadFhirpathPackage('r4');

describe('random expressions over random patients', () => {
  for (const kind of ['many', 'one', 'num', 'bool'] as const) {
    it(`give the same here and there: ${kind}`, () => {
      let nativeCount = 0;
      fc.assert(
        fc.property(made[kind], fc.array(patients, { minLength: 1, maxLength: 3 }), (text, resources) => {
          const evaluator = makeEvaluator(text, 'Patient', model, fhirpath);
          if (evaluator.notNative !== undefined) return;
          nativeCount++;
          for (const resource of resources) {
            const [here, there] = [evaluator.native(resource), evaluator.byPackage(resource)];
            if (!areSame(here, there)) throw new Error(`${text} on ${JSON.stringify(resource)}: ${JSON.stringify(here)} here, ${JSON.stringify(there)} there`);
          }
        }),
        { numRuns: 1500, seed: 20260222 },
      );
      expect(nativeCount).toBeGreaterThan(1000);
    });
  }

  it('mean the same when printed and read again', () => {
    fc.assert(
      fc.property(made.bool, (text) => {
        const printed = printExpression(parseExpression(text), new Map());
        expect(printExpression(parseExpression(printed), new Map())).toBe(printed);
      }),
    );
  });
});

describe('any text', () => {
  it('is an expression, or a fault at a place within it', () => {
    const pieces = fc.constantFrom(
      'name',
      '.',
      '(',
      ')',
      '[',
      ']',
      "'",
      '`',
      '%',
      '@',
      '@T',
      '$this',
      '1',
      '2.5',
      ' ',
      '+',
      '-',
      'and',
      'is',
      '/*',
      '*/',
      '//',
      '\n',
      '\\',
      '"',
      '{',
      '}',
      '|',
      '=',
      '!',
      '~',
      'é',
      '\u0000',
      '__proto__',
      'days',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            parseExpression(text);
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxFault);
            const { offset } = error as SyntaxFault;
            expect(offset).toBeGreaterThanOrEqual(0);
            expect(offset).toBeLessThanOrEqual(text.length);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});
