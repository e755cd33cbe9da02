// What reading will need, made while a server takes its time: none of it decides on anything, and its faults come up again
// where it is used.

import type { FhirVersion } from '../builtin.ts';
import type { ByteLane } from '../bytes/byte-lane.ts';
import type { ChosenVersion } from './detect-sources.ts';

export interface Preparation {
  readonly chosen: Promise<ChosenVersion>;
  /** What was opened for the first one who asks; undefined for others. */
  takeByteLane(): Promise<ByteLane | undefined> | undefined;
}

interface PreparationSteps {
  /** @param turn - to be waited for now and then */
  findVersion(turn: () => Promise<void>): Promise<ChosenVersion>;
  openByteLane: ((version: FhirVersion) => Promise<ByteLane | undefined>) | undefined;
  planTables(resourceType: string, version: FhirVersion): void;
}

/** The fault of `waiting` comes first, whichever was there before. */
export function prepareWhile(waiting: Promise<unknown>, { findVersion, openByteLane, planTables }: PreparationSteps): Preparation {
  let isWaiting = true;
  const stop = (): void => {
    isWaiting = false;
  };
  waiting.then(stop, stop);
  const chosen = turn().then(() => findVersion(turn));
  let lane = openByteLane && chosen.then(({ version }) => openByteLane(version));
  const plan = async (): Promise<void> => {
    await lane;
    const { resourceTypes, version } = await chosen;
    for (const resourceType of resourceTypes) {
      await turn();
      if (!isWaiting) return;
      planTables(resourceType, version);
    }
  };
  for (const work of [chosen, lane, plan()]) work?.catch(() => {});
  return {
    chosen,
    takeByteLane() {
      const taken = lane;
      lane = undefined;
      return taken;
    },
  };
}

/** What a server says goes first: one immediate alone may come in the same round of the event loop, before sockets are looked at. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
