// What do the alarms on the verifier's own metrics say, whether they name a metric or fill its gaps first?
import { ofType, type Synthesised } from './synthesised.ts';

export type OwnAlarm = {
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Statistic: 'Maximum' | 'Sum';
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Dimensions?: unknown;
  /** What stands for a period without a point. Null: `TreatMissingData` decides. */
  readonly fill: number | null;
};

type Query = {
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: { readonly MetricName: string; readonly Namespace: string };
    readonly Period: number;
    readonly Stat: string;
  };
};

export const allAlarms = (stack: Synthesised): OwnAlarm[] =>
  ofType(stack, 'AWS::CloudWatch::Alarm').map((properties) => {
    const { Metrics, ...alarm } = properties as unknown as OwnAlarm & { readonly Metrics?: readonly Query[] };
    if (Metrics === undefined) return { ...alarm, fill: null };
    const stat = Metrics.flatMap(({ MetricStat }) => MetricStat ?? [])[0];
    const [, value] =
      /^FILL\(\w+, (\d+)\)$/.exec(Metrics.flatMap(({ Expression }) => Expression ?? [])[0] ?? '') ?? [];
    if (stat === undefined || value === undefined) throw new Error(`unknown: ${JSON.stringify(Metrics)}`);
    const { Metric, Period, Stat } = stat;
    return { ...alarm, ...Metric, Period, Statistic: Stat as OwnAlarm['Statistic'], fill: Number(value) };
  });

export const ownAlarms = (stack: Synthesised): OwnAlarm[] =>
  allAlarms(stack).filter(({ Namespace }) => Namespace.startsWith('Ledgerstone/'));

/** Whether silence makes it ring. */
export const takesSilenceForAFault = ({ TreatMissingData, fill, ...alarm }: OwnAlarm): boolean =>
  fill === null ? TreatMissingData === 'breaching' : isBreached(alarm, fill);

export function isBreached(
  { ComparisonOperator: operator, Threshold: threshold }: Pick<OwnAlarm, 'ComparisonOperator' | 'Threshold'>,
  value: number,
): boolean {
  switch (operator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'LessThanThreshold':
      return value < threshold;
    default:
      throw new Error(`an alarm that compares by ${operator}`);
  }
}
