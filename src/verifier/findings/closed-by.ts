// What had a check looked at when it did not find an open finding again?
import type { CheckName, FindingFile } from './record.ts';

/** For people, unless the check itself knows better. */
export const CLOSED_BY: Readonly<Record<CheckName, string>> = {
  confirm: 'the chain was checked again up to its end, and this was not found any more',
  clock: "this machine's clock agrees with the store's again",
  look: 'the object was looked at again, and this was not found any more',
  freshness: 'the chain has a seal that is recent enough',
  sweep: 'the same keys were listed again, and this was not found any more',
  'full-pass': 'the same segments were read again, and this was not found any more',
  configuration: 'the setting was read again, and is as was promised',
  completeness: 'the offsets were compared again, and this was not found any more',
  access: 'the records of that day were read again, and this was not found any more',
};

/** Whether the check would have seen this finding again if it were still there. */
export type Covers = (open: FindingFile) => boolean | Promise<boolean>;

export function coverage(complete: boolean | Covers, isOverflown: boolean): Covers | null {
  if (complete === false || isOverflown) return null;
  return complete === true ? () => true : complete;
}
