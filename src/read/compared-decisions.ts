// How far was an archive held to the decisions about it?
import type { DecisionsCompared } from '../verify/acts/held-to.ts';
import type { ActsLook } from './acts.ts';

/** Null: it has no chain of decisions. */
export function comparedOf(look: ActsLook): DecisionsCompared | null {
  switch (look.kind) {
    case 'no-chain':
      return null;
    case 'no-key':
      return { acts: null, why: 'no key was given that covers the governance chain' };
    case 'unread':
      return { acts: null, why: `the governance chain could not be read: ${look.problem}` };
    case 'read':
      return { acts: look.history.acts.length, why: look.problem };
  }
}

/** Null: all of them were compared. */
export function notComparedText(compared: DecisionsCompared | null): string | null {
  if (compared === null || compared.why === null) return null;
  return compared.acts === null
    ? `no decision was looked at: ${compared.why}`
    : `of the decisions only what locks longer and holds more was compared: ${compared.why}`;
}
