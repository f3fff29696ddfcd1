// Is a proposal that nobody can or did approve called so?
import { expect, it } from 'vitest';
import { actText, stateOf, stateText } from '../../../src/apps/cli/governance-text.ts';
import { historyNow } from '../../../src/governance/carry-out.ts';
import type { RecordedAct } from '../../../src/verify/acts/recorded-act.ts';
import { governedArchive, place, range, release } from '../../support/effect-world.ts';
import { charterRequest } from '../../support/governance.ts';

const HOUR_MS = 3_600_000;

it.each([
  [
    'hold.place',
    { case: 'C-9', segments: [] },
    'kept by nothing',
    'no object was looked at: the store had no locks',
  ],
  [
    'key.rotate',
    { use: 'log', key: 'k', signer: 's' },
    'in force, and done',
    '0 chains, 0 signed by it alone',
  ],
])('%s that is done for no object', async (kind, detail, state, said) => {
  const world = await governedArchive();
  const { history } = await world.record(world.people.ada, place('C-1', range(0, 1)));
  const [charter] = history.acts;
  const of = (act: object, more: object = {}) =>
    ({ ...charter, act: { ...charter!.act, ...act }, ...more }) as RecordedAct;
  const done = of({ kind: 'done', of: 'a'.repeat(32), detail: { objects: 0, changed: 0 } });
  const about = of({ kind, detail, id: 'a'.repeat(32) }, { doneBy: done });
  history.acts.splice(0, 2, about, done);
  history.find = () => about;
  expect(actText(about, history, world.clock.now())).toContain(state);
  expect(actText(done, history, world.clock.now())).toContain(said);
});

it('past its time it has no effect; without its officer nobody can approve it', async () => {
  const world = await governedArchive();
  const { ada, eve, grace } = world.people;
  await world.decide(ada, place('C-1', range(0, 1)));
  const { recorded } = await world.record(ada, release('C-1'));
  const textAt = async (ms: number) => {
    const history = await historyNow(world.tools);
    const one = history.find(recorded.act.id)!;
    return stateText(stateOf(one, history, one.place.sealedMs + ms));
  };
  expect(await textAt(HOUR_MS)).toMatch(/^waits for another person's approval until [^,]+$/);
  expect(await textAt(73 * HOUR_MS)).toBe('not approved in time: it has no effect');
  const request = charterRequest(world);
  const people = request.detail.people.filter(({ name }) => name !== ada.name);
  const charter = await world.record(eve, { ...request, detail: { ...request.detail, people } });
  await world.record(grace, {
    ...{ kind: 'approve', of: charter.recorded.act.id, reason: 'Agreed', reference: null, detail: {} },
  });
  expect(await textAt(HOUR_MS)).toMatch(
    /until \S+, and can't be approved: Ada Byron, who proposed it, is no officer any more$/,
  );
});
