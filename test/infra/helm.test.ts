// Does the chart make what Kubernetes takes, and what the service needs? By Helm itself and Kubernetes' own schemas.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { stopSecondsOf } from '../../infra/config-service.ts';
import { type HttpServer, json, serve } from '../../src/apps/http.ts';
import { parseConfig } from '../../src/config/archiver.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { problemsOf } from '../support/docs/commands.ts';
import {
  CHART,
  exampleOf,
  HELM,
  helm,
  type Manifest,
  one,
  PARTIES,
  type Party,
  type Pod,
  type Probe,
  podOf,
  rendered,
  templated,
  type Values,
} from './helm.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const TOKEN = 'a-token-of-thirty-two-characters';

/** The oldest version that the chart takes, and the newest that there is a schema of. */
const VERSIONS = ['1.27', '1.37'];
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
for (const name of [...VERSIONS.map((version) => `v${version}`), 'monitoring'])
  ajv.addSchema(JSON.parse(read(`test/data/kubernetes/${name}.json`)), name);
const MONITORING = ['ServiceMonitor', 'PrometheusRule'];

/** What Kubernetes of this version would say. */
function problemsOfManifest(
  manifest: Readonly<Record<string, unknown>> & { readonly kind: string },
  version: string,
): string[] {
  const schema = MONITORING.includes(manifest.kind) ? 'monitoring' : `v${version}`;
  const check = ajv.getSchema(`${schema}#/$defs/${manifest.kind}`) as ValidateFunction | undefined;
  if (check === undefined) return [`there is no schema of ${manifest.kind}`];
  check(manifest);
  return (check.errors ?? []).map(({ instancePath, message, params }) =>
    [manifest.kind, instancePath, message, JSON.stringify(params)].join(' '),
  );
}

const isLeftOut = HELM === undefined && process.env['LEDGERSTONE_NO_HELM'] === '1';
if (isLeftOut)
  it('the chart is rendered by nobody here: CI said that Helm can not be built', () => {
    expect(HELM).toBeUndefined();
  });

describe.skipIf(HELM === undefined)('the chart', () => {
  if (HELM === undefined) return;
  const all = new Map<Party, readonly Manifest[]>(PARTIES.map((party) => [party, rendered(party)]));
  const of = (party: Party, kind: string) => one(all.get(party) ?? [], kind);
  const pods = (party: Party): readonly Pod[] =>
    (all.get(party) ?? []).filter(({ kind }) => kind === 'Deployment' || kind === 'CronJob').map(podOf);
  const podFor = (party: Party, more: Values = {}) => podOf(one(rendered(party, more), 'Deployment'));
  const fileOf = (party: Party, manifests = all.get(party) ?? []) =>
    Object.values(one(manifests, 'ConfigMap').data)[0] ?? '';

  it.each(PARTIES)('is one that Helm has nothing against, with the values of the %s', (party) => {
    const { status, stdout, stderr } = helm(
      'lint',
      '--strict',
      CHART,
      '--values',
      `${CHART}/ci/${party}-values.yaml`,
    );
    // It says of the alarms' files that they are links, which is meant.
    const complaints = stderr.split('\n').filter((line) => !/^$|found symbolic link/.test(line));
    expect([status, complaints, stdout.includes('0 chart(s) failed')]).toEqual([0, [], true]);
  });

  it('has the version of the package, and takes the Kubernetes that is tried here', () => {
    const chart = parse(read('infra/helm/ledgerstone/Chart.yaml'));
    const { version } = JSON.parse(read('package.json'));
    expect([chart.version, chart.appVersion, chart.kubeVersion]).toEqual([
      version,
      version,
      `>=${VERSIONS[0]}.0-0`,
    ]);
  });

  describe.each(PARTIES)('of the %s', (party) => {
    it.each(VERSIONS)('is what Kubernetes %s takes, to the last member', (version) => {
      const manifests = all.get(party) ?? [];
      expect(manifests.map(({ kind }) => kind).sort()).toEqual([
        ...['ConfigMap', 'CronJob', 'Deployment', 'NetworkPolicy', 'PodDisruptionBudget'],
        ...['PrometheusRule', 'Service', 'ServiceAccount', 'ServiceMonitor'],
      ]);
      expect(manifests.flatMap((manifest) => problemsOfManifest(manifest, version))).toEqual([]);
    });

    it('runs pods without rights, on file systems that they can not write', () => {
      expect(pods(party)).toHaveLength(2);
      for (const { spec } of pods(party)) {
        expect(spec.securityContext).toMatchObject({
          ...{ runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 },
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(spec.automountServiceAccountToken).toBe(false);
        const [container] = spec.containers;
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
        expect(writable.map(({ mountPath }) => mountPath)).toEqual(['/tmp']);
        const names = new Set(spec.volumes.map(({ name }) => name));
        expect(container.volumeMounts.filter(({ name }) => !names.has(name))).toEqual([]);
      }
    });

    it('runs commands that there are, with a configuration that they take', async () => {
      for (const { spec } of pods(party)) {
        const [{ args, volumeMounts }] = spec.containers;
        expect(await problemsOf(`ledgerstone ${args.join(' ')}`)).toEqual([]);
        const file = args[args.indexOf('--config') + 1] ?? '';
        expect(Object.keys(of(party, 'ConfigMap').data).map((name) => `/config/${name}`)).toEqual([file]);
        expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain('/config');
      }
    });

    it('finds its own pods: the service and the budget those that stay, the network policy all', () => {
      const [service, job] = pods(party).toSorted(
        (a, b) =>
          Number('startupProbe' in b.spec.containers[0]) - Number('startupProbe' in a.spec.containers[0]),
      );
      const finds = (wanted: Readonly<Record<string, string>>, pod: Pod | undefined) =>
        Object.entries(wanted).every(([name, value]) => pod?.metadata.labels[name] === value);
      const selectors = [
        of(party, 'Deployment').spec.selector.matchLabels,
        of(party, 'Service').spec.selector,
        of(party, 'PodDisruptionBudget').spec.selector.matchLabels,
      ];
      expect(selectors.map((wanted) => [finds(wanted, service), finds(wanted, job)])).toEqual([
        [true, false],
        [true, false],
        [true, false],
      ]);
      const { matchLabels } = of(party, 'NetworkPolicy').spec.podSelector;
      expect([finds(matchLabels, service), finds(matchLabels, job)]).toEqual([true, true]);
      const { matchLabels: scraped } = of(party, 'ServiceMonitor').spec.selector;
      const { labels } = of(party, 'Service').metadata;
      expect(Object.entries(scraped).filter(([name, value]) => labels[name] !== value)).toEqual([]);
    });

    it('brings the alarms as they are', () => {
      const alerts = read(`src/${party}/alerts.yaml`);
      expect(read(`infra/helm/ledgerstone/files/${party}-alerts.yaml`)).toBe(alerts);
      expect(of(party, 'PrometheusRule').spec).toEqual(parse(alerts));
    });

    it('starts its pods anew when the configuration changes, and only then', () => {
      const sumOf = (more: Values) => podFor(party, more).metadata.annotations['checksum/config'];
      const { config } = exampleOf(party);
      const [first, same, other] = [
        {},
        { podLabels: { a: 'b' } },
        { config: { ...(config as Values), log: { level: 'debug' } } },
      ].map(sumOf);
      expect(first).toMatch(/^[0-9a-f]{64}$/);
      expect([same === first, other === first]).toEqual([true, false]);
    });
  });

  it('gives the archiver time to seal what it holds, whatever limits.drain is', () => {
    const { config } = exampleOf('archiver') as { config: Values };
    for (const drain of ['1s', '25s', '90s', '1m', '10m']) {
      const { spec } = podFor('archiver', { config: { ...config, limits: { drain } } });
      expect([drain, spec.terminationGracePeriodSeconds]).toEqual([drain, stopSecondsOf(drain)]);
    }
    const { limits: _, ...without } = config;
    const { limits } = parseConfig(fileOf('archiver'), 'ledgerstone.yaml', { KAFKA_PASSWORD: 'x' });
    expect([
      limits.drainMs,
      pods('archiver')[0] && of('archiver', 'Deployment').spec.template.spec.terminationGracePeriodSeconds,
    ]).toEqual([40_000, 70]);
    expect(podFor('archiver', { config: without }).spec.terminationGracePeriodSeconds).toBe(55);
  });

  it('writes configurations that the archiver and the verifier take, and no secret', () => {
    const { server, segment } = parseConfig(fileOf('archiver'), 'ledgerstone.yaml', {
      KAFKA_PASSWORD: 'secret',
    });
    const tokenFile = '/run/ledgerstone/login/token';
    expect(server).toMatchObject({ host: '0.0.0.0', port: 9464, auth: { tokenFile }, tls: null });
    expect(segment.maxRecords).toBe(400_000);
    expect(fileOf('archiver')).toContain(`\${KAFKA_PASSWORD}`);
    const { watch } = parseVerifierConfig(fileOf('verifier'), 'verifier.yaml', {});
    const tls = {
      certFile: '/run/ledgerstone/tls/tls.crt',
      keyFile: '/run/ledgerstone/tls/tls.key',
      clientCaFile: '/run/ledgerstone/tls/ca.crt',
    };
    expect(watch).toMatchObject({ host: '0.0.0.0', port: 9464, auth: { tokenFile }, tls });
  });

  it('keeps what the configuration says of the HTTP server beside its own', () => {
    const { config } = exampleOf('archiver') as { config: Values };
    const names = ['audit.example.com'];
    const manifests = rendered('archiver', {
      config: { ...config, server: { names } },
      http: { public: true, tokenSecret: {} },
    });
    const { server } = parseConfig(fileOf('archiver', manifests), 'ledgerstone.yaml', {
      KAFKA_PASSWORD: 'x',
    });
    expect(server).toMatchObject({ host: '0.0.0.0', auth: 'public', names });
    expect(one(manifests, 'ServiceMonitor').spec.endpoints).toEqual([
      { port: 'http', path: '/metrics', interval: '30s' },
    ]);
  });

  it('gets credentials of AWS by IRSA, or by Pod Identity and its agent', () => {
    const agent = {
      to: [{ ipBlock: { cidr: '169.254.170.23/32' } }, { ipBlock: { cidr: 'fd00:ec2::23/128' } }],
      ports: [{ port: 80, protocol: 'TCP' }],
    };
    expect(of('archiver', 'ServiceAccount').metadata.annotations).toEqual({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/ledgerstone-archiver',
    });
    expect(of('archiver', 'NetworkPolicy').spec.egress).not.toContainEqual(agent);
    expect(of('verifier', 'ServiceAccount').metadata).not.toHaveProperty('annotations');
    expect(of('verifier', 'NetworkPolicy').spec.egress).toContainEqual(agent);
    expect(
      pods('verifier')
        .map(({ spec }) => spec.serviceAccountName)
        .sort(),
    ).toEqual(['ledgerstone-drill', 'ledgerstone-verifier']);
  });

  it('lets nobody in but the kubelet until it is said who', () => {
    const manifests = rendered('archiver', { networkPolicy: {} });
    expect(one(manifests, 'NetworkPolicy').spec.ingress).toEqual([]);
    expect(manifests.flatMap((manifest) => problemsOfManifest(manifest, '1.37'))).toEqual([]);
    expect(of('archiver', 'NetworkPolicy').spec.ingress).toHaveLength(1);
  });

  it('is one archiver or several, and one verifier', () => {
    expect([of('archiver', 'Deployment').spec.replicas, of('verifier', 'Deployment').spec.replicas]).toEqual([
      3, 1,
    ]);
  });

  describe('its probes', () => {
    let server: HttpServer | null = null;
    afterEach(async () => {
      await server?.close();
      server = null;
    });
    /** What the kubelet gets: it asks by the pod's address, without a login. */
    async function statuses(party: Party, login: object): Promise<(readonly [string, number])[]> {
      const { startupProbe, livenessProbe, readinessProbe, ports } = of(party, 'Deployment').spec.template
        .spec.containers[0];
      const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }: Probe) => httpGet.path);
      const answer = () => json(200, {});
      server = await serve(
        { '/healthz': answer, '/readyz': answer, '/metrics': answer },
        { host: '0.0.0.0', port: 0, names: [], auth: { token: TOKEN }, tls: null, member: 'server' },
      );
      const { port } = new URL(server.url);
      const ask = (path: string) =>
        new Promise<readonly [string, number]>((resolve, reject) => {
          const headers = {
            host: `10.1.2.3:${ports[0]?.containerPort}`,
            'user-agent': 'kube-probe/1.37',
            ...login,
          };
          get({ host: '127.0.0.1', port, path, agent: false, headers }, (response) => {
            response.resume();
            resolve([path, response.statusCode ?? 0]);
          }).on('error', reject);
        });
      return Promise.all([...new Set(paths), '/metrics'].map(ask));
    }

    it.each(PARTIES)(
      'of the %s get an answer from outside without a login; /metrics needs one',
      async (party) => {
        const probed = party === 'archiver' ? ['/healthz', '/readyz'] : ['/healthz'];
        expect(await statuses(party, {})).toEqual([...probed.map((path) => [path, 200]), ['/metrics', 401]]);
      },
    );

    it('and Prometheus has one', async () => {
      const name = 'ledgerstone-login';
      expect(of('archiver', 'ServiceMonitor').spec.endpoints).toMatchObject([
        { authorization: { type: 'Bearer', credentials: { name, key: 'token' } } },
      ]);
      expect(await statuses('archiver', { authorization: `Bearer ${TOKEN}` })).toContainEqual([
        '/metrics',
        200,
      ]);
    });

    it('ask over HTTPS where the server speaks it', () => {
      const [{ startupProbe, livenessProbe, readinessProbe }] = of('verifier', 'Deployment').spec.template
        .spec.containers;
      const schemes = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.scheme);
      expect(schemes).toEqual(['HTTPS', 'HTTPS', 'HTTPS']);
      expect(
        of('archiver', 'Deployment').spec.template.spec.containers[0].readinessProbe.httpGet.scheme,
      ).toBe('HTTP');
    });
  });

  describe('refuses', () => {
    const config = (exampleOf('archiver') as { config: Values }).config;
    it.each<readonly [string, Values, string]>([
      [
        'values without a configuration',
        { config: {} },
        "missing properties 'archive', 'source', 'retention'",
      ],
      ['a page that nobody said who may read', { http: {} }, "'/http'"],
      [
        'a login and none at once',
        { http: { tokenSecret: { name: 'a', key: 'b' }, public: true } },
        "'/http'",
      ],
      [
        'an address of its own for the server',
        { config: { ...config, server: { host: '127.0.0.1' } } },
        "at '/config/server/host': value must be 'left out: http of these values says it'",
      ],
      ['a drain without a unit', { config: { ...config, limits: { drain: '25' } } }, '/config/limits/drain'],
      ['a member that there is not', { replica: 3 }, "'replica'"],
      ['another party', { party: 'auditor' }, '/party'],
      ['a tag in the place of a digest', { image: { repository: 'a', digest: 'latest' } }, '/image/digest'],
      [
        'both ways to a role of AWS',
        { aws: { roleArn: 'arn:aws:iam::111122223333:role/a', podIdentity: true } },
        '/aws',
      ],
      ['no service account at all', { serviceAccount: { create: false } }, 'serviceAccount.name'],
    ])('%s', (_, more, said) => {
      const { status, stderr } = templated('archiver', more);
      expect(status).toBe(1);
      expect(stderr).toContain(said);
    });
  });

  it('is judged by schemas that notice a mistake', () => {
    const deployment = of('archiver', 'Deployment');
    const wrong = { ...deployment, spec: { ...deployment.spec, replica: 2, selector: undefined } };
    expect(problemsOfManifest(wrong, '1.27')).toHaveLength(2);
    const monitor = of('archiver', 'ServiceMonitor');
    expect(problemsOfManifest({ ...monitor, spec: { ...monitor.spec, endpoint: [] } }, '1.27')).toHaveLength(
      1,
    );
  });
});
