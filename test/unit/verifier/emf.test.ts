// Is a line of figures one that CloudWatch takes, and is what nobody looked at left out?
import { describe, expect, it } from 'vitest';
import { emfLine, metricsLine, type RunMetrics } from '../../../src/apps/verifier/emf.ts';

const FIGURES: RunMetrics = {
  ...{ findingsBroken: 0, unverifiable: 1, attempts: 2, notices: 3, staleChains: null, lateChains: null },
  ...{ chainsConfirmed: 4, segmentsConfirmed: 5, eventsConfirmed: 6, confirmLagSeconds: 1.5 },
  ...{
    oldestRereadDays: null,
    sweepRoundAgeHours: null,
    stampAgeHours: null,
    notificationsFailed: 0,
    chains: null,
  },
};

describe('a line of figures', () => {
  it('is one line of the embedded metric format, without dimensions, so that alarms need none', () => {
    const line = metricsLine('Ledgerstone', FIGURES, 1_700_000_000_123.9);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      _aws: {
        Timestamp: 1_700_000_000_123,
        CloudWatchMetrics: [
          {
            Namespace: 'Ledgerstone',
            Dimensions: [[]],
            Metrics: [
              { Name: 'FindingsBroken', Unit: 'Count' },
              { Name: 'Unverifiable', Unit: 'Count' },
              { Name: 'Attempts', Unit: 'Count' },
              { Name: 'Notices', Unit: 'Count' },
              { Name: 'ChainsConfirmed', Unit: 'Count' },
              { Name: 'SegmentsConfirmed', Unit: 'Count' },
              { Name: 'EventsConfirmed', Unit: 'Count' },
              { Name: 'ConfirmLagSeconds', Unit: 'Seconds' },
              { Name: 'NotificationsFailed', Unit: 'Count' },
            ],
          },
        ],
      },
      ...{ FindingsBroken: 0, Unverifiable: 1, Attempts: 2, Notices: 3 },
      ...{ ChainsConfirmed: 4, SegmentsConfirmed: 5, EventsConfirmed: 6, ConfirmLagSeconds: 1.5 },
      NotificationsFailed: 0,
    });
  });

  it('names StaleChains and OldestRereadDays where somebody looked', () => {
    const read = JSON.parse(metricsLine('L', { ...FIGURES, staleChains: 0, oldestRereadDays: 12.5 }, 0));
    expect(read).toMatchObject({ StaleChains: 0, OldestRereadDays: 12.5 });
  });

  it('may stand by dimension too', () => {
    const metrics = { A: { value: 1, unit: 'None' } } as const;
    const read = JSON.parse(emfLine('L', metrics, 0, { Archive: 'prod' }));
    expect([read._aws.CloudWatchMetrics[0].Dimensions, read.Archive]).toEqual([[[], ['Archive']], 'prod']);
  });

  it.each([
    ['not a number', () => emfLine('L', { A: { value: Number.NaN, unit: 'None' } }, 0)],
    ['a strange namespace', () => emfLine('a b', {}, 0)],
    ['a metric named like a dimension', () => emfLine('L', { A: { value: 1, unit: 'None' } }, 0, { A: 'x' })],
  ])('refuses %s', (_, make) => expect(make).toThrow('internal rule broken'));

  it('that can not be written ends no run', () => {
    expect(JSON.parse(metricsLine('L', { ...FIGURES, attempts: Number.NaN }, 0))).toMatchObject({
      level: 'error',
    });
  });
});
