// What does the kernel export?
import { holdsJson } from './json.ts';
import { putLeaves } from './leaves.ts';
import { encodePacked, firstTime, lastTime, lineCount, readEnd, writtenEnd } from './packed.ts';
import { contentEnd, deltaEnd, lookedCount, packedCount, packedEnd, packRecords } from './records.ts';
import { growTree } from './tree.ts';

export {
  contentEnd,
  deltaEnd,
  encodePacked,
  firstTime,
  growTree,
  holdsJson,
  lastTime,
  lineCount,
  lookedCount,
  packedCount,
  packedEnd,
  packRecords,
  putLeaves,
  readEnd,
  writtenEnd,
};

/** Address from which on the memory is the caller's; what lies before it is the kernel's. */
export function ownedEnd(): usize {
  return __heap_base;
}
