// Which bugs must the simulation find? One for each guarantee that somebody could break without noticing.
import type { Bug } from './bug.ts';
import { COMMIT_BUGS } from './commit-bugs.ts';
import { CONTINUITY_BUGS } from './continuity-bugs.ts';
import { FLOW_BUGS } from './flow-bugs.ts';
import { RECOVERY_BUGS } from './recovery-bugs.ts';
import { SEALING_BUGS } from './sealing-bugs.ts';

export const BUGS: readonly Bug[] = [
  ...CONTINUITY_BUGS,
  ...COMMIT_BUGS,
  ...SEALING_BUGS,
  ...RECOVERY_BUGS,
  ...FLOW_BUGS,
];

/** Applied like a bug, and changes nothing that anybody could see. */
export const CONTROL: Bug = {
  name: 'none',
  loses: 'nothing',
  shows: /./,
  edits: [
    {
      file: 'sealing/sealer.ts',
      find: 'const wholeSeconds = (ms: number): number => Math.ceil(ms / 1000) * 1000;',
      replace: 'const wholeSeconds = (ms: number): number => 1000 * Math.ceil(ms / 1000);',
    },
  ],
};
