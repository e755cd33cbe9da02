// References that columns show → counts by form, and of those that lead nowhere: kept until the resource has its rows.

import { isSame } from './cells';
import { noteReference } from './host';
import { allocateHeap } from './memory';
import { formCount } from './reference-words';
import { idLength } from './this-resource';

/** Form → references whose ids columns show: of the resource at hand, and of all before it. */
let pendingForms: usize = 0;
let formCounts: usize = 0;

// What another column of the resource has just shown of the same reference.
let notedSite: u32 = 0xffffffff;
let notedForm: u32 = 0;
let notedId: usize = 0;
let notedIdLength: u32 = 0;

const unmetSlots: u32 = 2048;
const mostPendingUnmet: u32 = 1024;
let unmetStart: usize = 0;
let pendingUnmet: usize = 0;
let pendingUnmetCount: u32 = 0;

/** Returns the address of the counts by form. */
export function makeNotes(): usize {
  unmetStart = allocateHeap(unmetSlots * 12);
  pendingUnmet = allocateHeap(mostPendingUnmet << 3);
  formCounts = allocateHeap(64);
  pendingForms = allocateHeap(64);
  return formCounts;
}

export function beginNotes(): void {
  notedForm = 0;
  memory.fill(pendingForms, 0, 64);
  pendingUnmetCount = 0;
}

export function commitNotes(): void {
  commitUnmet();
  for (let form: usize = 0; form <= formCount; form++) {
    const place = form << 2;
    store<u32>(formCounts + place, load<u32>(formCounts + place) + load<u32>(pendingForms + place));
  }
}

/** Takes down a reference without an id, to be told to the host at the end; false when there is no room. */
export function addUnmet(site: u32, form: u32, type: u32): bool {
  if (pendingUnmetCount == mostPendingUnmet) return false;
  const place = pendingUnmet + (<usize>pendingUnmetCount << 3);
  store<u32>(place, site);
  store<u32>(place, (type << 8) | form, 4);
  pendingUnmetCount++;
  return true;
}

/** Adds the notes of the resource at hand to those before it; the host takes those that find no place. */
function commitUnmet(): void {
  for (let index: u32 = 0; index < pendingUnmetCount; index++) {
    const pending = pendingUnmet + (<usize>index << 3);
    const site = load<u32>(pending);
    const what = load<u32>(pending, 4);
    let slot = (site * 0x9e3779b1 + what * 0x85ebca6b) & (unmetSlots - 1);
    let tries: u32 = 0;
    for (; tries < 64; tries++) {
      const place = unmetStart + <usize>slot * 12;
      const count = load<u32>(place, 8);
      if (count == 0) {
        store<u32>(place, site);
        store<u32>(place, what, 4);
      } else if (load<u32>(place) != site || load<u32>(place, 4) != what) {
        slot = (slot + 1) & (unmetSlots - 1);
        continue;
      }
      store<u32>(place, count + 1, 8);
      break;
    }
    if (tries == 64) noteReference(site, what & 0xff, what >> 8, 0, 0, 1);
  }
}

/** `unmetSlots` times: site, form (8 bits) and type, and how many. */
export function unmetNotes(): usize {
  return unmetStart;
}

/** `patient_id` and `subject_id` of an Observation are one reference. */
export function countForm(site: u32, form: u32, id: usize, idLength: u32): void {
  const isSameId = id == 0 || notedId == 0 ? id == notedId : idLength == notedIdLength && isSame(id, notedId, idLength);
  if (form != notedForm || !isSameId || site == notedSite) {
    const place = pendingForms + (<usize>form << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
  notedSite = site;
  notedForm = form;
  notedId = id;
  notedIdLength = idLength;
}
