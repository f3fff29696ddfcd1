// Does one hostile message of a queue take the others of its batch with it?
import { expect, it } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { s3Event, sqsRecord, verifierOf } from '../../support/verifier-store.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';

it('reads past a task that nests deeper than can be shown', async () => {
  const world = new VerifierWorld();
  await world.grow(2);
  const body = `{"task":"none of ours","x":${'['.repeat(60_000)}${']'.repeat(60_000)}}`;
  const Records = [sqsRecord('hostile', body), sqsRecord('good', s3Event(world.made[1]?.sealKey as string))];
  const answer = await answerEvent(verifierOf(world), { Records }, () => 60_000);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(world.attestedSizes()).toEqual([2]);
});
