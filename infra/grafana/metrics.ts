// Which metrics do the services show? By their own registries, for the page and the dashboards.
import { Registry } from 'prom-client';
import type { Service } from '../../src/apps/alert-rules.ts';
import { addProcessMetrics, addServiceMetrics } from '../../src/apps/service-metrics.ts';
import { WatchMetrics } from '../../src/apps/verifier/watch-metrics.ts';
import { ArchiverMetrics } from '../../src/archiver/metrics.ts';

export type ShownMetric = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
  /** Of a histogram. */
  readonly buckets: readonly number[];
};

const factsOf = (registry: Registry): ShownMetric[] =>
  registry.getMetricsAsArray().map((metric) => {
    // All of it is there in each metric of prom-client; its types name less.
    const { name, help, type, labelNames, upperBounds } = metric as unknown as ShownMetric & {
      readonly upperBounds?: readonly number[];
    };
    return {
      name,
      help,
      type,
      labelNames: labelNames.filter((label) => label !== 'le'),
      buckets: upperBounds ?? [],
    };
  });

/** Its own, without those of any process. */
export function metricsOf(service: Service): ShownMetric[] {
  const { registry } =
    service === 'archiver' ? new ArchiverMetrics() : new WatchMetrics({ fullPassMs: 1, sweepMs: 1 });
  addServiceMetrics(registry, service);
  return factsOf(registry);
}

let ofProcess: readonly ShownMetric[] | null = null;

/** `process_*` and `nodejs_*`. Made once: they watch the process that makes them. */
export function processMetrics(): readonly ShownMetric[] {
  if (ofProcess === null) {
    const registry = new Registry();
    addProcessMetrics(registry);
    ofProcess = factsOf(registry);
  }
  return ofProcess;
}
