// Does an archiver start with other policies than people put in force?
import { describe, expect, it } from 'vitest';
import { requirePoliciesInForce } from '../../../src/apps/archiver/policies-in-force.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { periodOf } from '../../../src/base/period.ts';
import type { RetentionPolicy } from '../../../src/config/connections.ts';
import { timeText } from '../../../src/format/time.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { policiesToAct } from '../../../src/governance/policy-difference.ts';
import { charterRequest, type GovernanceWorld, governanceWorld } from '../../support/governance.ts';
import { memorySigner } from '../../support/memory-signer.ts';

const policy = (text: string, mode: RetentionPolicy['mode'] = 'COMPLIANCE'): RetentionPolicy => ({
  ...{ mode, text, period: periodOf(text) },
});
const policies = (pci: RetentionPolicy) => ({ pci, seals: policy('10y') });
type Policies = ReturnType<typeof policies>;
const topics = (retention: string) => [{ name: 'orders', chain: 'orders', partitions: {}, retention }];
const patterns = (retention: string) => [{ pattern: '^ord', except: [], retention }];

async function started(
  world: GovernanceWorld,
  retention: Policies,
  acceptsAny = false,
  trusted = [world.key],
  source: object = { topics: topics('pci'), patterns: [] },
) {
  const warnings: string[] = [];
  const log = { warn: (_: object, message: string) => void warnings.push(message) };
  await requirePoliciesInForce({
    ...{
      config: { retention, source: source as never },
      store: world.store,
      trusted,
      acceptsAny,
    },
    ...{ log: log as never, signal: new AbortController().signal },
  });
  return warnings;
}

async function decided(...periods: string[]): Promise<GovernanceWorld> {
  const world = governanceWorld();
  await world.record(world.people.ada, charterRequest(world));
  for (const period of periods)
    await world.record(world.people.ada, {
      ...{ kind: 'policy', of: null, reason: `Now ${period}`, reference: null },
      detail: policiesToAct({ policies: policies(policy(period)), chains: { orders: 'pci' } }),
    });
  return world;
}

describe('an archiver', () => {
  it('starts where nobody decided anything', async () => {
    expect(await started(governanceWorld(), policies(policy('30d')))).toEqual([]);
  });

  it('starts, and says so, where no policy is in force', async () => {
    expect(await started(await decided(), policies(policy('30d')))).toEqual([
      'the governance chain has no retention policy: those of the configuration are not compared',
    ]);
  });

  it.each(['1y', '12mo'])('starts with what is in force, written as %s', async (text) => {
    expect(await started(await decided('1y'), policies(policy(text)))).toEqual([]);
  });

  it.each([
    ['a shorter one', policy('30d'), 'pci is 30d, COMPLIANCE, in force 1y, COMPLIANCE'],
    ['a longer one', policy('2y'), 'pci is 2y, COMPLIANCE, in force 1y, COMPLIANCE'],
    ['another mode', policy('1y', 'GOVERNANCE'), 'pci is 1y, GOVERNANCE, in force 1y, COMPLIANCE'],
  ])('does not start with %s', async (_, wanted, text) => {
    const world = await decided('1y');
    await expect(started(world, policies(wanted))).rejects.toMatchObject({ code: 'policy-not-in-force' });
    await expect(started(world, policies(wanted))).rejects.toThrow(text);
    expect(await started(world, policies(wanted), true)).toEqual([
      expect.stringContaining('--accept-policy'),
    ]);
  });

  it('compares the chains that a pattern takes with what people decided about them', async () => {
    const world = await decided('1y');
    const by = (retention: string) =>
      started(world, policies(policy('1y')), false, [world.key], {
        topics: [],
        patterns: patterns(retention),
      });
    expect(await by('pci')).toEqual([]);
    await expect(by('seals')).rejects.toThrow('chain orders is seals, in force pci');
  });

  it('does not start with a policy that nobody decided on', async () => {
    const wanted = { ...policies(policy('1y')), fresh: policy('5y') };
    await expect(started(await decided('1y'), wanted)).rejects.toThrow(
      'fresh is 5y, COMPLIANCE, in force is none',
    );
  });

  it('is told when they were sealed, whatever time their act gives', async () => {
    const world = await decided();
    const { ada } = world.people;
    const sign = (message: Uint8Array) => {
      world.clock.jump(60_000);
      return ada.signer.sign(message);
    };
    const detail = policiesToAct({ policies: policies(policy('1y')), chains: { orders: 'pci' } });
    const { recorded } = await world.record(
      { ...ada, signer: { ...ada.signer, sign } },
      { kind: 'policy', of: null, reason: 'By a slow hand', reference: null, detail },
    );
    const sealed = timeText(recorded.place.sealedMs);
    expect(recorded.act.time).not.toBe(sealed);
    await expect(started(world, policies(policy('30d')))).rejects.toMatchObject({
      remedy: expect.stringContaining(`${ada.name} decided at ${sealed}`),
    });
  });

  it('does not start with a topic that was given another of the policies', async () => {
    const world = await decided('1y');
    const detail = policiesToAct({ policies: policies(policy('1y')), chains: { orders: 'seals' } });
    await world.record(world.people.ada, {
      ...{ kind: 'policy', of: null, reason: 'Orders are kept for ten years', reference: null, detail },
    });
    await expect(started(world, policies(policy('1y')))).rejects.toThrow(
      'chain orders is pci, in force seals',
    );
  });

  it('does not follow a proposal that nobody approved', async () => {
    const world = await decided('1y', '30d');
    await expect(started(world, policies(policy('30d')))).rejects.toThrow('in force 1y');
    expect(await started(world, policies(policy('1y')))).toEqual([]);
  });

  it('does not start where it has no key for the decisions', async () => {
    const other = memorySigner({ seed: 'log' });
    const log = verifierKey('audit.example.com/prod', other.publicKey, nodeSha256);
    const world = await decided('1y');
    await expect(started(world, policies(policy('1y')), false, [log])).rejects.toMatchObject({
      code: 'decisions-unknown',
      remedy: expect.stringContaining('archive.trusted'),
    });
  });

  it('names another remedy where the chain of decisions is broken', async () => {
    const world = await decided('1y');
    const seal = world.store.keys().find((key) => key.includes('000000000001.tlog-proof'))!;
    world.store.attacker.tamper(seal, (bytes) => bytes.subarray(0, -9));
    await expect(started(world, policies(policy('1y')))).rejects.toMatchObject({
      code: 'decisions-unknown',
      message: expect.stringContaining('broken at segment 1'),
      remedy: expect.not.stringContaining('archive.trusted'),
    });
  });
});
