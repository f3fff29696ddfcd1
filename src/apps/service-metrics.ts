// Which metrics do both services show: their version, their process, and their requests to S3 and KMS?
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { OnRequest } from '../base/node/requests.ts';
import { VERSION } from '../base/version.ts';
import { REQUEST_PRICES } from '../governance/prices.ts';
import { requestCost } from '../governance/request-cost.ts';
import { RELOAD_RESULTS, type ReloadResult } from './reload.ts';

type Program = 'archiver' | 'verifier';

/** Whose bucket a request goes to. */
type Place = 'archive' | 'older' | 'attestations' | 'trail-files';

export type ServiceMetrics = {
  s3(store: Place): OnRequest;
  readonly kms: OnRequest;
  readonly reloaded: (result: ReloadResult) => void;
};

const PREFIXES: Readonly<Record<Program, string>> = {
  archiver: 'ledgerstone',
  verifier: 'ledgerstone_verifier',
};

/** To the head of an answer: a request to S3 is given 30 s, and a second more for each MiB that is sent. */
const REQUEST_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function addServiceMetrics(registry: Registry, program: Program): ServiceMetrics {
  const registers = [registry];
  const build = new Gauge({
    name: 'ledgerstone_build_info',
    help: '1: which version of which program runs, under which Node',
    labelNames: ['program', 'version', 'node'],
    registers,
  });
  build.set({ program, version: VERSION, node: process.versions.node }, 1);
  const observer = (service: 's3' | 'kms', labels: Readonly<Record<string, string>>): OnRequest => {
    const { requests, seconds } = { s3, kms }[service];
    return (request) => {
      const { operation, outcome, seconds: taken } = request;
      requests.inc({ ...labels, operation, outcome });
      cost.inc({ service }, requestCost(service, request));
      if (outcome !== 'aborted') seconds.observe({ ...labels, operation }, taken);
    };
  };
  const metricsOf = (service: 's3' | 'kms', labelNames: readonly string[]) => ({
    requests: new Counter({
      name: `${PREFIXES[program]}_${service}_requests_total`,
      help: `Requests to ${service.toUpperCase()}, each try counted, by operation and outcome`,
      labelNames: [...labelNames, 'outcome'],
      registers,
    }),
    seconds: new Histogram({
      name: `${PREFIXES[program]}_${service}_request_seconds`,
      help: `From a request to ${service.toUpperCase()} to the head of its answer, each try by itself`,
      labelNames,
      buckets: REQUEST_SECONDS,
      registers,
    }),
  });
  const cost = new Counter({
    name: `${PREFIXES[program]}_estimated_cost_usd_total`,
    help: [
      'An estimate: what requests to S3 and KMS cost in US$, at list prices of',
      `${REQUEST_PRICES.asOf} in ${REQUEST_PRICES.region}.`,
      'Without storage, CloudTrail, network, machines and discounts. Other Regions have other prices',
    ].join(' '),
    labelNames: ['service'],
    registers,
  });
  for (const service of ['s3', 'kms']) cost.inc({ service }, 0);
  const s3 = metricsOf('s3', ['store', 'operation']);
  const kms = metricsOf('kms', ['operation']);
  return {
    s3: (store) => observer('s3', { store }),
    kms: observer('kms', {}),
    reloaded: countReloads(registry, program),
  };
}

/** From the start on, so that the first one shows as an increase. */
function countReloads(registry: Registry, program: Program): ServiceMetrics['reloaded'] {
  const reloads = new Counter({
    name: `${PREFIXES[program]}_config_reloads_total`,
    help: 'Requests to read the configuration again (SIGHUP), by result; only applied changed anything',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of RELOAD_RESULTS) reloads.inc({ result }, 0);
  return (result) => reloads.inc({ result });
}

/** `process_*` and `nodejs_*`, as other services of Node have them. Once in a process: they watch it. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
