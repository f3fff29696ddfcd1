// Which Helm renders the chart here, and what does it render?
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
export const CHART = join(ROOT, 'infra/helm/ledgerstone');

/** Of `test/infra/helm/go.mod`; `.ci/run install` builds it and puts it there. */
const [, VERSION = ''] =
  /^\s*helm\.sh\/helm\/v4 v(\S+)/m.exec(readFileSync(join(ROOT, 'test/infra/helm/go.mod'), 'utf8')) ?? [];
const BUILT = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  `ledgerstone/helm-${VERSION}/helm`,
);

export const HELM = [BUILT, 'helm'].find((name) => spawnSync(name, ['version']).status === 0);

export type Run = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

/** In a home of its own: no plug-in and no repository of this machine has a say. */
export function helm(...args: readonly string[]): Run {
  const home = mkdtempSync(join(tmpdir(), 'ledgerstone-helm-'));
  try {
    const env = { PATH: process.env['PATH'], HOME: home };
    return spawnSync(HELM as string, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

export type Values = { readonly [member: string]: unknown };
export const PARTIES = ['archiver', 'verifier'] as const;
export type Party = (typeof PARTIES)[number];

export const exampleOf = (party: Party): Values =>
  parse(readFileSync(join(CHART, `ci/${party}-values.yaml`), 'utf8')) as Values;

/** `helm template` of these values. Members of `more` stand in the place of the example's. */
export function templated(party: Party, more: Values = {}): Run {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-values-'));
  try {
    const file = join(folder, 'values.json');
    writeFileSync(file, JSON.stringify({ ...exampleOf(party), ...more }));
    return helm('template', 'prod', CHART, '--namespace', 'audit', '--values', file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Labels = Readonly<Record<string, string>>;
export type Probe = {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: string };
};
type Container = {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly ports: readonly { readonly containerPort: number }[];
  readonly securityContext: object;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
};
export type Pod = {
  readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
  readonly spec: {
    readonly containers: readonly [Container];
    readonly securityContext: object;
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken: boolean;
    readonly terminationGracePeriodSeconds: number;
    readonly volumes: readonly { readonly name: string; readonly emptyDir?: object }[];
  };
};
/** What the tests look at, of whatever kind, once Kubernetes' own schemas have judged it. */
export type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Labels; readonly annotations?: Labels };
  readonly data: Labels;
  readonly spec: {
    readonly template: Pod;
    readonly jobTemplate: { readonly spec: { readonly template: Pod } };
    readonly replicas: number;
    readonly selector: Labels & { readonly matchLabels: Labels };
    readonly podSelector: { readonly matchLabels: Labels };
    readonly ingress: readonly object[];
    readonly egress: readonly object[];
    readonly endpoints: readonly object[];
    readonly groups: readonly object[];
  };
};

/** The pods that a manifest makes. */
export const podOf = ({ kind, spec }: Manifest): Pod =>
  kind === 'CronJob' ? spec.jobTemplate.spec.template : spec.template;

/** YAML 1.1, as Kubernetes reads it. Throws what Helm says. */
export function rendered(party: Party, more: Values = {}): readonly Manifest[] {
  const { status, stdout, stderr } = templated(party, more);
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout, { version: '1.1' }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return (document.toJS() as Manifest | null) ?? [];
  });
}

export function one(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} of ${kind}`);
  return found[0] as Manifest;
}
